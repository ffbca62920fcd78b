import type { Random } from '../session/testing/random.ts';

/** One door through which a stranger's bytes come in. */
export interface Target {
  /**
   * One input, drawn from numbers that are its own: it depends on no input before it. `note` keeps what is handed in, so that a failure can show it.
   * @throws whatever should not have happened
   */
  input(random: Random, note: (given: Uint8Array | string) => void): void | Promise<void>;
  /** Gives back what all inputs shared. */
  close?(): Promise<void>;
}

/** @throws Error that says what is wrong */
export function check(fine: boolean, what: string): asserts fine {
  if (!fine) throw new Error(what);
}

/** What a stranger may cause: errors of these classes and nothing else. */
export function allowed(classes: readonly (new (...given: never[]) => Error)[], run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!classes.some((Class) => error instanceof Class)) throw error;
  }
}
