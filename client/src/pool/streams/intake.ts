import { MESSAGE_OVERHEAD, type Receipt } from '../../communicators/communicator.ts';
import { Deque } from '../../deque.ts';
import { PoolError } from '../../errors.ts';
import type { Arrival } from '../arrivals.ts';
import { type ByteSink, byteStream } from './byte-stream.ts';
import { CHUNK_BYTES, chunkCost, unpackChunk, WINDOW_BYTES } from './chunks.ts';
import type { StreamHeader } from './stream-header.ts';

/** What an intake needs of its pool. */
export interface IntakeHost {
  /** A reader waits for the next chunk although the mailbox may be full; or does not any more. */
  want(waiting: boolean): void;
  /** So many bytes were read. */
  progress(bytes: number): void;
  /** The reader has given it up. */
  cancelled(reason: unknown): void;
  /** Nothing more is expected. */
  over(): void;
}

interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly receipt: Receipt;
}

/** What is not read of it waits, up to this much; who sends more breaks the protocol. */
const MOST_UNREAD = WINDOW_BYTES + CHUNK_BYTES + 2 * MESSAGE_OVERHEAD;

/** One stream of one peer, from its being taken to its end: chunks in, as much as the reader asks for out. */
export class Intake {
  readonly #peer: string;
  readonly #size: StreamHeader['size'];
  readonly #host: IntakeHost;
  readonly #sink: ByteSink;
  readonly #chunks = new Deque<Chunk>();
  #state: 'open' | 'cancelled' | 'over' = 'open';
  /** What comes when all that is here was read: the end, or what it failed with. */
  #end: Receipt | undefined;
  #failure: PoolError | undefined;
  #wanted = false;
  #flowing = false;
  #reading = false;
  #received = 0;
  #read = 0;
  #unread = 0;

  constructor(peer: string, size: StreamHeader['size'], host: IntakeHost) {
    this.#peer = peer;
    this.#size = size;
    this.#host = host;
    this.#sink = byteStream({
      pull: () => this.#pull(),
      cancel: (reason) => {
        this.#drop('cancelled');
        host.cancelled(reason);
      },
    });
  }

  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#sink.stream;
  }

  /** The next chunk; the empty one is the end. What is wrong with it ends the stream, and refuses it. */
  arrive({ packet, receipt }: Arrival): void {
    const bytes = unpackChunk(packet);
    // Who cancelled has told the sender, who does not know yet.
    if (this.#state !== 'open') {
      receipt.consumed();
      return;
    }
    const problem = this.#problem(bytes.length, receipt.correlation);
    if (problem !== undefined) {
      this.abort(problem);
      throw problem;
    }
    this.#received += bytes.length;
    if (bytes.length === 0) this.#end = receipt;
    else {
      this.#unread += chunkCost(bytes.length);
      this.#chunks.push({ bytes, receipt });
    }
    this.#flow();
  }

  /** What was not read of it is dropped. */
  abort(error: PoolError): void {
    if (this.#state !== 'open') return;
    this.#over(() => this.#sink.error(error));
  }

  /** Nothing more will come. What is here can still be read. */
  cut(error: PoolError): void {
    if (this.#state === 'cancelled') this.#host.over();
    if (this.#state !== 'open') return;
    this.#failure ??= error;
    this.#flow();
  }

  #problem(bytes: number, position: number | undefined): PoolError | undefined {
    const size = this.#size;
    const of = `${this.#peer} sends a stream`;
    if (this.#end !== undefined) return malformed(`${of} on after its end`);
    if (position !== this.#received) return malformed(`${of} with a gap`);
    if (size !== undefined && this.#received + bytes > size) return malformed(`${of} of more than its ${size} bytes`);
    if (size !== undefined && bytes === 0 && this.#received < size)
      return malformed(`${of} of ${this.#received} bytes that was to have ${size}`);
    if (this.#unread + chunkCost(bytes) > MOST_UNREAD) return malformed(`${of} faster than it is read`);
    return undefined;
  }

  #pull(): void {
    this.#reading = true;
    this.#flow();
  }

  /** A reader that gets a chunk may ask for the next within that very call. */
  #flow(): void {
    if (this.#flowing) return;
    this.#flowing = true;
    while (this.#reading && this.#chunks.length > 0) this.#give();
    this.#flowing = false;
    if (this.#state !== 'open' || this.#chunks.length > 0) return;
    if (this.#end !== undefined) this.#over(() => this.#sink.close());
    else if (this.#failure !== undefined) this.abort(this.#failure);
    else if (this.#reading) this.#want(true);
  }

  #give(): void {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return;
    const { length } = chunk.bytes;
    this.#reading = false;
    this.#want(false);
    this.#unread -= chunkCost(length);
    this.#read += length;
    this.#sink.enqueue(chunk.bytes);
    chunk.receipt.consumed();
    this.#host.progress(this.#read);
  }

  /** Whoever asked asks again, once a chunk has come. */
  #want(waiting: boolean): void {
    if (waiting || this.#wanted) this.#host.want(waiting);
    this.#wanted = waiting;
  }

  #over(tell: () => void): void {
    this.#drop('over');
    tell();
    this.#host.over();
  }

  #drop(state: 'cancelled' | 'over'): void {
    this.#state = state;
    this.#want(false);
    for (const { receipt } of this.#chunks) receipt.consumed();
    this.#chunks.clear();
    this.#end?.consumed();
  }
}

function malformed(text: string): PoolError {
  return new PoolError('malformed', text);
}
