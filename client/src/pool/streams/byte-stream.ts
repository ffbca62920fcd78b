/** Where the bytes of a `ReadableStream` come from, as far as both kinds of controllers do it. */
export interface ByteSource {
  /** A reader waits, and nothing is there. */
  pull(): void;
  cancel(reason: unknown): void;
}

/** The other end of a `ReadableStream`. Nothing is kept between the two but what a reader with a buffer of its own left of a chunk. */
export interface ByteSink {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  enqueue(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  error(error: unknown): void;
}

/** A byte stream, which can be read into buffers of the reader's; where the platform has none (Safari), one that can't. */
export function byteStream(source: ByteSource): ByteSink {
  let controller: ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const underlying = { pull: () => source.pull(), cancel: (reason: unknown) => source.cancel(reason) };
  let stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  try {
    const start = (made: ReadableByteStreamController): unknown => (controller = made);
    stream = new ReadableStream({ type: 'bytes', start, ...underlying });
  } catch {
    const start = (made: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): unknown => (controller = made);
    stream = new ReadableStream({ start, ...underlying }, { highWaterMark: 0 });
  }
  return {
    stream,
    enqueue: (bytes) => controller.enqueue(bytes),
    close: () => {
      controller.close();
      // Who waits with a buffer of its own gets it back.
      if ('byobRequest' in controller) controller.byobRequest?.respond(0);
    },
    error: (error) => controller.error(error),
  };
}
