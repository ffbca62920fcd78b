import type { ContenderName } from './page/main.ts';
import type { Results } from './results.ts';
import { type Estimate, estimate } from './statistics.ts';

/** What is to be reached, as a ratio: at least or at most. */
export interface Figure<Contender extends string = string> {
  readonly name: string;
  readonly metric: string;
  /** Whose figure it is; default `peerpool`. */
  readonly whose?: Contender;
  /** Who is compared with: the bare channel, or the best of several in this run. Without it the metric is a ratio itself. */
  readonly against?: readonly Contender[];
  /** Another metric of theirs, where the same thing has another name. */
  readonly theirs?: string;
  readonly least?: number;
  readonly most?: number;
}

export interface Verdict extends Figure {
  readonly ratio: Estimate;
  /** Whose figure it was compared with, or what. */
  readonly best: string;
  readonly reached: boolean;
}

const BARE = ['bare'] as const;
const PEERS = ['PeerJS', 'Trystero', 'simple-peer'] as const;
const MESH_SIZE = 16;

/** Of tabs. */
export const FIGURES: readonly Figure<ContenderName>[] = [
  { name: '100 B messages, warm', metric: '100 B, warm', against: BARE, least: 5 },
  { name: '100 B messages, first second', metric: '100 B, first second', against: BARE, least: 3 },
  { name: '100 B messages, warm', metric: '100 B, warm', against: PEERS, least: 8 },
  { name: '1 KiB messages', metric: '1 KiB, warm', against: BARE, least: 1.3 },
  { name: 'round trip 64 B, p50', metric: 'round trip 64 B, p50', against: BARE, most: 1.1 },
  { name: 'round trip 64 B, p99', metric: 'round trip 64 B, p99', against: BARE, most: 1.3 },
  {
    name: 'awaited `delivered`, over round trips one after the other',
    metric: '100 B, awaited delivered',
    theirs: 'round trips one after the other',
    against: BARE,
    least: 0.9,
  },
  { name: 'calls of 64 B, one at a time', metric: 'calls of 64 B, one at a time', against: BARE, least: 0.85 },
  { name: 'calls of 64 B, 64 at once', metric: 'calls of 64 B, 64 at once', against: BARE, least: 0.85 },
  { name: '64 KiB values', metric: '64 KiB values', against: BARE, least: 1 },
  { name: '1 MiB values', metric: '1 MiB values', against: BARE, least: 1 },
  { name: '16 MiB values', metric: '16 MiB values', against: BARE, least: 1 },
  { name: 'round trip under bulk, p50', metric: 'round trip under bulk, p50', against: ['Trystero'], most: 0.65 },
  { name: 'round trip under bulk, p99', metric: 'round trip under bulk, p99', against: ['Trystero'], most: 0.65 },
  { name: 'bulk under pings', metric: 'bulk under pings', against: BARE, least: 0.95 },
  {
    name: 'broadcast of 100 B to 7, main thread',
    metric: 'broadcast to 7, 100 B, main thread of the sender',
    against: BARE,
    most: 1.15,
  },
  {
    name: 'broadcast of 1 MiB to 7, main thread',
    metric: 'broadcast to 7, 1 MiB, main thread of the sender',
    against: BARE,
    most: 1.15,
  },
  { name: `mesh of ${MESH_SIZE}`, metric: `mesh of ${MESH_SIZE}`, against: BARE, most: 1.1 },
  {
    name: '256 MiB, peak at the sender beyond the value',
    metric: '256 MiB, peak at the sender beyond it',
    most: 1.2,
  },
  { name: '256 MiB, peak at the receiver', metric: '256 MiB, peak at the receiver', most: 1.2 },
  { name: 'first connect', metric: 'connect, first answer', against: BARE, most: 1.15 },
  ...['1 MiB values', '16 MiB values'].map((metric): Figure<ContenderName> => ({
    name: `${metric}, within one browser`,
    metric,
    whose: 'peerpool, local',
    against: ['peerpool'],
    least: 10,
  })),
];

/** Those of which there is something to say. Reached when the interval reaches it. */
export function judge(results: Results, wanted: readonly Figure[]): Verdict[] {
  return wanted.flatMap((figure) => {
    const { metric, whose = 'peerpool', against, theirs = metric, least } = figure;
    const up = least !== undefined;
    if (against === undefined) {
      const ratio = estimate(results.values(metric, whose));
      return ratio.samples === 0 ? [] : [{ ...figure, ratio, best: 'the value', reached: reaches(figure, ratio) }];
    }
    const present = against.filter((other) => results.ratios(metric, whose, other, theirs).length > 0);
    const median = (other: string): number => estimate(results.values(theirs, other)).median;
    const [best] = present.sort((one, other) => (up ? median(other) - median(one) : median(one) - median(other)));
    if (best === undefined) return [];
    const ratio = estimate(results.ratios(metric, whose, best, theirs));
    return [{ ...figure, ratio, best, reached: reaches(figure, ratio) }];
  });
}

function reaches({ least, most = Number.NaN }: Figure, { low, high }: Estimate): boolean {
  return least === undefined ? low <= most : high >= least;
}
