import type { Report, Span } from '../../session/testing/report.ts';
import { Coverage, SIGHTS } from './coverage.ts';
import { PairingWorld } from './pairing-world.ts';

export interface PairingSpan extends Span {
  /** Hears, line by line, what happened in a run that failed. */
  readonly trace?: ((line: string) => void) | undefined;
}

/** Between two looks at how much memory is held, in runs. */
const WEIGH_EVERY = 16;

/**
 * Rooms full of tabs, one after the other, each run with the next seed; ends after so many runs, or when so many links were cut. Memory is that of the whole process.
 * A seed in `failures` shows the same failure alone, with `runs: 1`.
 */
export async function simulatePairing({ runs, seed, cuts, trace }: PairingSpan): Promise<Report> {
  const coverage = new Coverage(SIGHTS);
  const failures: { seed: number; text: string }[] = [];
  const total = { cuts: 0, sent: 0, lost: 0, duplicated: 0, reordered: 0, unsettled: 0 };
  let largestMemory = 0;
  let run = 0;
  for (; run < runs && total.cuts < (cuts ?? Number.POSITIVE_INFINITY); run++) {
    const outcome = await new PairingWorld(seed + run, coverage, trace !== undefined).run();
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += outcome[key];
    if (outcome.failure !== undefined) {
      failures.push({ seed: outcome.seed, text: outcome.failure });
      for (const line of outcome.trace) trace?.(line);
    }
    if (run % WEIGH_EVERY === 0) largestMemory = Math.max(largestMemory, process.memoryUsage().heapUsed);
    // A run is one turn of the process; where it is part of a test, somebody waits for a sign of life.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return { runs: run, ...total, failures, coverage: coverage.counts, largestMemory };
}
