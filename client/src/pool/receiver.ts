import type { PoolError } from '../errors.ts';
import type { Commons } from './commons.ts';
import type { Letter } from './message.ts';
import { lateError, type Pattern } from './receive-errors.ts';
import type { Manner, Taker } from './takers.ts';
import { Wait, type WaitLimits } from './wait.ts';

/** Makes of a letter what the caller is given; does not consume it. */
export type Opener<Result> = (letter: Letter) => Result | Promise<Result>;

/** One receive that waits for one letter. When it is timed out or aborted it takes nothing. */
export class Receiver<Result> implements Taker {
  readonly from: string | undefined;
  readonly queue: string | undefined;
  readonly manner: Manner;
  readonly lasting = false;
  readonly #mailbox: Commons['mailbox'];
  readonly #wait: Wait<Result>;
  readonly #open: Opener<Result>;
  readonly #failed: (error: PoolError) => Promise<Result>;

  /** `failed` decides what a departure or the pool's end means to the caller; by default it rejects. */
  constructor(
    { clock, mailbox }: Pick<Commons, 'clock' | 'mailbox'>,
    pattern: Pattern,
    limits: WaitLimits,
    open: Opener<Result>,
    failed: (error: PoolError) => Promise<Result> = async (error) => {
      throw error;
    },
  ) {
    this.from = pattern.from;
    this.queue = pattern.queue;
    this.manner = pattern.manner;
    this.#mailbox = mailbox;
    this.#open = open;
    this.#failed = failed;
    this.#wait = new Wait<Result>(
      clock,
      limits,
      () => lateError(pattern, limits.timeout),
      () => mailbox.cancel(this),
    );
    mailbox.wait(this);
  }

  get promise(): Promise<Result> {
    return this.#wait.promise;
  }

  take(letter: Letter): void {
    if (this.manner === 'plain') letter.receipt.consumed();
    this.#wait.resolve(this.#open(letter));
  }

  fail(error: PoolError): void {
    this.#wait.resolve(this.#failed(error));
  }

  /** Waits no more; the promise gets this instead of a letter. */
  end(result: Result): void {
    this.#mailbox.cancel(this);
    this.#wait.resolve(result);
  }
}
