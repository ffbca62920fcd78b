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

/** One part, by a server and a load of its own. */
export async function measure(
  part: Part,
  contender: Contender,
  round: number,
  results: Results,
  sizes: Sizes,
): Promise<void> {
  const add: Add = (name, unit, better, value) => {
    results.add({ name, unit, better, where: part }, contender, round, value);
  };
  // Where the load would be full before the server, it comes from clients that say the same and cost less.
  const make: Make = part === 'saturated' ? 'frames' : 'socket.io-client';
  const site = await open(contender, sizes.profiles);
  try {
    const load = await Load.start(site, make, sizes.generators);
    try {
      await PERFORMED[part](site, load, sizes, add);
    } finally {
      await load.leave();
    }
  } finally {
    await site.close();
  }
}

const PERFORMED: Record<Part, (site: Site, load: Load, sizes: Sizes, add: Add) => Promise<void>> = {
  memory: measureMemory,
  joins: measureJoins,
  saturated: measureSaturated,
  paced: measurePaced,
};

async function measureMemory(site: Site, load: Load, { peers, idle }: Sizes, add: Add): Promise<void> {
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

async function measureJoins(site: Site, load: Load, { joins }: Sizes, add: Add): Promise<void> {
  await load.join(Math.min(WARM_JOINS, joins), JOINING);
  const { report, cpu } = await watched(site, () => load.join(joins, JOINING));
  add('joins a second', 'joins/s', 'up', report.count / report.seconds);
  add('CPU of a join', 'µs', 'down', (cpu / report.count) * 1e6);
  add('join, p50', 'ms', 'down', quantile(report.latencies, 0.5));
  add('join, p99', 'ms', 'down', quantile(report.latencies, 0.99));
  tellBusy('joins', report, cpu, add);
}

async function measureSaturated(site: Site, load: Load, sizes: Sizes, add: Add): Promise<void> {
  const { inFlight, seconds, signaling } = sizes;
  await load.join(signaling, JOINING);
  await load.saturate(inFlight, Math.min(WARM_SECONDS, seconds));
  const { report, cpu } = await watched(site, () => load.saturate(inFlight, seconds));
  add('signals a second', 'signals/s', 'up', report.count / report.seconds);
  add('signals per second of CPU', 'signals/s', 'up', report.count / cpu);
  add('CPU of a signal', 'µs', 'down', (cpu / report.count) * 1e6);
  add(`signal, ${inFlight} on their way, p50`, 'ms', 'down', quantile(report.latencies, 0.5));
  add(`signal, ${inFlight} on their way, p99`, 'ms', 'down', quantile(report.latencies, 0.99));
  tellBusy('signals', report, cpu, add);
}

async function measurePaced(site: Site, load: Load, { rate, seconds, signaling }: Sizes, add: Add): Promise<void> {
  await load.join(signaling, JOINING);
  await load.pace(rate, Math.min(WARM_SECONDS, seconds));
  const { report, cpu } = await watched(site, () => load.pace(rate, seconds));
  add(`signal at ${rate}/s, p50`, 'ms', 'down', quantile(report.latencies, 0.5));
  add(`signal at ${rate}/s, p99`, 'ms', 'down', quantile(report.latencies, 0.99));
  add(`CPU of a signal at ${rate}/s`, 'µs', 'down', (cpu / report.count) * 1e6);
}

/** What the servers took meanwhile, in seconds of CPU. */
async function watched(site: Site, run: () => Promise<Report>): Promise<{ report: Report; cpu: number }> {
  const before = await site.cpu();
  const report = await run();
  return { report, cpu: (await site.cpu()) - before };
}

/** Whose limit was met: a rate says something of the server where that was full. */
function tellBusy(what: string, report: Report, cpu: number, add: Add): void {
  add(`${what}: servers busy`, '% of a core', 'up', (cpu / report.seconds) * 100);
  add(`${what}: load busy`, '% of a core', 'down', (report.cpu / report.seconds) * 100);
}

function passed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
