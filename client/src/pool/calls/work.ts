import { PoolError } from '../../errors.ts';
import { severalErrors } from '../several.ts';

/** Items taken from the source and not yet handed out as results, for each call that may run at once: one slow item stops nobody for long, and nothing piles up. */
const AHEAD = 4;

/** These say that a peer is not there to work any more. Whatever else fails is the item's own. */
const LOST: ReadonlySet<string> = new Set(['peer-left', 'unreachable', 'unknown-peer', 'closed']);

interface Task {
  readonly index: number;
  readonly item: unknown;
}

type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

export interface Job<Result> {
  readonly method: string;
  readonly items: Iterator<unknown> | AsyncIterator<unknown>;
  readonly peers: readonly string[];
  readonly perPeer: number;
  readonly signal: AbortSignal | undefined;
  readonly call: (peer: string, item: unknown, signal: AbortSignal) => Promise<Result>;
}

/**
 * `map`: each peer works on so many items at once, takes the next when one is done, and whoever is lost gives its items back. Results are handed out in the order of the items.
 * An item whose peer was lost may have been worked on there.
 */
export async function* work<Result>(job: Job<Result>): AsyncGenerator<Result, undefined, undefined> {
  const crew = new Crew(job);
  try {
    for (;;) {
      const next = await crew.next();
      if (next === undefined) return;
      yield next.result;
    }
  } finally {
    await crew.end();
  }
}

class Crew<Result> {
  readonly #job: Job<Result>;
  readonly #controller = new AbortController();
  readonly #outcomes = new Map<number, Outcome<Result>>();
  readonly #returned: Task[] = [];
  readonly #lost = new Map<string, PoolError>();
  readonly #waiting: (() => void)[] = [];
  #hands = 0;
  #taken = 0;
  #done = 0;
  #handedOut = 0;
  #reading = false;
  /** The source has no more, or failed. */
  #exhausted = false;
  #over = false;

  constructor(job: Job<Result>) {
    this.#job = job;
    job.signal?.addEventListener('abort', this.#aborted);
    for (const peer of job.peers) for (let hand = 0; hand < job.perPeer; hand++) this.#hire(peer);
  }

  /** `undefined` after the last. */
  async next(): Promise<{ readonly result: Result } | undefined> {
    const { signal, method } = this.#job;
    for (;;) {
      if (signal?.aborted === true) throw signal.reason;
      const outcome = this.#outcomes.get(this.#handedOut);
      if (outcome !== undefined) {
        this.#outcomes.delete(this.#handedOut++);
        this.#changed();
        if ('error' in outcome) throw outcome.error;
        return outcome;
      }
      if (this.#exhausted && this.#handedOut === this.#taken) return undefined;
      if (this.#hands === 0) throw nobodyLeft(method, this.#lost);
      await this.#change();
    }
  }

  /** What runs is given up, and nothing more is taken. */
  async end(): Promise<void> {
    this.#over = true;
    this.#job.signal?.removeEventListener('abort', this.#aborted);
    this.#controller.abort(new PoolError('refused', 'nobody waits for the results any more'));
    this.#changed();
    if (!this.#exhausted) await this.#job.items.return?.();
  }

  readonly #aborted = (): void => this.#changed();

  #hire(peer: string): void {
    this.#hands++;
    this.#work(peer).then(
      () => this.#gone(),
      () => this.#gone(),
    );
  }

  #gone(): void {
    this.#hands--;
    this.#changed();
  }

  async #work(peer: string): Promise<void> {
    for (let task = await this.#task(); task !== undefined; task = await this.#task()) {
      try {
        this.#finish(task.index, { result: await this.#job.call(peer, task.item, this.#controller.signal) });
      } catch (error) {
        if (error instanceof PoolError && LOST.has(error.code)) {
          this.#lost.set(peer, error);
          this.#returned.push(task);
          return;
        }
        this.#finish(task.index, { error });
      }
    }
  }

  #finish(index: number, outcome: Outcome<Result>): void {
    this.#done++;
    this.#outcomes.set(index, outcome);
    this.#changed();
  }

  /** What another one could not finish comes first. Waits while others may still be lost. */
  async #task(): Promise<Task | undefined> {
    for (;;) {
      if (this.#over || (this.#exhausted && this.#done === this.#taken)) return undefined;
      const returned = this.#returned.shift();
      if (returned !== undefined) return returned;
      const { peers, perPeer } = this.#job;
      const free = this.#taken - this.#handedOut < AHEAD * peers.length * perPeer;
      const task = free && !this.#reading && !this.#exhausted ? await this.#read() : undefined;
      if (task !== undefined) return task;
      await this.#change();
    }
  }

  /** An error of the source has the place of the item that it stands for. */
  async #read(): Promise<Task | undefined> {
    this.#reading = true;
    try {
      const next = await this.#job.items.next();
      if (next.done !== true) return { index: this.#taken++, item: next.value };
      this.#exhausted = true;
    } catch (error) {
      this.#exhausted = true;
      this.#finish(this.#taken++, { error });
    } finally {
      this.#reading = false;
      this.#changed();
    }
    return undefined;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function nobodyLeft(method: string, lost: ReadonlyMap<string, PoolError>): PoolError {
  if (lost.size === 0)
    return new PoolError('unreachable', `there is nobody to call ${method}() of: waitFor somebody first`, { method });
  return severalErrors(`nobody is left to call ${method}() of`, lost).with({ method });
}
