import type { IncomingStream } from '../pool/streams/stream-options.ts';

export const KIBIBYTE = 1024;
export const MEBIBYTE = 1024 * KIBIBYTE;

/** A source without end, or of so many pieces, that knows how far it was read. */
export class Meter {
  readonly #heard: () => void;
  bytes = 0;
  ended = false;
  /** It gave a piece, and was not asked for the next. */
  waiting = false;

  constructor(heard: () => void = () => {}) {
    this.#heard = heard;
  }

  async *run(size: number, pieces: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      for (let piece = 0; piece < pieces; piece++) {
        this.bytes += size;
        this.waiting = true;
        this.#heard();
        yield new Uint8Array(size).fill(piece);
        this.waiting = false;
      }
    } finally {
      this.ended = true;
      this.#heard();
    }
  }
}

export function pattern(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, index) => (index * 31 + (index >> 8)) & 0xff);
}

export async function* generated(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

export function readable(bytes: Uint8Array<ArrayBuffer>, size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = generated(bytes, size);
  return new ReadableStream({
    pull: async (controller) => {
      const result = await pieces.next();
      if (result.done === true) controller.close();
      else controller.enqueue(result.value);
    },
  });
}

export async function readAll(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>): Promise<void> {
  while (!(await reader.read()).done);
}

export async function bytesOf({ stream }: IncomingStream): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
