import type { Communicator, Self } from '../communicators/communicator.ts';
import type { PoolEvents } from '../pool/listeners.ts';
import type { PoolOptions } from '../pool/pool-options.ts';
import { Pool } from '../pool/pool.ts';
import { check } from './check.ts';
import { Bench } from './bench.ts';
import type { Fences, Said } from './rendezvous.ts';

/** An event of a pool, with its name. */
export type Heard = {
  readonly [Name in keyof PoolEvents]: { readonly type: Name } & PoolEvents[Name];
}[keyof PoolEvents];

/** A communicator of the room the case is played in: a new one at each call, all for the same room. */
export type MakeCommunicator = () => Communicator | BreakableCommunicator;

/** A communicator under test whose links can be made to fail, as a network makes them: with what is under way in them, and without telling it before. */
export interface BreakableCommunicator {
  readonly communicator: Communicator;
  /** Every link of it breaks now, both ways. */
  breakLinks(): void;
}

/** What a receive waits for on a busy machine, in ms; cases about time say their own. */
const PATIENCE = 20_000;

/** The stage as one party sees it. What it makes here ends with the case. */
export class Party {
  readonly name: string;
  /** All parties of the case but this one, in the order in which they are written. */
  readonly others: readonly string[];
  /** What nobody asked for. A case that expects some takes them out; what is left at the end fails it. */
  readonly complaints: Error[] = [];
  readonly #make: MakeCommunicator;
  readonly #fences: Fences;
  readonly #pools: Pool[] = [];
  readonly #benches: Bench[] = [];
  readonly #breaks: (() => void)[] = [];
  readonly #heard = new WeakMap<Pool, Heard[]>();
  readonly #watchers = new Set<() => void>();
  #place = 'the beginning';

  constructor(name: string, parties: readonly string[], make: MakeCommunicator, fences: Fences) {
    this.name = name;
    this.others = parties.filter((party) => party !== name);
    this.#make = make;
    this.#fences = fences;
  }

  /** Where this party is: the last fence it came to. For whoever has to say why a case does not end. */
  get place(): string {
    return this.#place;
  }

  /** A communicator under test, not initialized yet. */
  communicator(): Communicator {
    const made = this.#make();
    if (!('breakLinks' in made)) return made;
    this.#breaks.push(() => made.breakLinks());
    return made.communicator;
  }

  /** Every link of this party's communicators breaks. Only for cases of `brokenLinkContract`. */
  breakLinks(): void {
    check(this.#breaks.length > 0, 'the communicator under test is one whose links can be broken');
    for (const breakLinks of this.#breaks) breakLinks();
  }

  /** A pool that is not initialized yet, under the party's name unless another is given. */
  pool(options: PoolOptions = {}, name = this.name): Pool {
    const heard: Heard[] = [];
    const hear =
      <Name extends keyof PoolEvents>(type: Name) =>
      (event: PoolEvents[Name]): void => {
        heard.push({ type, ...event } as Heard);
        if (type === 'error') this.complaints.push((event as PoolEvents['error']).error);
        this.lookAgain();
      };
    const on = {
      join: hear('join'),
      leave: hear('leave'),
      restart: hear('restart'),
      link: hear('link'),
      state: hear('state'),
      error: hear('error'),
    };
    const pool = new Pool(name, this.communicator(), { timeout: PATIENCE, leaveOnPageHide: false, ...options, on });
    this.#heard.set(pool, heard);
    this.#pools.push(pool);
    return pool;
  }

  /** A pool of this party's name that is connected to all others. */
  async join(options: PoolOptions = {}): Promise<Pool> {
    const pool = this.pool({ clients: this.others, ...options });
    await pool.initialize();
    return pool;
  }

  /** The seam below the pool: a communicator with a listener that writes down what it hears. */
  bench(self: Partial<Self> = {}): Bench {
    const bench = new Bench(this.communicator(), { name: this.name, ...self }, () => this.lookAgain());
    this.#benches.push(bench);
    return bench;
  }

  /** A bench that is connected to all others. */
  async sit(self: Partial<Self> = {}): Promise<Bench> {
    const bench = this.bench({ discover: false, ...self });
    for (const other of this.others) bench.communicator.addConnection(other);
    await bench.start();
    return bench;
  }

  /** All events of a pool of this party, in order; live. */
  heard(pool: Pool): readonly Heard[] {
    const heard = this.#heard.get(pool);
    check(heard !== undefined, 'the pool is one of this party');
    return heard;
  }

  /** `join`, `leave` and `restart` of a pool in short, e.g. `leave bob goodbye`. */
  membership(pool: Pool): readonly string[] {
    return this.heard(pool).flatMap((event) => {
      if (event.type === 'join') return [`join ${event.name}`];
      if (event.type === 'leave') return [`leave ${event.name} ${event.reason}`];
      return event.type === 'restart' ? [`restart ${event.name} ${event.unread}`] : [];
    });
  }

  /** Resolves when every party has come to the fence of this name, with what each of them said there. */
  async fence(name: string, saying: unknown = null): Promise<Said> {
    this.#place = `the fence "${name}"`;
    const said = await this.#fences.meet(this.name, name, saying);
    this.#place = `after the fence "${name}"`;
    return said;
  }

  /** Resolves when the condition holds. Looks at once, and again whenever something was heard. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        try {
          if (!condition()) return;
          resolve();
        } catch (error) {
          reject(error);
        }
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Something was heard that `until` cannot know of. */
  lookAgain(): void {
    for (const look of this.#watchers) look();
  }

  /** Whatever this party made is shut down; `flush: false` when the case has failed. */
  async leave(flush: boolean): Promise<void> {
    this.#place = 'its shutdown';
    const pools = this.#pools.filter((pool) => pool.state !== 'uninitialized');
    const benches = this.#benches.filter(({ communicator }) => communicator.state !== 'uninitialized');
    await Promise.all([
      ...pools.map((pool) => pool.shutdown({ flush })),
      ...benches.map(({ communicator }) => communicator.shutdown({ flush })),
    ]);
    this.#place = 'the end';
  }
}
