import type { Bytes } from './endpoint.ts';

/** What a data channel of any browser takes at once: RFC 8841, section 6. */
export const PIECE_BYTES = 64 * 1024;

/** Before the pieces of a large value: a mark, and its length. */
export const ANNOUNCEMENT_BYTES = 8;
const MARK = 0x70696563;

/** Cuts what is too large for one piece, as one does by hand. */
export function* pieces(bytes: Bytes): Iterable<Bytes> {
  if (bytes.length < PIECE_BYTES) {
    yield bytes;
    return;
  }
  const announcement = new DataView(new ArrayBuffer(ANNOUNCEMENT_BYTES));
  announcement.setUint32(0, MARK);
  announcement.setUint32(4, bytes.length);
  yield new Uint8Array(announcement.buffer);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** Puts them together again. Whatever is smaller than a piece passes in between. */
export class Assembly {
  readonly #whole: (bytes: Bytes) => void;
  #value: Bytes | undefined;
  #at = 0;

  constructor(whole: (bytes: Bytes) => void) {
    this.#whole = whole;
  }

  take(bytes: Bytes): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length === ANNOUNCEMENT_BYTES && view.getUint32(0) === MARK) {
      this.#value = new Uint8Array(view.getUint32(4));
      this.#at = 0;
      return;
    }
    const value = this.#value;
    if (value === undefined || bytes.length < Math.min(PIECE_BYTES, value.length - this.#at)) {
      this.#whole(bytes);
      return;
    }
    value.set(bytes, this.#at);
    this.#at += bytes.length;
    if (this.#at < value.length) return;
    this.#value = undefined;
    this.#whole(value);
  }
}
