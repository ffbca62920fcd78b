import type { Deadline, Deadlines } from '../deadlines.ts';

/** A deadline that comes later than this, in ms, was not waited for: the machine slept, or the page was stopped. */
export const SLEPT_AFTER = 2_000;

/** How long somebody without a link is waited for. Time that we slept through is no time to come back in, so after a sleep it is counted anew, once. */
export class Patience {
  readonly #deadlines: Deadlines;
  #deadline: Deadline | undefined;

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** Waits anew. `woken` is told of a sleep, `over` when the time is. */
  start(ms: number, woken: () => void, over: () => void): void {
    const due = performance.now() + ms;
    this.stop();
    this.#deadline = this.#deadlines.add(ms, () => {
      if (performance.now() - due <= SLEPT_AFTER) return over();
      this.#deadline = this.#deadlines.add(ms, over);
      woken();
    });
  }

  stop(): void {
    this.#deadline?.cancel();
  }
}
