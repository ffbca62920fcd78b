import type { Party } from './party.ts';

/** What one party does, from top to bottom. Parties run at the same time and meet at fences. */
export type Procedure = (self: Party) => Promise<void>;

/**
 * A promise of every communicator, as a play: named parties, each a procedure that can run in a tab of its own. It knows no test runner and never sleeps.
 */
export interface ContractCase {
  /** Begins with the ids of the conformance cases it stands for. */
  readonly title: string;
  readonly parties: Readonly<Record<string, Procedure>>;
}

export function contractCase(title: string, parties: Readonly<Record<string, Procedure>>): ContractCase {
  return { title, parties };
}
