import type { Random } from './random.ts';

/** What one run is like, drawn from its seed before anything happens. By side where there are two. */
export interface Plan {
  /** A tenth of the runs has none: there a lost wake-up is not healed by the next hello. */
  readonly cuts: boolean;
  readonly packetBytes: number;
  /** Each link has packets of its own size, as where WebRTC and channels take turns. */
  readonly mixed: boolean;
  readonly laneBytes: number;
  readonly inboxLimit: readonly [number, number];
  readonly outboxLimit: readonly [number, number];
  readonly maxMessageSize: readonly [number, number];
  /** Of each lane, in milliseconds. */
  readonly latency: readonly [number, number];
  /** Of the storm, in milliseconds. */
  readonly duration: number;
  readonly steps: number;
  readonly stepEvery: number;
  readonly faults: number;
  readonly faultEvery: number;
  readonly queues: readonly string[];
  /** How often a listener calls back in, and how often it throws. */
  readonly callsBack: number;
  readonly refuses: number;
  /** Pings go out; they heal as well, and so do not everywhere. */
  readonly pings: boolean;
  /** How large messages are, at most and by far not always. */
  readonly largest: number;
  /** One side stops for good, restarts or gives the other up now and then. */
  readonly departures: boolean;
  readonly ending: 'none' | 'goodbye' | 'both' | 'removed' | 'abort';
}

const QUEUES = ['', 'a', 'b', 'a longer queue key, as an application may well have', 'ü', 'e'] as const;

export function planOf(random: Random): Plan {
  const cuts = !random.chance(1 / 10);
  const limit = random.pick([2_000, 6_000, 20_000, 20_000, 60_000]);
  const other = random.chance(1 / 3) ? random.pick([1_000, 9_000, 40_000]) : limit;
  const latency = random.pick([0, 1, 5, 20]);
  const largest = random.pick([300, 300, 3_000, 3_000, 9_000, 9_000, 30_000, 3 * limit]);
  // Links break all the way through the traffic, and not behind it.
  const duration = random.pick([100, 400, 1_600, 3_200]);
  const steps = random.between(4, 20);
  const faults = random.between(16, 96);
  return {
    cuts,
    packetBytes: packetBytesOf(random),
    laneBytes: random.pick([1, 8_192, 65_536]),
    inboxLimit: [limit, other],
    outboxLimit: [random.chance(1 / 6) ? 3 * largest : 1 << 26, 1 << 26],
    maxMessageSize: [1 << 20, random.chance(1 / 6) ? Math.ceil(largest / 2) : 1 << 20],
    latency: [latency, random.chance(1 / 2) ? latency : random.pick([0, 1, 30])],
    steps,
    stepEvery: duration / steps,
    faults,
    faultEvery: duration / faults,
    duration,
    queues: QUEUES.slice(0, random.between(1, QUEUES.length)),
    callsBack: random.chance(1 / 2) ? 1 / 6 : 0,
    refuses: random.chance(1 / 3) ? 1 / 8 : 0,
    pings: random.chance(1 / 3),
    largest,
    departures: cuts && random.chance(1 / 4),
    ending: random.pick(['none', 'goodbye', 'both', 'removed', 'abort']),
    mixed: random.chance(1 / 3),
  };
}

/** Of one link, in bytes. */
export function packetBytesOf(random: Random): number {
  return random.pick([4_096, 4_096, 4_100, 16_384]);
}

/** Most messages are small, some sit at a boundary, a few are the largest there are. */
export function sizeOf(plan: Plan, random: Random): number {
  const size = random.below(16);
  if (size === 0) return 0;
  if (size < 8) return random.below(Math.min(200, plan.largest));
  if (size < 12) return random.below(Math.min(2_000, plan.largest));
  if (size === 12) return Math.min(plan.largest, random.pick([4_096, 8_192, plan.packetBytes]) + random.between(-8, 8));
  return random.below(plan.largest + 1);
}
