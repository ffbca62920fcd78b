import { Chain, type ChainLink } from '../chain.ts';
import type { PoolError } from '../errors.ts';
import type { Letter } from './message.ts';

/**
 * How a taker takes. `plain`: what is taken is consumed. `slot`: each letter holds one of its sender's slots until it is released. `answering`: requests only, and those before
 * anybody else.
 */
export type Manner = 'plain' | 'slot' | 'answering';

/** Somebody who waits for one letter. */
export interface Taker {
  /** `undefined`: anyone's. */
  readonly from: string | undefined;
  /** `undefined`: of every queue. */
  readonly queue: string | undefined;
  readonly manner: Manner;
  /** Whether it goes on waiting when `from` leaves. */
  readonly lasting: boolean;
  /** It waits no more, and this letter is its own. It may wait again at once. */
  take(letter: Letter): void;
  /** It waits no more, and gets nothing. */
  fail(error: PoolError): void;
}

export interface Waiting {
  readonly taker: Taker;
  readonly since: number;
}

/** Who waits for what in one manner, in the order in which they began. Every operation on one taker is O(1). */
export class Takers {
  readonly #waiting = new Map<string | undefined, Map<string | undefined, Chain<Waiting>>>();
  readonly #places = new Map<Taker, ChainLink<Waiting>>();

  /** `since` grows from one taker to the next, also among those of other manners. */
  add(taker: Taker, since: number): void {
    let queues = this.#waiting.get(taker.from);
    if (queues === undefined) this.#waiting.set(taker.from, (queues = new Map<string | undefined, Chain<Waiting>>()));
    let chain = queues.get(taker.queue);
    if (chain === undefined) queues.set(taker.queue, (chain = new Chain()));
    this.#places.set(taker, chain.push({ taker, since }));
  }

  /** Does nothing when it isn't waiting. */
  remove(taker: Taker): void {
    const place = this.#places.get(taker);
    if (place === undefined) return;
    const queues = this.#waiting.get(taker.from);
    const chain = queues?.get(taker.queue);
    this.#places.delete(taker);
    chain?.remove(place);
    if (chain?.empty) queues?.delete(taker.queue);
    if (queues?.size === 0) this.#waiting.delete(taker.from);
  }

  /** Who has waited longest of those that want a letter of this sender and queue. */
  longest(from: string, queue: string): Waiting | undefined {
    if (this.#places.size === 0) return undefined;
    let longest: Waiting | undefined;
    for (const queues of [this.#waiting.get(from), this.#waiting.get(undefined)]) {
      if (queues === undefined) continue;
      for (const chain of [queues.get(queue), queues.get(undefined)]) {
        const waiting = chain?.first?.value;
        if (waiting !== undefined && (longest === undefined || waiting.since < longest.since)) longest = waiting;
      }
    }
    return longest;
  }

  /** Whether one waits for exactly this queue, of this sender or (`undefined`) of anyone. */
  wanting(from: string | undefined, queue: string): boolean {
    return this.#waiting.get(from)?.has(queue) ?? false;
  }

  /** Those that wait for this sender alone. */
  of(from: string): Taker[] {
    return [...(this.#waiting.get(from)?.values() ?? [])].flatMap((chain) => [...chain]).map(({ taker }) => taker);
  }

  all(): Waiting[] {
    return [...this.#places.values()].map(({ value }) => value);
  }

  /** The queues somebody waits for that a letter of this sender could fill. */
  queues(from: string): string[] {
    const wanted = new Set([
      ...(this.#waiting.get(from)?.keys() ?? []),
      ...(this.#waiting.get(undefined)?.keys() ?? []),
    ]);
    return [...wanted].filter((queue) => queue !== undefined);
  }
}
