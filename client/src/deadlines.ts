import { Chain, type ChainLink } from './chain.ts';

/** The longest delay a platform timer takes; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Something that happens later unless it is cancelled. */
export interface Deadline {
  /** Safe to call twice, and after it has passed. */
  cancel(): void;
}

interface Entry {
  readonly due: number;
  readonly number: number;
  readonly callback: () => void;
}

interface Place {
  readonly ms: number;
  readonly queue: Chain<Entry>;
  readonly link: ChainLink<Entry>;
  readonly entry: Entry;
}

/**
 * One clock for any number of waits: a platform timer for the nearest deadline only, and none when there is no deadline.
 * Equal durations fall due in the order in which they began, so each duration is a queue and `add` and `cancel` are O(1).
 * Timer and clock are looked up at each use, so a test's fake ones are seen.
 */
export class Deadlines {
  readonly #durations = new Map<number, Chain<Entry>>();
  #timer: { readonly id: ReturnType<typeof setTimeout>; readonly due: number } | undefined;
  #count = 0;
  #firing = false;

  /**
   * Calls back in `ms` milliseconds, never within this call; `Infinity` never.
   * @throws TypeError, RangeError as `milliseconds`
   */
  add(ms: number, callback: () => void): Deadline {
    milliseconds(ms, 'timeout');
    if (ms === Infinity) return NEVER;
    const entry = { due: performance.now() + ms, number: this.#count++, callback };
    const queue = this.#durations.get(ms) ?? new Chain<Entry>();
    if (queue.empty) this.#durations.set(ms, queue);
    const link = queue.push(entry);
    if (this.#timer === undefined || entry.due < this.#timer.due) this.#schedule(entry.due);
    return { cancel: () => this.#remove(ms, queue, link) };
  }

  #remove(ms: number, queue: Chain<Entry>, link: ChainLink<Entry>): void {
    if (link.chain !== queue) return;
    queue.remove(link);
    if (!queue.empty) return;
    this.#durations.delete(ms);
    if (this.#durations.size === 0) this.#schedule(undefined);
  }

  /** A deadline that was cancelled leaves its timer in place while there are others: it fires in vain, and looks again. */
  #schedule(due: number | undefined): void {
    if (this.#firing) return;
    if (this.#timer !== undefined) clearTimeout(this.#timer.id);
    if (due === undefined) {
      this.#timer = undefined;
      return;
    }
    const delay = Math.min(Math.max(Math.ceil(due - performance.now()), 0), LONGEST_TIMER);
    this.#timer = { id: setTimeout(() => this.#fire(), delay), due };
  }

  /** Due is what was due when the timer fired: a callback that adds a deadline of 0 ms is called in the next turn, not for ever in this one. */
  #fire(): void {
    const now = performance.now();
    const fence = this.#count;
    this.#timer = undefined;
    this.#firing = true;
    try {
      for (let next = this.#nearest(fence); next !== undefined && next.entry.due <= now; next = this.#nearest(fence)) {
        this.#remove(next.ms, next.queue, next.link);
        next.entry.callback();
      }
    } finally {
      this.#firing = false;
      this.#schedule(this.#nearest(Infinity)?.entry.due);
    }
  }

  #nearest(fence: number): Place | undefined {
    let nearest: Place | undefined;
    for (const [ms, queue] of this.#durations) {
      const link = queue.first;
      if (link === undefined || link.value.number >= fence) continue;
      if (nearest === undefined || sooner(link.value, nearest.entry)) nearest = { ms, queue, link, entry: link.value };
    }
    return nearest;
  }
}

function sooner(one: Entry, other: Entry): boolean {
  return one.due < other.due || (one.due === other.due && one.number < other.number);
}

const NEVER: Deadline = Object.freeze({ cancel() {} });

/**
 * A duration in milliseconds: 0 or more, fractions and `Infinity` included.
 * @throws TypeError when it is not a number; RangeError when it is negative or NaN
 */
export function milliseconds(value: unknown, what: string): number {
  if (typeof value !== 'number')
    throw new TypeError(`${what} is a number of milliseconds, not ${value === null ? 'null' : typeof value}`);
  if (!(value >= 0)) throw new RangeError(`${what} is 0 or more milliseconds, not ${value}`);
  return value;
}
