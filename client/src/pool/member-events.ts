import { Deque } from '../deque.ts';
import type { Commons } from './commons.ts';
import type { PoolEvents } from './listeners.ts';
import { checkSignal } from './wait.ts';

/** Who comes, goes and comes back: the events `join`, `leave` and `restart` in one stream, told apart by `type`. */
export type MemberEvent =
  | ({ readonly type: 'join' } & PoolEvents['join'])
  | ({ readonly type: 'leave' } & PoolEvents['leave'])
  | ({ readonly type: 'restart' } & PoolEvents['restart']);

/** Of `members`. */
export interface MembersOptions {
  /** Its reason rejects the pending and every later `next()`. */
  readonly signal?: AbortSignal | undefined;
}

type Reader = { resolve(result: IteratorResult<MemberEvent, undefined>): void; reject(reason: unknown): void };

/**
 * Who is here, as `join`s, at the first `next()`; from there on who comes and goes. Ends with the pool. What nobody reads is kept, so a loop
 * that is left by `break` (or `return()`) stops keeping.
 */
export class MemberEvents implements AsyncIterableIterator<MemberEvent, undefined> {
  readonly #commons: Commons;
  readonly #ended: Promise<unknown>;
  readonly #signal: AbortSignal | undefined;
  #events = new Deque<MemberEvent>();
  #readers: Reader[] = [];
  #state: 'fresh' | 'open' | 'ended' = 'fresh';
  #off: (() => void)[] = [];

  constructor(commons: Commons, ended: Promise<unknown>, options: MembersOptions) {
    this.#commons = commons;
    this.#ended = ended;
    this.#signal = options.signal;
  }

  next(): Promise<IteratorResult<MemberEvent, undefined>> {
    return new Promise((resolve, reject) => {
      checkSignal(this.#signal);
      if (this.#state === 'fresh') this.#open();
      const event = this.#events.shift();
      if (event !== undefined) resolve({ done: false, value: event });
      else if (this.#state === 'ended') resolve({ done: true, value: undefined });
      else this.#readers.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<MemberEvent, undefined>> {
    this.#events = new Deque();
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #open(): void {
    const { listeners } = this.#commons;
    this.#state = 'open';
    for (const { name, instance } of this.#commons.roster.here()) this.#push({ type: 'join', name, instance });
    const aborted = (): void => {
      for (const reader of this.#readers.splice(0)) reader.reject(this.#signal?.reason);
      this.#end();
    };
    this.#signal?.addEventListener('abort', aborted);
    this.#off = [
      listeners.on('join', (event) => this.#push({ type: 'join', ...event })),
      listeners.on('leave', (event) => this.#push({ type: 'leave', ...event })),
      listeners.on('restart', (event) => this.#push({ type: 'restart', ...event })),
      () => this.#signal?.removeEventListener('abort', aborted),
    ];
    const end = (): void => this.#end();
    this.#ended.then(end, end);
  }

  #push(event: MemberEvent): void {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#events.push(event);
    else reader.resolve({ done: false, value: event });
  }

  #end(): void {
    this.#state = 'ended';
    for (const off of this.#off.splice(0)) off();
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined });
  }
}
