import type { SendOptions } from '../../communicators/communicator.ts';
import { PoolError } from '../../errors.ts';
import type { Packet } from '../../packers/packer.ts';
import { said } from '../../said.ts';
import type { Commons } from '../commons.ts';
import { KIND, numberedQueue, streamQueue } from '../queue-key.ts';
import { Wait, type WaitLimits } from '../wait.ts';
import { CHUNK_BYTES, chunkCost, NO_BYTES, packChunk, WINDOW_BYTES } from './chunks.ts';
import { type ProgressListener, tellProgress } from './progress.ts';
import type { StreamHeader } from './stream-header.ts';
import type { Pieces } from './stream-source.ts';

/** After this long, in ms, a chunk for which the outbox had no room is tried again, unless one of its own stream was read before. */
const RETRY_MS = 10;

/** A stream, before anything of it has left. */
export interface Offer {
  readonly peer: string;
  readonly number: number;
  readonly msgId: string | undefined;
  readonly header: Packet;
  readonly size: StreamHeader['size'];
  readonly pieces: Pieces;
  readonly limits: WaitLimits;
  readonly onProgress: ProgressListener | undefined;
}

/** What becomes of a stream that ends before its end: the other side is told why, or knows already. */
export interface OutgoingHost {
  over(): void;
  tell(reason: unknown): void;
}

/** One stream to one peer: offered, then as much as its reader makes room for. */
export class OutgoingStream {
  readonly #commons: Commons;
  readonly #offer: Offer;
  readonly #host: OutgoingHost;
  readonly #wait: Wait<void>;
  /** Withdraws what was not taken or read. */
  readonly #end = new AbortController();
  /** `exhausted`: the source has nothing more to give. */
  #state: 'offered' | 'taken' | 'exhausted' | 'over' = 'offered';
  #sent = 0;
  #read = 0;
  /** Of chunks that left and were not read, as `chunkCost` counts it. */
  #unread = 0;
  #look: (() => void) | undefined;
  /** No chunk is larger; less where the outbox is small, or the other side takes no message as large. */
  #largest: number;

  constructor(commons: Commons, offer: Offer, host: OutgoingHost) {
    const { limits } = offer;
    this.#commons = commons;
    this.#offer = offer;
    this.#host = host;
    this.#largest = Math.min(CHUNK_BYTES, Math.ceil(commons.settings.outboxLimit / 8));
    const late = (): PoolError => this.#late();
    this.#wait = new Wait<void>(commons.clock, limits, late, () =>
      this.#stop(limits.signal?.aborted === true ? limits.signal.reason : late(), true),
    );
    this.#run().catch((error: unknown) => this.#fail(error, true));
  }

  get peer(): string {
    return this.#offer.peer;
  }

  /** Resolves when the other side has read to the end. */
  get done(): Promise<void> {
    return this.#wait.promise;
  }

  /** The other side gave it up. */
  cancelled(reason: string): void {
    const error = new PoolError('remote', `${this.peer} cancelled the stream: ${said(reason, Infinity)}`, { reason });
    this.#fail(this.#about(error), false);
  }

  /** The other side, or this end, is gone. */
  failed(error: PoolError): void {
    this.#fail(this.#about(error), false);
  }

  async #run(): Promise<void> {
    const { number, msgId, header } = this.#offer;
    const options = { queue: streamQueue(msgId), correlation: number, unmetered: true };
    try {
      await this.#post(header, options);
    } catch (error) {
      throw this.#about(error);
    }
    if (this.#state !== 'offered') return;
    this.#state = 'taken';
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) await this.#pass(piece);
    await this.#pass(NO_BYTES);
    await this.#unreadAtMost(0);
    if (this.#over) return;
    this.#state = 'over';
    this.#host.over();
    this.#wait.resolve();
  }

  /** `undefined` at the end, of the source or of everything. */
  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    await this.#unreadAtMost(WINDOW_BYTES - 1);
    if (this.#over) return undefined;
    const { pieces, size } = this.#offer;
    let piece: Uint8Array<ArrayBuffer> | undefined;
    try {
      piece = await pieces.next(this.#largest);
    } catch (error) {
      // What broke by itself needs no end.
      if (!this.#over) this.#state = 'exhausted';
      throw error;
    }
    if (this.#over) return undefined;
    if (piece === undefined) this.#state = 'exhausted';
    const bytes = this.#sent + (piece?.length ?? 0);
    const wrong = size !== undefined && (piece === undefined ? bytes < size : bytes > size);
    if (wrong)
      throw new RangeError(`the source has ${piece === undefined ? `${bytes} bytes, not` : 'more than'} ${size}`);
    return piece;
  }

  /** Sends it, when it can be; in parts when it is larger than the other side takes. */
  async #pass(bytes: Uint8Array): Promise<void> {
    while (!this.#over) {
      const refusal = await this.#send(bytes);
      if (refusal === undefined) return;
      if (refusal.code === 'too-large') {
        const half = Math.ceil(bytes.length / 2);
        this.#largest = half;
        await this.#pass(bytes.slice(0, half));
        await this.#pass(bytes.slice(half));
        return;
      }
      await this.#someRead(RETRY_MS);
    }
  }

  /** Returns why it did not leave, if another try can help; nothing has followed it then. */
  async #send(bytes: Uint8Array): Promise<PoolError | undefined> {
    // To oneself it is read, and its buffer another's, by the time this call returns.
    const { length } = bytes;
    const cost = chunkCost(length);
    let refusal: PoolError | undefined;
    let early = true;
    this.#unread += cost;
    this.#post(packChunk(bytes), {
      queue: numberedQueue(KIND.chunk, this.#offer.number),
      correlation: this.#sent,
      unmetered: false,
    }).then(
      () => this.#consumed(length),
      (error: unknown) => {
        if (early && mayBeTriedAgain(error, length)) refusal = error;
        else this.#fail(this.#about(error), true);
      },
    );
    // What is refused at once has rejected by now.
    await Promise.resolve();
    early = false;
    if (refusal === undefined) this.#sent += length;
    else this.#unread -= cost;
    return refusal;
  }

  /** Resolves when it was taken, or read. Adds no promise: what is refused at once is known in the next microtask. */
  #post(packet: Packet, options: Pick<SendOptions, 'queue' | 'correlation' | 'unmetered'>): Promise<void> {
    return this.#commons.post.send(this.peer, packet, { ...options, ack: 'consumed', signal: this.#end.signal });
  }

  #consumed(bytes: number): void {
    if (this.#over) return;
    this.#unread -= chunkCost(bytes);
    this.#read += bytes;
    const { peer, size, onProgress } = this.#offer;
    if (bytes > 0) tellProgress(this.#commons, onProgress, { peer, bytes: this.#read, size });
    this.#look?.();
  }

  async #unreadAtMost(cost: number): Promise<void> {
    while (this.#unread > cost && !this.#over) await this.#someRead(Infinity);
  }

  /** Resolves when more was read, after so many ms, or when it is over. */
  #someRead(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = this.#commons.clock.add(ms, resolve);
      this.#look = () => {
        deadline.cancel();
        resolve();
      };
    });
  }

  get #over(): boolean {
    return this.#state === 'over';
  }

  #fail(error: unknown, telling: boolean): void {
    if (this.#over) return;
    this.#stop(error, telling);
    this.#wait.reject(error);
  }

  #stop(reason: unknown, telling: boolean): void {
    const state = this.#state;
    this.#state = 'over';
    this.#host.over();
    this.#end.abort();
    this.#look?.();
    if (telling) this.#host.tell(reason);
    if (state === 'exhausted') return;
    this.#offer.pieces.cancel(reason).catch((error: unknown) => {
      if (error !== reason) this.#commons.complain(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** What the source throws, or the caller's signal says, is not ours to add to. */
  #about(error: unknown): unknown {
    const { peer, msgId } = this.#offer;
    return error instanceof PoolError ? error.with({ peer, msgId }) : error;
  }

  #late(): PoolError {
    const { peer, msgId, limits } = this.#offer;
    const delivery = this.#sent === 0 ? 'none' : 'unknown';
    const text = `${peer} did not read the stream to its end within ${limits.timeout} ms`;
    return new PoolError('timeout', text, { peer, msgId, delivery });
  }
}

/** The outbox has no room for it, or the other side takes no message as large. */
function mayBeTriedAgain(error: unknown, length: number): error is PoolError {
  if (!(error instanceof PoolError)) return false;
  return error.reason === 'outbox-full' || (error.code === 'too-large' && length > 1);
}
