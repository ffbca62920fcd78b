import { PoolError, type PoolErrorDetails } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import type { Arrival } from './arrivals.ts';
import type { Commons } from './commons.ts';
import { remoteError } from './remote-error.ts';
import { unpack } from './packing.ts';
import { sendLimits } from './receive-options.ts';
import { Wait, type WaitLimits } from './wait.ts';

/** A request or a call, before it has left. */
export interface Asking<Result> {
  readonly peer: string;
  readonly queue: string;
  readonly packet: Packet;
  readonly unmetered: boolean;
  readonly limits: WaitLimits;
  /** For errors: e.g. `add()`. */
  readonly what: string;
  readonly details: PoolErrorDetails;
  /** Makes the result of the answer's value. */
  readonly open: (value: unknown, arrival: Arrival, number: number) => Result | Promise<Result>;
  /** Who asked has given up, and the question may be there. */
  readonly abandoned?: ((number: number) => void) | undefined;
}

/** One question that waits for its answer. Settles once: by its answer, its failure to get there, a departure, its limits or the pool's end. */
export class Question<Result> {
  readonly peer: string;
  readonly number: number;
  /** Resolves when the other pool has the question. Never unhandled. */
  readonly sent: Promise<void>;
  readonly #commons: Commons;
  readonly #asking: Asking<Result>;
  readonly #wait: Wait<Result>;
  #delivered = false;

  /** `over`: nobody waits for its answer any more, and it may be on its way. */
  constructor(commons: Commons, number: number, asking: Asking<Result>, over: () => void) {
    const { peer, queue, packet, unmetered, limits } = asking;
    this.peer = peer;
    this.number = number;
    this.#commons = commons;
    this.#asking = asking;
    const options = { queue, ack: 'delivered', correlation: number, unmetered, ...sendLimits(limits) } as const;
    // Its limit is met before the wait's, which is as long and begins later: it knows what of the question has left.
    this.sent = commons.post.send(peer, packet, options);
    const abandoned = (): void => {
      over();
      asking.abandoned?.(number);
    };
    this.#wait = new Wait<Result>(commons.clock, limits, () => this.#late(), abandoned);
    this.sent.then(
      () => (this.#delivered = true),
      (error: unknown) => {
        over();
        if (this.#wait.pending && isUnknown(error)) asking.abandoned?.(number);
        this.#wait.reject(this.#unsent(error));
      },
    );
  }

  get answer(): Promise<Result> {
    return this.#wait.promise;
  }

  /** @throws PoolError `malformed`, `unpackable`, by which the answer is refused; who asked is told as well */
  answered(arrival: Arrival): void {
    const { open } = this.#asking;
    try {
      const value = unpack(this.#commons.settings.packer, arrival.packet);
      this.#wait.resolve(open(value, arrival, this.number));
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** @throws PoolError `malformed`, `unpackable` */
  refused(packet: Packet): void {
    const { what, details } = this.#asking;
    try {
      this.#wait.reject(remoteError(unpack(this.#commons.settings.packer, packet), this.peer, what, details));
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  failed(error: PoolError): void {
    const { details } = this.#asking;
    this.#wait.reject(error.with({ ...details, peer: this.peer, delivery: this.#delivered ? 'delivered' : 'unknown' }));
  }

  #unsent(error: unknown): unknown {
    const { limits, details } = this.#asking;
    if (limits.signal?.aborted === true || !(error instanceof PoolError)) return error;
    const { delivery } = error;
    if (error.code === 'timeout') return this.#late().with({ delivery });
    return error.with(details);
  }

  /** Whoever asked is told here; what this returns tells who answered. */
  #unreadable(error: unknown): PoolError {
    const { what, details } = this.#asking;
    const why = error instanceof PoolError ? error : new PoolError('malformed', String(error), { cause: error });
    const text = `what ${this.peer} answered to ${what} can't be read: ${why.detail}`;
    this.#wait.reject(new PoolError(why.code, text, { ...details, peer: this.peer, cause: error }));
    return why;
  }

  #late(): PoolError {
    const { what, details, limits } = this.#asking;
    const text = `${this.peer} did not answer ${what} within ${limits.timeout} ms`;
    return new PoolError('timeout', text, {
      ...details,
      peer: this.peer,
      delivery: this.#delivered ? 'delivered' : 'unknown',
    });
  }
}

/** All of it had left when its limit was met: it may still arrive. */
function isUnknown(error: unknown): boolean {
  return error instanceof PoolError && error.code === 'timeout' && error.delivery !== 'none';
}
