import type { Message, Pool } from 'peerpool';

/** One run of a protocol, known to all who take part. */
export interface Run {
  /** A new one for each run. */
  readonly id: string;
  /** In the order of their names. */
  readonly parties: readonly string[];
}

/**
 * Lets anyone begin a run of those who are willing. Whoever asks, the first of them by name begins it, so that two who press at once begin one run and not two.
 */
export class Runs {
  readonly #pool: Pool;
  readonly #acts: { willing(): readonly string[]; perform(run: Run): Promise<void> };
  #running = false;

  /** Before the pool joins. `perform` never rejects. */
  constructor(pool: Pool, acts: { willing(): readonly string[]; perform(run: Run): Promise<void> }) {
    this.#pool = pool;
    this.#acts = acts;
    pool.onMessage(() => this.#begin(), { msgId: 'begin' });
    pool.onMessage((message: Message<Run>) => this.#joined(message.value), { msgId: 'run', parse: toRun });
  }

  async ask(): Promise<void> {
    const [first] = this.#parties();
    if (first === this.#pool.name) await this.#begin();
    else if (first !== undefined) await this.#pool.send(first, null, 'begin');
  }

  #parties(): string[] {
    return [...this.#acts.willing()].sort();
  }

  async #begin(): Promise<void> {
    const parties = this.#parties();
    if (this.#running || !parties.includes(this.#pool.name)) return;
    const run: Run = { id: `${this.#pool.instance} ${performance.now()}`, parties };
    const recipients = parties.filter((name) => name !== this.#pool.name);
    // Who can't be told does not take part, and then the run fails and says whom it missed.
    const told = this.#pool.broadcast(run, { recipients, msgId: 'run' }).catch(() => {});
    await Promise.all([told, this.#perform(run)]);
  }

  /** Nobody takes part who did not want to. */
  #joined(run: Run): void {
    const { name } = this.#pool;
    if (this.#running || !run.parties.includes(name) || !this.#acts.willing().includes(name)) return;
    this.#perform(run).catch(reportError);
  }

  async #perform(run: Run): Promise<void> {
    this.#running = true;
    try {
      await this.#acts.perform(run);
    } finally {
      this.#running = false;
    }
  }
}

function toRun(value: unknown): Run {
  const { id, parties } = Object(value) as Partial<Record<keyof Run, unknown>>;
  if (typeof id === 'string' && Array.isArray(parties) && parties.every((name) => typeof name === 'string'))
    return { id, parties };
  throw new TypeError('not a run');
}
