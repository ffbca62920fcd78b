import type { Random } from '../session/testing/random.ts';

/** Where one more or one less is another thing: to a byte, a sign, a shift, a varint, a double, a limit of ours. */
export const BOUNDARIES: readonly number[] = [0, 1, 2, 3, 500, Number.MAX_SAFE_INTEGER].concat(
  [2, 4, 6, 7, 8, 10, 12, 13, 14, 16, 17, 20, 24, 31, 32, 49, 52].flatMap((bits) => [
    2 ** bits - 1,
    2 ** bits,
    2 ** bits + 1,
  ]),
);

/** Names that mean something to the engine. */
export const ODD_NAMES: readonly string[] =
  '__proto__ constructor prototype toString valueOf hasOwnProperty then toJSON length $ $$ 0 -0 1e3'
    .split(' ')
    .concat('', ' ', '\0', '\u2028', '\ud800', '\ufeffx', 'é'.repeat(600), 'x'.repeat(1024));

/** Mostly small, else a boundary, else anything. */
export function number(random: Random): number {
  if (random.chance(1 / 2)) return random.below(6);
  return random.chance(2 / 3) ? random.pick(BOUNDARIES) : random.below(2 ** 32) * random.pick([1, 2 ** 21]);
}

export function bytesOf(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

/** Unsigned LEB128; for a number that none may have, more bytes than one may have. */
export function varint(value: number, padding = 0): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  for (let more = 0; more < padding; more++) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(0);
  }
  return bytes;
}

/** The same bytes with some change: a bit, a byte, a number, a piece more or less, or elsewhere. */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[] = []): Uint8Array {
  let mutated = bytes;
  for (let times = random.pick([1, 1, 1, 2, 3, 8]); times > 0; times--) mutated = once(mutated, random, others);
  return mutated;
}

function once(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(random.pick([2, 8, 64])));
  switch (random.below(9)) {
    case 0:
      return changed(bytes, at, (byte) => byte ^ (1 << random.below(8)));
    case 1:
      return changed(bytes, at, () => random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]));
    case 2:
      return bytes.slice(0, at);
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(end));
    case 4:
      return joined(bytes.subarray(0, end), bytes.subarray(at));
    case 5:
      return joined(bytes.subarray(0, at), bytesOf(random, random.below(8)), bytes.subarray(at));
    case 6:
      return joined(bytes.subarray(0, at), Uint8Array.from(varint(number(random))), bytes.subarray(end));
    case 7: {
      const other = others.length > 0 ? random.pick(others) : bytes;
      return joined(bytes.subarray(0, at), other.subarray(random.below(other.length + 1)));
    }
    default: {
      const piece = bytes.subarray(at, end);
      return joined(
        bytes.subarray(0, end),
        ...Array.from({ length: random.below(8) }, () => piece),
        bytes.subarray(end),
      );
    }
  }
}

function changed(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  const byte = copy[at];
  if (byte !== undefined) copy[at] = change(byte);
  return copy;
}

export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
