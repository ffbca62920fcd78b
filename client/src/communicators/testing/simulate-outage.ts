import { Backoff, LONGEST_MS } from '../webrtc/backoff.ts';
import { outage, type OutageOptions, type Pauses, type Return } from './outage.ts';

export interface OutageSpan extends OutageOptions {
  readonly runs: number;
  /** After so many the rest says nothing new. */
  readonly failures?: number | undefined;
}

export interface OutageReport {
  readonly runs: number;
  /** Of the last run: what became of them by each way to wait. */
  readonly returns: Readonly<Record<string, Return>>;
  readonly failures: readonly { readonly seed: number; readonly text: string }[];
}

/** As `SignalingClient` waits. */
const ours: Pauses = (chance) => {
  const backoff = new Backoff(1, chance);
  return (tried) => {
    backoff.failed(tried);
    return backoff.pause();
  };
};

/** What it is compared with. */
const others: Readonly<Record<string, Pauses>> = {
  'after 1 to 5 s': (chance) => {
    let tries = 0;
    return () => 1000 + chance() * (Math.min(1000 * 2 ** ++tries, 5000) - 1000);
  },
  'doubled, no chance': () => {
    let tries = 0;
    return () => Math.min(1000 * 2 ** tries++, 30_000);
  },
};

/** No more tries may come in the worst second, of as many as the server can serve in that time, or would come if all came spread over as long as it was away. */
const MOST_CROWDED = 2;
/** No more joins may be for nothing, of as many as there are clients; where it was away for long enough to spread them. */
const MOST_WASTED = 0.1;

/** An outage after the other, each with the next seed, by our pauses and by others. What ours do is judged. */
export async function simulateOutage(span: OutageSpan): Promise<OutageReport> {
  const { seed, runs, failures: enough = Number.POSITIVE_INFINITY } = span;
  const failures: { seed: number; text: string }[] = [];
  let returns: Record<string, Return> = {};
  let run = 0;
  for (; run < runs && failures.length < enough; run++) {
    const options = { ...span, seed: seed + run };
    returns = { ours: await outage(options, ours) };
    for (const [name, pauses] of Object.entries(others)) returns[name] = await outage(options, pauses);
    const text = returns['ours'] && wrong(options, returns['ours']);
    if (text !== undefined) failures.push({ seed: options.seed, text });
  }
  return { runs: run, returns, failures };
}

/** What should not have become of them. */
function wrong(
  { clients, capacity, outage: seconds }: OutageOptions,
  { all, peak, wasted }: Return,
): string | undefined {
  const work = clients / capacity;
  const crowded = MOST_CROWDED * Math.max(capacity, clients / Math.max(1, seconds));
  if (peak > crowded) return `${peak} tries come in one second, and not ${Math.round(crowded)} at most`;
  const soon = LONGEST_MS + 2 * work * 1000;
  if (all > soon) return `all are back after ${Math.round(all)} ms, and not within ${Math.round(soon)}`;
  if (seconds >= work && wasted > MOST_WASTED * clients) return `${wasted} joins are served to who has given up`;
  return undefined;
}
