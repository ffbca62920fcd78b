import { peerName } from '#shared/identifiers';
import { PoolError } from '../errors.ts';
import type { Commons } from './commons.ts';
import type { Letter, Message } from './message.ts';
import { absenceOf, type Pattern } from './receive-errors.ts';
import { filteredQueue, type MessagesOptions, waitLimits, withMessageId } from './receive-options.ts';
import { type Opener, Receiver } from './receiver.ts';
import { messageOpener } from './receiving.ts';
import { checkParse } from './schema.ts';
import { rejected } from './wait.ts';

type Result<Value> = IteratorResult<Message<Value>, undefined>;
const DONE = Object.freeze({ done: true, value: undefined });

/**
 * `messages()`: takes one message per `next()`, so leaving the loop loses nothing. Ends with the pool, after what is buffered was handed out.
 * With `from` it is bound to the instance it began with: it ends when that one said goodbye or was removed, and rejects with `peer-left` when it was lost.
 */
export class MessageLoop<Value> implements AsyncIterableIterator<Message<Value>, undefined> {
  readonly #commons: Commons;
  readonly #pattern: Pattern;
  readonly #signal: AbortSignal | undefined;
  readonly #open: Opener<Message<Value>>;
  readonly #pending = new Set<Receiver<Result<Value>>>();
  #instance: string | undefined;
  #ended = false;

  /** @throws TypeError, RangeError */
  constructor(commons: Commons, given: string | MessagesOptions<Value> | undefined) {
    const options: MessagesOptions<Value> = withMessageId(given);
    const from = options.from === undefined ? undefined : peerName(options.from);
    this.#commons = commons;
    this.#pattern = { from, queue: filteredQueue(options) };
    this.#signal = options.signal;
    this.#open = messageOpener(checkParse(options.parse));
  }

  next(): Promise<Result<Value>> {
    if (this.#ended) return Promise.resolve(DONE);
    try {
      return this.#next();
    } catch (error) {
      return rejected(error);
    }
  }

  /** A pending `next()` is done, and has taken nothing. */
  return(): Promise<Result<Value>> {
    this.#ended = true;
    for (const receiver of this.#pending) receiver.end(DONE);
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #next(): Promise<Result<Value>> {
    const limits = waitLimits({ signal: this.#signal }, Infinity);
    const { mailbox } = this.#commons;
    const { from, queue } = this.#pattern;
    if (from !== undefined && !this.#same(from))
      return this.#over(new PoolError('peer-left', `${from} started anew`, { peer: from }));
    const letter = mailbox.take(from, queue);
    if (letter !== undefined) {
      letter.receipt.consumed();
      return Promise.resolve(this.#item(letter));
    }
    const absence = absenceOf(this.#commons, this.#pattern);
    if (absence !== undefined) return this.#over(absence);
    const receiver: Receiver<Result<Value>> = new Receiver<Result<Value>>(
      this.#commons,
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

  #item(letter: Letter): Result<Value> | Promise<Result<Value>> {
    const message = this.#open(letter);
    if (this.#pattern.from !== undefined) this.#instance ??= letter.instance;
    return message instanceof Promise ? message.then((value) => ({ value })) : { value: message };
  }

  async #over(error: PoolError): Promise<Result<Value>> {
    if (error.code !== 'illegal-state') this.#ended = true;
    const clean = error.code === 'closed' || error.reason === 'goodbye' || error.reason === 'removed';
    if (!clean) throw error;
    return DONE;
  }
}
