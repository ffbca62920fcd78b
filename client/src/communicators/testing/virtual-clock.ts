import type { Random } from '../../session/testing/random.ts';

/** Something with a clock of its own that can sleep: a page. */
export interface Sleeper {
  /** What is due for somebody who is dead does not happen. */
  readonly alive: boolean;
  /** Its timers wait until then, and then all are due at once. In ms of the clock. */
  readonly timersLateUntil: number;
  /** Whatever would reach it waits until then. */
  readonly frozenUntil: number;
}

/** Something that is going to happen. */
interface Entry {
  readonly sleeper: Sleeper | undefined;
  readonly timer: boolean;
  readonly due: number;
  /** Of two that are due together the one that was asked for first is first. */
  readonly order: number;
  /** `due`, or when its sleeper wakes. */
  at: number;
  run: (() => void) | undefined;
}

/** The functions of the platform by which a page sees time and chance. */
interface Platform {
  setTimeout: unknown;
  clearTimeout: unknown;
}

/**
 * Time as a queue of events. While it is installed, the platform's timers and clock are its own, and chance is drawn from a seed; each timer belongs to the page in whose turn it was set.
 * Between two events everything that was promised meanwhile is settled, and nothing else in this process has a turn.
 */
export class VirtualClock {
  now = 0;
  /** Whose turn it is: what is called back in microtasks belongs to the same. */
  current: Sleeper | undefined;
  /** Events so far. */
  turns = 0;
  readonly #luck: Random;
  /** A heap; the first is next. */
  readonly #queue: Entry[] = [];
  readonly #timers = new Map<number, Entry>();
  #order = 0;

  constructor(luck: Random) {
    this.#luck = luck;
  }

  /** Returns what gives the platform back its own. */
  install(): () => void {
    const platform = globalThis as unknown as Platform;
    const { setTimeout, clearTimeout } = platform;
    const { random } = Math;
    platform.setTimeout = (run: () => void, ms = 0) => this.#setTimer(run, ms);
    platform.clearTimeout = (id: number) => this.#clearTimer(id);
    Math.random = () => this.#luck.below(2 ** 32) / 2 ** 32;
    const giveBack = [
      replaced(performance, 'now', () => this.now),
      replaced(crypto, 'getRandomValues', (bytes: Uint8Array) => {
        for (let index = 0; index < bytes.length; index++) bytes[index] = this.#luck.below(256);
        return bytes;
      }),
    ];
    return () => {
      Object.assign(platform, { setTimeout, clearTimeout });
      Math.random = random;
      for (const give of giveBack) give();
    };
  }

  /** In so many ms, unless the sleeper is dead by then, and not before it is awake. */
  after(ms: number, sleeper: Sleeper | undefined, run: () => void): void {
    this.#push(ms, sleeper, run, false);
  }

  /** How many timers a page has set that are neither over nor cleared. */
  timersOf(sleeper: Sleeper): number {
    return [...this.#timers.values()].filter((entry) => entry.sleeper === sleeper).length;
  }

  /** Lets everything happen up to a time, or until something is the case. Whether it is. */
  async run(until: number, done: () => boolean = () => false): Promise<boolean> {
    while (!done()) {
      const entry = this.#next(until);
      if (entry === undefined) {
        this.now = Math.max(this.now, until);
        return done();
      }
      await this.turn(entry.sleeper, entry.run);
    }
    return true;
  }

  /** Does something in a page's turn, and whatever follows from it at once. */
  async turn(sleeper: Sleeper | undefined, run: (() => void) | undefined): Promise<void> {
    this.turns++;
    this.current = sleeper;
    run?.();
    // A tick comes when no microtask is left, however long their chain; and before anything else in the process.
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    this.current = undefined;
  }

  #setTimer(run: () => void, ms: number): number {
    const entry = this.#push(
      ms,
      this.current,
      () => {
        this.#timers.delete(entry.order);
        run();
      },
      true,
    );
    this.#timers.set(entry.order, entry);
    return entry.order;
  }

  #clearTimer(id: number): void {
    const entry = this.#timers.get(id);
    if (entry === undefined) return;
    entry.run = undefined;
    this.#timers.delete(id);
  }

  #push(ms: number, sleeper: Sleeper | undefined, run: () => void, timer: boolean): Entry {
    const due = this.now + Math.max(0, ms);
    const entry: Entry = { sleeper, timer, due, order: ++this.#order, at: due, run };
    this.#insert(entry);
    return entry;
  }

  /** What happens next, not after the given time. */
  #next(until: number): Entry | undefined {
    for (let entry = this.#queue[0]; entry !== undefined && entry.at <= until; entry = this.#queue[0]) {
      this.#removeFirst();
      const { sleeper, timer } = entry;
      if (entry.run === undefined || sleeper?.alive === false) continue;
      const awake = Math.max(sleeper?.frozenUntil ?? 0, timer ? (sleeper?.timersLateUntil ?? 0) : 0);
      if (awake > entry.at) {
        entry.at = awake;
        this.#insert(entry);
        continue;
      }
      this.now = entry.at;
      return entry;
    }
    return undefined;
  }

  #insert(entry: Entry): void {
    const queue = this.#queue;
    let place = queue.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = queue[parent] as Entry;
      if (!before(entry, above)) break;
      queue[place] = above;
      place = parent;
    }
    queue[place] = entry;
  }

  #removeFirst(): void {
    const queue = this.#queue;
    const last = queue.pop();
    if (last === undefined || queue.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= queue.length) break;
      const right = left + 1;
      const child = right < queue.length && before(queue[right] as Entry, queue[left] as Entry) ? right : left;
      const below = queue[child] as Entry;
      if (!before(below, last)) break;
      queue[place] = below;
      place = child;
    }
    queue[place] = last;
  }
}

function before(one: Entry, other: Entry): boolean {
  if (one.at !== other.at) return one.at < other.at;
  return one.due !== other.due ? one.due < other.due : one.order < other.order;
}

/** Puts a function before one of the platform's; returns what takes it away again. */
function replaced<Owner extends object>(owner: Owner, name: keyof Owner & string, value: unknown): () => void {
  const former = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    if (former !== undefined) Object.defineProperty(owner, name, former);
    else delete owner[name];
  };
}
