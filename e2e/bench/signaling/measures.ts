import { line, quantile } from '../statistics.ts';
import type { Metric, Results } from '../results.ts';
import type { Make } from './clients.ts';
import { type Contender, open, type Site } from './contenders.ts';
import type { Report } from './generator.ts';
import { Load } from './load.ts';

export const PARTS = ['memory', 'joins', 'saturated', 'paced'] as const;
export type Part = (typeof PARTS)[number];

/** How much of everything. */
export interface Sizes {
  /** Peers at which memory is looked at. */
  readonly peers: readonly number[];
  /** How long they are idle after that, in seconds; heartbeats come every 25. */
  readonly idle: number;
  readonly joins: number;
  /** Who signals, and how long, in seconds. */
  readonly signaling: number;
  readonly seconds: number;
  readonly inFlight: number;
  /** Signals a second where the server is not to be full. */
  readonly rate: number;
  /** Processes of the load. */
  readonly generators: number;
  readonly profiles: string | undefined;
}

type Add = (name: string, unit: string, better: Metric['better'], value: number) => void;

const MB = 1e6;
const GB = 1e9;
/** Joins that are under way at once: a class that comes in, not a whole town. */
const JOINING = 32;
/** Milliseconds for what a server does by itself after the last join. */
const SETTLE = 1000;
/** Joins and seconds of signals that nobody counts: V8 compiles meanwhile what it has seen often enough. */
const WARM_JOINS = 200;
const WARM_SECONDS = 2;
/** Turns of each contender in a round. Even: half of them in the opposite order. */
const SLICES = 10;

/** One part, by all contenders in this order. Who fails is left out of the rest of it. */
export async function measure(
  part: Part,
  contenders: readonly Contender[],
  round: number,
  results: Results,
  sizes: Sizes,
): Promise<void> {
  const attempt = async (contender: Contender, step: () => Promise<void>): Promise<boolean> => {
    try {
      await step();
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      results.fail({ contender, where: part, round, reason });
      return false;
    }
  };
  const adder = (contender: Contender): Add => {
    return (name, unit, better, value) => results.add({ name, unit, better, where: part }, contender, round, value);
  };
  if (part === 'memory') {
    for (const contender of contenders) {
      await attempt(contender, async () => {
        const stand = await Stand.open(contender, 'socket.io-client', sizes);
        try {
          await measureMemory(stand, sizes, adder(contender));
        } finally {
          await stand.close();
        }
      });
    }
    return;
  }
  const { make, prepare, slice, tell } = SLICED[part];
  const stands: Stand[] = [];
  let running: { readonly contender: Contender; readonly stand: Stand; readonly slices: Watched[] }[] = [];
  try {
    for (const contender of contenders) {
      await attempt(contender, async () => {
        const stand = await Stand.open(contender, make, sizes);
        stands.push(stand);
        await prepare(stand.load, sizes);
        running.push({ contender, stand, slices: [] });
      });
    }
    for (let number = 0; number < SLICES; number++) {
      for (const each of number % 2 === 0 ? [...running] : [...running].reverse()) {
        const { contender, stand, slices } = each;
        const done = await attempt(contender, async () => {
          slices.push(await stand.watched(() => slice(stand.load, sizes)));
        });
        if (!done) running = running.filter((other) => other !== each);
      }
    }
  } finally {
    await Promise.all(stands.map((stand) => stand.close()));
  }
  for (const { contender, slices } of running) tell(joined(slices), sizes, adder(contender));
}

/** A server that is measured, and its peers. */
class Stand {
  readonly site: Site;
  readonly load: Load;

  private constructor(site: Site, load: Load) {
    this.site = site;
    this.load = load;
  }

  static async open(contender: Contender, make: Make, { generators, profiles }: Sizes): Promise<Stand> {
    const site = await open(contender, profiles);
    try {
      return new Stand(site, await Load.start(site, make, generators));
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  async watched(run: () => Promise<Report>): Promise<Watched> {
    const before = await this.site.cpu();
    const report = await run();
    return { ...report, servers: (await this.site.cpu()) - before };
  }

  async close(): Promise<void> {
    await this.load.leave();
    await this.site.close();
  }
}

interface Watched extends Report {
  /** What the servers took meanwhile, in seconds of CPU. */
  readonly servers: number;
}

function joined(slices: readonly Watched[]): Watched {
  const sum = (part: (slice: Watched) => number): number => slices.reduce((all, slice) => all + part(slice), 0);
  return {
    count: sum(({ count }) => count),
    seconds: sum(({ seconds }) => seconds),
    latencies: slices.flatMap(({ latencies }) => latencies),
    cpu: sum(({ cpu }) => cpu),
    servers: sum(({ servers }) => servers),
  };
}

/**
 * What is measured in slices, in which contenders take turns while all of them are there: what else the machine does
 * meets one as well as the other.
 */
interface Sliced {
  readonly make: Make;
  readonly prepare: (load: Load, sizes: Sizes) => Promise<unknown>;
  readonly slice: (load: Load, sizes: Sizes) => Promise<Report>;
  readonly tell: (all: Watched, sizes: Sizes, add: Add) => void;
}

const SLICED: Record<Exclude<Part, 'memory'>, Sliced> = {
  joins: {
    make: 'socket.io-client',
    prepare: (load, { joins }) => load.join(Math.min(WARM_JOINS, joins), JOINING),
    slice: (load, { joins }) => load.join(joins / SLICES, JOINING),
    tell: (all, _, add) => {
      add('joins a second', 'joins/s', 'up', all.count / all.seconds);
      add('CPU of a join', 'µs', 'down', (all.servers / all.count) * 1e6);
      add('join, p50', 'ms', 'down', quantile(all.latencies, 0.5));
      add('join, p99', 'ms', 'down', quantile(all.latencies, 0.99));
      tellBusy('joins', all, add);
    },
  },
  saturated: {
    // Real clients would be full before the server; these say the same and cost less.
    make: 'frames',
    prepare: async (load, { signaling, inFlight, seconds }) => {
      await load.join(signaling, JOINING);
      await load.saturate(inFlight, Math.min(WARM_SECONDS, seconds));
    },
    slice: (load, { inFlight, seconds }) => load.saturate(inFlight, seconds / SLICES),
    tell: (all, { inFlight }, add) => {
      add('signals a second', 'signals/s', 'up', all.count / all.seconds);
      add('signals per second of CPU', 'signals/s', 'up', all.count / all.servers);
      add('CPU of a signal', 'µs', 'down', (all.servers / all.count) * 1e6);
      add(`signal, ${inFlight} on their way, p50`, 'ms', 'down', quantile(all.latencies, 0.5));
      add(`signal, ${inFlight} on their way, p99`, 'ms', 'down', quantile(all.latencies, 0.99));
      tellBusy('signals', all, add);
    },
  },
  paced: {
    make: 'socket.io-client',
    prepare: async (load, { signaling, rate, seconds }) => {
      await load.join(signaling, JOINING);
      await load.pace(rate, Math.min(WARM_SECONDS, seconds));
    },
    slice: (load, { rate, seconds }) => load.pace(rate, seconds / SLICES),
    tell: (all, { rate }, add) => {
      add(`signal at ${rate}/s, p50`, 'ms', 'down', quantile(all.latencies, 0.5));
      add(`signal at ${rate}/s, p99`, 'ms', 'down', quantile(all.latencies, 0.99));
      add(`CPU of a signal at ${rate}/s`, 'µs', 'down', (all.servers / all.count) * 1e6);
    },
  },
};

async function measureMemory({ site, load }: Stand, { peers, idle }: Sizes, add: Add): Promise<void> {
  const rss: [number, number][] = [];
  const heap: [number, number][] = [];
  let there = 0;
  for (const size of peers) {
    if (size > there) there += (await load.join(size - there, JOINING)).count;
    await passed(SETTLE);
    const memory = await site.memory();
    rss.push([there, memory.rss]);
    heap.push([there, memory.heap]);
    add(`RSS with ${size} peers`, 'MB', 'down', memory.rss / MB);
  }
  const resident = line(rss);
  add('memory of an idle peer', 'kB', 'down', resident.slope / 1000);
  add("of it V8's", 'kB', 'down', line(heap).slope / 1000);
  add('farthest from a line', '× growth', 'down', resident.farthest);
  add('idle peers per GB', '', 'up', GB / resident.slope);
  const before = await site.cpu();
  await passed(idle * 1000);
  const share = ((await site.cpu()) - before) / idle;
  add('CPU of 1,000 idle peers', '% of a core', 'down', (share / there) * 1000 * 100);
  add('idle peers per core', '', 'up', there / share);
}

/** Whose limit was met: a rate says something of the server where that was full. */
function tellBusy(what: string, { seconds, servers, cpu }: Watched, add: Add): void {
  add(`${what}: servers busy`, '% of a core', 'up', (servers / seconds) * 100);
  add(`${what}: load busy`, '% of a core', 'down', (cpu / seconds) * 100);
}

function passed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
