import { Random } from '../../session/testing/random.ts';
import { VirtualClock } from './virtual-clock.ts';

/** One server, and those whom it loses in one instant. */
export interface OutageOptions {
  readonly clients: number;
  /** Joins that the server can serve, a second. */
  readonly capacity: number;
  /** How long it is away, in s. */
  readonly outage: number;
  readonly seed: number;
}

/** The pauses of one client, in ms; asked when it is lost, and after each try that failed, which took so long, in ms. */
export type Pauses = (chance: () => number) => (tried: number) => number;

/** What became of them. Times are in ms from the moment in which the server is back. */
export interface Return {
  /** When half of them, 99 of 100, and all were back; infinite where they never were. */
  readonly half: number;
  readonly most: number;
  readonly all: number;
  /** Tries, from the loss on. */
  readonly tries: number;
  /** Tries in the worst second after the server is back. */
  readonly peak: number;
  /** How long the longest row of those who wait at the server is. */
  readonly queue: number;
  /** Joins that were served to who had given up. */
  readonly wasted: number;
}

/** How long a try waits for the server, in ms: a client that was given three servers has so much for each of its 13.5 s. */
const PATIENCE_MS = 4500;
/** Who is not back then will never be, in ms. */
const HORIZON = 600_000;

/**
 * Virtual time. While the server is away tries fail at once; when it is back they queue, and are served in order. It learns that somebody has given up when it has done
 * the work: so too much of it at once is work for nothing, and makes more.
 */
export async function outage(
  { clients, capacity, outage: seconds, seed }: OutageOptions,
  pauses: Pauses,
): Promise<Return> {
  const luck = new Random(seed);
  const clock = new VirtualClock(luck);
  const chance = (): number => luck.below(2 ** 32) / 2 ** 32;
  const began = seconds * 1000;
  const service = 1000 / capacity;
  const back: number[] = [];
  const perSecond = new Map<number, number>();
  let tries = 0;
  let queue = 0;
  let longest = 0;
  let wasted = 0;
  /** When the server has done all that waits for it. */
  let free = began;

  const attempt = (next: (tried: number) => number): void => {
    tries++;
    const again = (tried: number): void => clock.after(next(tried), undefined, () => attempt(next));
    if (clock.now < began) return again(0);
    const second = Math.floor((clock.now - began) / 1000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    longest = Math.max(longest, ++queue);
    free = Math.max(free, clock.now) + service;
    const wait = free - clock.now;
    const late = wait > PATIENCE_MS;
    if (late) clock.after(PATIENCE_MS, undefined, () => again(PATIENCE_MS));
    clock.after(wait, undefined, () => {
      queue--;
      if (late) wasted++;
      else back.push(clock.now - began);
    });
  };

  for (let client = 0; client < clients; client++) {
    const next = pauses(chance);
    clock.after(next(0), undefined, () => attempt(next));
  }
  await clock.run(began + HORIZON, () => back.length === clients);
  const by = (share: number): number => back[Math.ceil(clients * share) - 1] ?? Number.POSITIVE_INFINITY;
  const peak = Math.max(0, ...perSecond.values());
  return { half: by(0.5), most: by(0.99), all: by(1), tries, peak, queue: longest, wasted };
}
