import { PoolError } from '../errors.ts';
import type { Commons } from './commons.ts';
import type { Letter } from './message.ts';
import { checkMessageId, messageId, messageQueue } from './queue-key.ts';
import { absenceOf, lateError } from './receive-errors.ts';
import { type RecvAllOptions, waitLimits, withMessageId } from './receive-options.ts';
import { checkParse, type Parse, parsed } from './schema.ts';
import { severalErrors } from './several.ts';
import type { Taker } from './takers.ts';
import { rejected, Wait, type WaitLimits } from './wait.ts';

/** `recvAll`: one value of each sender, or none of anyone. */
export function gather<Value>(
  commons: Commons,
  given: string | RecvAllOptions<Value> | undefined,
): Promise<Map<string, Value>> {
  try {
    const options: RecvAllOptions<Value> = withMessageId(given);
    const limits = waitLimits(options, commons.settings.timeout);
    const { senders = commons.roster.clients } = options;
    if (typeof senders === 'string') throw new TypeError('senders are several names');
    const names = new Set(Array.from(senders, (name) => commons.roster.resolve(name)));
    const queue = messageQueue(checkMessageId(options.msgId));
    return new Gathering(commons, [...names], queue, checkParse(options.parse)).run(limits);
  } catch (error) {
    return rejected(error);
  }
}

/**
 * A taker in each sender's queue, in turn with all others. What one of them gets is held, not consumed, until all have theirs;
 * when one can't, everything goes back to its place.
 */
class Gathering<Value> {
  readonly #commons: Commons;
  readonly #senders: readonly string[];
  readonly #queue: string;
  readonly #parse: Parse<Value> | undefined;
  readonly #held = new Map<string, Letter>();
  readonly #takers = new Map<string, Taker>();

  constructor(commons: Commons, senders: readonly string[], queue: string, parse: Parse<Value> | undefined) {
    this.#commons = commons;
    this.#senders = senders;
    this.#queue = queue;
    this.#parse = parse;
  }

  run(limits: WaitLimits): Promise<Map<string, Value>> {
    if (this.#commons.state === 'uninitialized') return Promise.reject(this.#commons.illegal('receive'));
    const errors = new Map<string, PoolError>();
    for (const from of this.#senders) {
      const letter = this.#commons.mailbox.take(from, this.#queue);
      const absence = letter === undefined ? absenceOf(this.#commons, { from, queue: this.#queue }) : undefined;
      if (letter !== undefined) this.#held.set(from, letter);
      if (absence !== undefined) errors.set(from, absence);
    }
    if (errors.size === 0 && this.#complete) return this.#finish();
    if (errors.size > 0 || limits.timeout === 0) {
      const error = errors.size > 0 ? this.#incomplete(errors) : this.#late(0);
      this.#putBack();
      return Promise.reject(error);
    }
    return this.#await(limits);
  }

  get #complete(): boolean {
    return this.#held.size === this.#senders.length;
  }

  get #missing(): readonly string[] {
    return this.#senders.filter((name) => !this.#held.has(name));
  }

  #await(limits: WaitLimits): Promise<Map<string, Value>> {
    const wait = new Wait<Map<string, Value>>(
      this.#commons.clock,
      limits,
      () => this.#late(limits.timeout),
      () => this.#putBack(),
    );
    for (const from of this.#missing) {
      const taker: Taker = {
        from,
        queue: this.#queue,
        manner: 'plain',
        lasting: false,
        take: (letter) => {
          this.#takers.delete(from);
          this.#held.set(from, letter);
          if (this.#complete) wait.resolve(this.#finish());
        },
        fail: (error) => {
          this.#takers.delete(from);
          if (!wait.pending) return;
          wait.reject(this.#incomplete(new Map([[from, error]])));
          this.#putBack();
        },
      };
      this.#takers.set(from, taker);
      this.#commons.mailbox.wait(taker);
    }
    return wait.promise;
  }

  #finish(): Promise<Map<string, Value>> {
    if (this.#parse !== undefined) return this.#parseAll(this.#parse);
    return Promise.resolve(this.#consume((letter) => letter.value as Value));
  }

  async #parseAll(parse: Parse<Value>): Promise<Map<string, Value>> {
    const values = new Map<string, Value>();
    const errors = new Map<string, PoolError>();
    const one = async (letter: Letter): Promise<void> => {
      try {
        values.set(letter.from, await parsed(parse, letter.value, letter.from, messageId(letter.queue)));
      } catch (error) {
        if (!(error instanceof PoolError)) throw error;
        errors.set(letter.from, error);
        this.#held.delete(letter.from);
        letter.receipt.consumed();
      }
    };
    await Promise.all([...this.#held.values()].map(one));
    if (errors.size === 0) return this.#consume((letter) => values.get(letter.from) as Value);
    this.#putBack();
    throw severalErrors('what some sent does not parse', errors);
  }

  #consume(value: (letter: Letter) => Value): Map<string, Value> {
    const values = new Map<string, Value>();
    for (const from of this.#senders) {
      const letter = this.#held.get(from);
      if (letter === undefined) continue;
      letter.receipt.consumed();
      values.set(from, value(letter));
    }
    return values;
  }

  #putBack(): void {
    for (const taker of this.#takers.values()) this.#commons.mailbox.cancel(taker);
    this.#takers.clear();
    const letters = [...this.#held.values()];
    this.#held.clear();
    for (const letter of letters) this.#commons.mailbox.restore(letter);
  }

  #incomplete(errors: ReadonlyMap<string, PoolError>): PoolError {
    return severalErrors(`nothing from ${this.#missing.join(', ')}`, errors, this.#missing);
  }

  #late(timeout: number): PoolError {
    const late = this.#missing.map((from) => [from, lateError({ from, queue: this.#queue }, timeout)] as const);
    return this.#incomplete(new Map(late));
  }
}
