import { PoolError } from '../errors.ts';
import type { Commons } from './commons.ts';
import type { Mailbox } from './mailbox.ts';
import type { Letter } from './message.ts';
import { absenceOf, type Pattern } from './receive-errors.ts';
import { waitLimits } from './receive-options.ts';
import { type Opener, Receiver } from './receiver.ts';
import { rejected } from './wait.ts';

const DONE = Object.freeze({ done: true, value: undefined });

/**
 * `messages()` and `streams()`: takes one item per `next()`, so leaving the loop loses nothing. Ends with the pool, after what is buffered was handed out.
 * With `from` it is bound to the instance it began with: it ends when that one said goodbye or was removed, and rejects with `peer-left` when it was lost.
 */
export class LetterLoop<Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #commons: Commons;
  readonly #mailbox: Mailbox;
  readonly #pattern: Pattern;
  readonly #signal: AbortSignal | undefined;
  readonly #open: Opener<Item>;
  readonly #pending = new Set<Receiver<IteratorResult<Item, undefined>>>();
  #instance: string | undefined;
  #ended = false;

  constructor(
    commons: Commons,
    mailbox: Mailbox,
    pattern: Pattern,
    signal: AbortSignal | undefined,
    open: Opener<Item>,
  ) {
    this.#commons = commons;
    this.#mailbox = mailbox;
    this.#pattern = pattern;
    this.#signal = signal;
    this.#open = open;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#ended) return Promise.resolve(DONE);
    try {
      return this.#next();
    } catch (error) {
      return rejected(error);
    }
  }

  /** A pending `next()` is done, and has taken nothing. */
  return(): Promise<IteratorResult<Item, undefined>> {
    this.#ended = true;
    for (const receiver of this.#pending) receiver.end(DONE);
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #next(): Promise<IteratorResult<Item, undefined>> {
    const limits = waitLimits({ signal: this.#signal }, Infinity);
    const { from, queue, manner } = this.#pattern;
    if (from !== undefined && !this.#same(from))
      return this.#over(
        new PoolError('peer-left', `${from} started anew, and this was for its instance before`, { peer: from }),
      );
    const letter = this.#mailbox.take(from, queue, manner);
    if (letter !== undefined) {
      if (manner === 'plain') letter.receipt.consumed();
      return Promise.resolve(this.#item(letter));
    }
    const absence = absenceOf(this.#commons, this.#pattern);
    if (absence !== undefined) return this.#over(absence);
    const receiver = new Receiver<IteratorResult<Item, undefined>>(
      { clock: this.#commons.clock, mailbox: this.#mailbox },
      this.#pattern,
      limits,
      (taken) => this.#item(taken),
      (error) => this.#over(error),
    );
    this.#pending.add(receiver);
    return receiver.promise.finally(() => this.#pending.delete(receiver));
  }

  /** Whether `from` is still the instance this loop began with. */
  #same(from: string): boolean {
    const now = this.#commons.roster.instance(from);
    this.#instance ??= now;
    return this.#instance === now;
  }

  #item(letter: Letter): IteratorResult<Item, undefined> | Promise<IteratorResult<Item, undefined>> {
    const item = this.#open(letter);
    if (this.#pattern.from !== undefined) this.#instance ??= letter.instance;
    return item instanceof Promise ? item.then((value) => ({ value })) : { value: item };
  }

  async #over(error: PoolError): Promise<IteratorResult<Item, undefined>> {
    if (error.code !== 'illegal-state') this.#ended = true;
    const clean = error.code === 'closed' || error.reason === 'goodbye' || error.reason === 'removed';
    if (!clean) throw error;
    return DONE;
  }
}
