import type { Clock } from './clock.ts';
import type { Coverage } from './coverage.ts';
import type { Plan } from './plan.ts';
import type { Random } from './random.ts';
import type { Verdict } from './verdict.ts';

/** What everything in one run shares. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly plan: Plan;
  readonly coverage: Coverage;
  readonly verdict: Verdict;
  /** No faults, no timeouts, no calls back any more: everything has to settle. */
  calm: boolean;
  /** Numbers messages, halves of ids, instances. */
  next(): number;
}
