import { NO_BYTES } from './chunks.ts';

/** What can be streamed: bytes that are there, or come. */
export type StreamSource = Blob | BufferSource | ReadableStream<BufferSource> | AsyncIterable<BufferSource>;

/** The bytes of a source, one after the other. */
export interface Pieces {
  /** At most so many, in a buffer that nobody else changes; `undefined` at the end. */
  next(most: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** No more is wanted. Rejects with what the source throws at this. */
  cancel(reason: unknown): Promise<void>;
}

/** A typed array is copied at the call; of a blob nothing can change. Both can be read several times, at once. */
export function snapshot(source: StreamSource): Blob | undefined {
  if (isBlob(source)) return source;
  if (!isBytes(source)) return undefined;
  // The browser keeps the copy outside of the page's own memory. It takes no shared buffer.
  return new Blob([viewOf(source).buffer instanceof ArrayBuffer ? source : viewOf(source).slice()]);
}

/**
 * Begins to read: a `ReadableStream` is locked from here on.
 * @throws TypeError when it is no source, or is locked already
 */
export function openSource(source: StreamSource): Pieces {
  if (isBlob(source)) return new BlobPieces(source);
  if (typeof (source as Partial<ReadableStream>)?.getReader === 'function')
    return new CutPieces(streamIterator(source as ReadableStream<BufferSource>));
  if (typeof (source as Partial<AsyncIterable<BufferSource>>)?.[Symbol.asyncIterator] === 'function')
    return new CutPieces(iterator((source as AsyncIterable<BufferSource>)[Symbol.asyncIterator]()));
  throw new TypeError('a stream is sent from a File, a Blob, a typed array, a ReadableStream or an async iterable');
}

class BlobPieces implements Pieces {
  readonly #blob: Blob;
  #position = 0;

  constructor(blob: Blob) {
    this.#blob = blob;
  }

  async next(most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#position >= this.#blob.size) return undefined;
    const part = this.#blob.slice(this.#position, this.#position + most);
    const bytes = new Uint8Array(await part.arrayBuffer());
    this.#position += bytes.length;
    return bytes.length === 0 ? undefined : bytes;
  }

  async cancel(): Promise<void> {}
}

/** What both kinds of one-shot sources can do. */
interface OneShot {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  cancel(reason: unknown): Promise<unknown>;
}

function streamIterator(stream: ReadableStream<BufferSource>): OneShot {
  const reader = stream.getReader();
  return {
    next: async () => {
      const result = await reader.read();
      if (result.done) reader.releaseLock();
      return result;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

function iterator(items: AsyncIterator<unknown>): OneShot {
  return {
    next: () => items.next(),
    cancel: async () => await items.return?.(),
  };
}

/** Cuts what comes. Copies it too: a generator may fill the same buffer again, as soon as it is asked for more. */
class CutPieces implements Pieces {
  readonly #source: OneShot;
  #rest: Uint8Array = NO_BYTES;

  constructor(source: OneShot) {
    this.#source = source;
  }

  async next(most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) return undefined;
      if (!isBytes(value)) throw new TypeError(`the source of a stream gives bytes, not ${typeof value}`);
      this.#rest = viewOf(value);
    }
    const bytes = this.#rest.slice(0, most);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }

  async cancel(reason: unknown): Promise<void> {
    await this.#source.cancel(reason);
  }
}

function isBlob(source: unknown): source is Blob {
  const { slice, arrayBuffer } = Object(source) as Partial<Blob>;
  return typeof slice === 'function' && typeof arrayBuffer === 'function';
}

function isBytes(source: unknown): source is BufferSource {
  return ArrayBuffer.isView(source) || Object.prototype.toString.call(source) === '[object ArrayBuffer]';
}

function viewOf(source: BufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
