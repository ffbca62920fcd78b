import type { ContractCase } from './contract-case.ts';
import { type MakeCommunicator, Party } from './party.ts';
import { type Fences, FenceError, Rendezvous } from './rendezvous.ts';

/** A case that takes longer than this, in ms, hangs. The longest needs a few seconds on a slow machine. */
const CASE_TIMEOUT = 30_000;

let rooms = 0;

/**
 * Plays a case with all parties in this process, in a room of its own. With any test runner:
 * ```ts
 * for (const contractCase of communicatorContract) {
 *   it(contractCase.title, () => runCase(contractCase, (room) => new MyCommunicator({ room })));
 * }
 * ```
 * @throws Error that says which promise was broken, or who waits for what when the case does not end
 */
export async function runCase(
  contractCase: ContractCase,
  communicator: (room: string) => ReturnType<MakeCommunicator>,
): Promise<void> {
  const names = Object.keys(contractCase.parties);
  const fences = new Rendezvous(names);
  const room = `contract-${++rooms}-${Math.random().toString(36).slice(2)}`;
  const outcomes = await Promise.allSettled(
    names.map((name) => runParty(contractCase, name, () => communicator(room), fences)),
  );
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
  const causes = errors.filter((error) => !(error.cause instanceof FenceError));
  if (errors.length > 0)
    throw new Error(errors.map(({ message }) => message).join('\n'), { cause: causes[0] ?? errors[0] });
}

/**
 * Plays one party of a case; the others are played elsewhere, e.g. each in a tab of its own, and meet this one at the fences.
 * Whatever the party made is shut down when this settles.
 */
export async function runParty(
  contractCase: ContractCase,
  name: string,
  communicator: MakeCommunicator,
  fences: Fences,
): Promise<void> {
  const procedure = contractCase.parties[name];
  if (procedure === undefined) throw new RangeError(`there is no ${name} in "${contractCase.title}"`);
  const party = new Party(name, Object.keys(contractCase.parties), communicator, fences);
  const clock = new Clock(party);
  try {
    await clock.race(
      procedure(party)
        .then(() => party.fence('the end'))
        .then(() => party.leave(true)),
    );
    if (party.complaints.length > 0) {
      throw new Error(`${name} heard what nobody asked for: ${party.complaints.join('; ')}`);
    }
  } catch (error) {
    const { place } = party;
    const message = error instanceof Error ? error.message : String(error);
    fences.fail(name, message);
    await party.leave(false);
    const told = error instanceof FenceError ? `was at ${place}` : message;
    throw new Error(`${name}: ${told}`, { cause: error });
  } finally {
    clock.stop();
  }
}

/** Ends what would not end by itself. */
class Clock {
  readonly #late: Promise<never>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(party: Party) {
    this.#late = new Promise((_, reject) => {
      this.#timer = setTimeout(() => {
        reject(new Error(`${party.name} is still at ${party.place} after ${CASE_TIMEOUT} ms`));
      }, CASE_TIMEOUT);
    });
  }

  race(promise: Promise<void>): Promise<void> {
    return Promise.race([promise, this.#late]);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
