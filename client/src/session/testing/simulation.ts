import { Coverage } from './coverage.ts';
import type { Report, Span } from './report.ts';
import { Run } from './run.ts';

/** Two sessions over links that break, again and again, each run from a seed of its own. */
export function simulateSession({ seed, runs, cuts = Number.POSITIVE_INFINITY, failures: enough = 3 }: Span): Report {
  const coverage = new Coverage();
  const failures: { seed: number; text: string }[] = [];
  const total = { runs: 0, cuts: 0, sent: 0, lost: 0, duplicated: 0, reordered: 0, unsettled: 0, largestMemory: 0 };
  // Every rejection is an error, and the stack of each costs more than all else that becomes of it. One run alone is there to be looked at.
  const { stackTraceLimit } = Error;
  if (runs > 1) Error.stackTraceLimit = 0;
  while (total.runs < runs && total.cuts < cuts && failures.length < enough) {
    const own = (seed + total.runs) >>> 0;
    const run = new Run(own, coverage);
    run.run();
    const { sent, wrong, text, largestMemory } = run.verdict;
    total.runs++;
    total.cuts += run.cuts;
    total.sent += sent;
    total.lost += wrong.lost;
    total.duplicated += wrong.duplicated;
    total.reordered += wrong.reordered;
    total.unsettled += wrong.unsettled;
    total.largestMemory = Math.max(total.largestMemory, largestMemory);
    if (text !== undefined) failures.push({ seed: own, text });
  }
  Error.stackTraceLimit = stackTraceLimit;
  return { ...total, failures, coverage: coverage.counts };
}
