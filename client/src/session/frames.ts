/**
 * The frames of a session, as bytes. A packet of a link is a row of frames; PROTOCOL.md has the table.
 * Numbers are unsigned LEB128 of at most 2^53 − 1; texts are UTF-8 behind their length.
 */
export const FRAME = {
  hello: 0x01,
  welcome: 0x02,
  reject: 0x03,
  ack: 0x04,
  credit: 0x05,
  ping: 0x06,
  pong: 0x07,
  goodbye: 0x08,
  /** The last of a packet: another follows in its lane at once. */
  soon: 0x09,
  /** Behind a hello that shows a public key. */
  proof: 0x0a,
  /** From here on frames are counted, per lane. The other bits of `message` and `first` are flags. */
  message: 0x10,
  first: 0x20,
  more: 0x30,
  cancel: 0x31,
  refused: 0x32,
  consumed: 0x33,
  want: 0x34,
  unwant: 0x35,
  unwanted: 0x36,
} as const;

/** In the kind bytes of `message` and `first`. */
export const FLAG = {
  /** A queue key follows; without it the key is the empty text. */
  queue: 1,
  /** The sender waits for `consumed`. */
  receipt: 2,
  /** Takes no credit. */
  unmetered: 4,
  /** The body begins with the lengths of segments. Only with `first`. */
  segments: 8,
  /** The queue key is the last one that stands in this packet. Only with `message`. */
  again: 8,
  /** A number of the sender's follows, before the length. Of the kind byte this is the seventh bit. */
  correlated: 0x40,
  /** The first of its queue since the recipient said `want`: the pass is used by it, or not needed. */
  wanted: 0x80,
} as const;

/** All of them together; of a kind byte the rest says the form. */
export const FLAGS = 0xcf;

/** The longest text of a control frame that explains something to a person. */
const REASON_CHARACTERS = 500;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The bytes that `varint` takes for a number. */
export function varintBytes(value: number): number {
  let bytes = 1;
  while (value >= 0x80) {
    value = Math.floor(value / 0x80);
    bytes++;
  }
  return bytes;
}

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** What a control frame may carry of an explanation. */
export function encodeReason(text: string): Uint8Array {
  return encoder.encode(text.slice(0, REASON_CHARACTERS));
}

/** Kept free in every packet: for `soon`. */
const MARK_BYTES = 1;

/** Builds one packet at a time in one buffer. Callers look at `room` first. */
export class PacketWriter {
  readonly #buffer: Uint8Array;
  #position = 0;
  /** The last queue key in this packet. */
  key: Uint8Array | undefined;

  constructor(packetBytes: number) {
    this.#buffer = new Uint8Array(packetBytes);
  }

  get length(): number {
    return this.#position;
  }

  get room(): number {
    return this.capacity - this.#position;
  }

  get capacity(): number {
    return this.#buffer.length - MARK_BYTES;
  }

  /** The packet so far; valid until the next `restart`. */
  get packet(): Uint8Array {
    return this.#buffer.subarray(0, this.#position);
  }

  restart(): void {
    this.#position = 0;
    this.key = undefined;
  }

  byte(value: number): void {
    this.#buffer[this.#position++] = value;
  }

  varint(value: number): void {
    while (value >= 0x80) {
      // Numbers above 2^31 have no bitwise operators.
      this.#buffer[this.#position++] = (value % 0x80) | 0x80;
      value = value < 0x80000000 ? value >>> 7 : Math.floor(value / 0x80);
    }
    this.#buffer[this.#position++] = value;
  }

  bytes(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  /** Bytes behind their length. */
  text(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.bytes(bytes);
  }
}

/** What a stranger sent can't be read. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** The last text that was read somewhere: most are followed by the same one, and to compare bytes takes a tenth of the time of decoding them. */
export class LastText {
  #bytes: Uint8Array = new Uint8Array(0);
  #text = '';

  /** @throws TypeError for what is not UTF-8 */
  read(bytes: Uint8Array): string {
    if (!this.#is(bytes)) {
      this.#text = decoder.decode(bytes);
      this.#bytes = bytes.slice();
    }
    return this.#text;
  }

  #is(bytes: Uint8Array): boolean {
    if (bytes.length !== this.#bytes.length) return false;
    for (let at = 0; at < bytes.length; at++) if (bytes[at] !== this.#bytes[at]) return false;
    return true;
  }
}

/** Reads one packet. Every method throws a `FrameError` beyond the end. */
export class PacketReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  /** The last queue key in this packet. */
  key: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#position >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#position++];
    if (value === undefined) throw new FrameError('a frame ends early');
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
      if (scale > 2 ** 49) throw new FrameError('a number has too many bytes');
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new FrameError('a number is above 2^53 - 1');
    return value;
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new FrameError('a frame is longer than its packet');
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }

  /** `last` is given where the same text comes again and again. */
  text(limit: number, last?: LastText): string {
    const length = this.varint();
    if (length > limit) throw new FrameError(`a text has ${length} bytes, at most ${limit} are allowed`);
    const bytes = this.bytes(length);
    try {
      return last === undefined ? decoder.decode(bytes) : last.read(bytes);
    } catch (cause) {
      throw new FrameError('a text is not UTF-8', { cause });
    }
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#position);
  }
}

/** The most bytes a reason can have: four of UTF-8 for each character. */
export const REASON_BYTES = REASON_CHARACTERS * 4;
