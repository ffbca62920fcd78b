import { type Packet, SEGMENT_BYTES } from '../packers/packer.ts';
import { FrameError, PacketReader } from './frames.ts';

/** Reserved at once; above it memory follows the bytes. */
const AT_ONCE = 64 * 1024;

/**
 * The memory reserved for a part is at most this many times what has come of it, so that a claim of length costs the claimant bytes. Engines take pages when they are written to: what is reserved and
 * never comes is an address. The first fragment of a value of 256 MiB, 32 KiB less some bytes, reserves all of it, and nothing is copied twice.
 */
const AHEAD = 16_384;

/** The most bytes that a length takes in a layout. */
const LENGTH_BYTES = 8;

/** One part of a message, filled from front to back. Copies what it is given: a view of a few bytes would hold its whole packet. */
class Part {
  readonly #length: number;
  #received = 0;
  #buffer = new Uint8Array(0);

  constructor(length: number) {
    this.#length = length;
  }

  get missing(): number {
    return this.#length - this.#received;
  }

  add(bytes: Uint8Array): void {
    const needed = this.#received + bytes.length;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#length, Math.max(AT_ONCE, needed * AHEAD)));
      grown.set(this.#buffer.subarray(0, this.#received));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#received);
    this.#received = needed;
  }

  /** All of it, in a buffer of its own. */
  take(): Uint8Array {
    return this.#buffer;
  }
}

/** A message that arrives in fragments. Each of its segments gets a buffer of its own. */
export class Reassembly {
  readonly queue: string;
  readonly flags: number;
  readonly correlation: number | undefined;
  /** The packet's bytes, without the layout: what `stats()` and the limits count. */
  readonly bytes: number;
  #missing: number;
  /** The layout, then the head, then the segments. */
  #parts: Part[];
  #filling = 0;

  /** @throws FrameError */
  constructor(queue: string, flags: number, correlation: number | undefined, total: number, layoutBytes: number) {
    const segments = (total - layoutBytes) / SEGMENT_BYTES;
    if (layoutBytes > segments * LENGTH_BYTES) throw new FrameError('a layout is longer than its message can need');
    this.queue = queue;
    this.flags = flags;
    this.correlation = correlation;
    this.bytes = total - layoutBytes;
    this.#missing = total;
    this.#parts = layoutBytes === 0 ? [new Part(0), new Part(total)] : [new Part(layoutBytes)];
  }

  get complete(): boolean {
    return this.#missing === 0;
  }

  /** @throws FrameError when there is more than was announced */
  add(bytes: Uint8Array): void {
    if (bytes.length > this.#missing) throw new FrameError('a message is longer than announced');
    this.#missing -= bytes.length;
    let rest = bytes;
    while (rest.length > 0) {
      const part = this.#parts[this.#filling];
      if (part === undefined) throw new FrameError('a message is longer than its layout');
      const length = Math.min(rest.length, part.missing);
      part.add(rest.subarray(0, length));
      rest = rest.subarray(length);
      if (part.missing === 0) {
        if (this.#filling === 0 && this.#parts.length === 1) this.#layOut(part.take());
        this.#filling++;
      }
    }
  }

  take(): Packet {
    const [, head, ...segments] = this.#parts;
    return { head: head?.take() ?? new Uint8Array(0), segments: segments.map((part) => part.take()) };
  }

  #layOut(layout: Uint8Array): void {
    const reader = new PacketReader(layout);
    const lengths: number[] = [];
    let head = this.bytes;
    while (!reader.done) {
      const length = reader.varint();
      if (length < SEGMENT_BYTES || length > head) throw new FrameError('a layout does not fit its message');
      lengths.push(length);
      head -= length;
    }
    this.#parts.push(new Part(head), ...lengths.map((length) => new Part(length)));
  }
}
