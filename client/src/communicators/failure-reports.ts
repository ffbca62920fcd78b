import type { PoolError } from '../errors.ts';

/** Told at most this often, in ms. */
const TOLD_EVERY = 1_000;

/** Failures of sends to one peer that nobody awaits: an error now and then, which counts those that were not told. */
export class FailureReports {
  readonly #peer: string;
  readonly #report: (error: PoolError) => void;
  #untold = 0;
  #told = Number.NEGATIVE_INFINITY;

  constructor(peer: string, report: (error: PoolError) => void) {
    this.#peer = peer;
    this.#report = report;
  }

  tell(error: PoolError): void {
    this.#untold++;
    const now = performance.now();
    if (now - this.#told < TOLD_EVERY) return;
    const more = this.#untold > 1 ? ` (and ${this.#untold - 1} more since the last report)` : '';
    this.#told = now;
    this.#untold = 0;
    this.#report(error.with({ peer: this.#peer, cause: error }, `${error.detail}${more}`));
  }
}
