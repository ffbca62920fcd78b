const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** Hexadecimal text is made and read in linear time by every engine; pieces of this many bytes keep strings flat. */
const PIECE = 4096;

/** Two's complement, the highest byte first; at least 8 bytes. Linear in the size. */
export function bigintToBytes(value: bigint): Uint8Array {
  if (BigInt.asIntN(64, value) === value) {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigInt64(0, value);
    return new Uint8Array(view.buffer);
  }
  const flip = value < 0n ? 0xff : 0;
  const digits = (value < 0n ? ~value : value).toString(16);
  const size = (digits.length >> 1) + 1;
  const hex = digits.padStart(2 * size, '0');
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = ((digit(hex, 2 * at) << 4) | digit(hex, 2 * at + 1)) ^ flip;
  return bytes;
}

/** Takes any length from 1 on, the shortest form or not. */
export function bigintFromBytes(bytes: Uint8Array): bigint {
  const [highest] = bytes;
  if (highest === undefined) throw new RangeError('a bigint of no bytes');
  const flip = highest & 0x80 ? 0xff : 0;
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) {
    let piece = '';
    for (const byte of bytes.subarray(at, at + PIECE)) piece += HEX[byte ^ flip];
    pieces.push(piece);
  }
  const magnitude = BigInt(`0x${pieces.join('')}`);
  return flip ? ~magnitude : magnitude;
}

function digit(hex: string, at: number): number {
  const code = hex.charCodeAt(at);
  return code < 58 ? code - 48 : code - 87;
}
