import type { Figure } from '../figures.ts';
import type { Results } from '../results.ts';
import { estimate } from '../statistics.ts';
import type { Contender } from './contenders.ts';

const BARE = ['bare'] as const;
const OTHERS = ['PeerServer'] as const;

/** Of the signaling server. */
export const FIGURES: readonly Figure<Contender>[] = [
  { name: 'signals a second', metric: 'signals a second', against: BARE, least: 0.9 },
  { name: 'signals per second of CPU', metric: 'signals per second of CPU', against: BARE, least: 0.9 },
  { name: 'memory of an idle peer', metric: 'memory of an idle peer', against: BARE, most: 1.25 },
  { name: 'signals a second', metric: 'signals a second', against: OTHERS, least: 1 },
  { name: 'signals per second of CPU', metric: 'signals per second of CPU', against: OTHERS, least: 1 },
  { name: 'memory of an idle peer', metric: 'memory of an idle peer', against: OTHERS, most: 1 },
  { name: 'memory grows in a line', metric: 'farthest from a line', most: 0.05 },
];

/** What it costs to be several. */
const HOP = ['CPU of a signal', 'signals a second', 'CPU of a join'];
/** A rate below this share of a core is that of the load. */
const FULL = 90;

/** What to think of when the table is read. */
export function remarks(results: Results): string {
  const idle = (['bare', 'peerpool', 'PeerServer'] satisfies Contender[]).flatMap((contender) => {
    const busy = estimate(results.values('signals: servers busy', contender));
    return busy.median < FULL ? [`${contender} (${busy.median.toFixed(0)} %)`] : [];
  });
  const hops = [...HOP, ...results.metrics.map(({ name }) => name).filter((name) => /^signal at .*p50$/.test(name))];
  const cost = hops.flatMap((metric) => {
    const { median, low, high, samples } = estimate(results.ratios(metric, 'redis-3', 'redis-1'));
    return samples === 0 ? [] : [`${metric} ${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`];
  });
  return [
    ...(idle.length > 0
      ? [`Signals a second were limited by the load or the machine, not by ${idle.join(', ')}: compare CPU.`]
      : []),
    ...(cost.length > 0 ? [`Three nodes over Redis ÷ one: ${cost.join('; ')}.`] : []),
  ].join('\n');
}
