import { PoolError } from '../errors.ts';

/** Milliseconds. */
const SPAN = 1000;
/** Told of one peer in that time: who reads them has read enough, and a flood of calls that fail is no flood of errors. */
const MOST = 32;
/** Names of peers come and go; beyond this many the ones that may speak again are forgotten. */
const NAMES = 256;

interface Told {
  readonly until: number;
  times: number;
  untold: number;
}

/** `error` events, of which one peer causes only so many: the next that is told counts those before it that were not. What is no peer's doing is always told. */
export class Complaints {
  readonly #peers = new Map<string, Told>();
  readonly #tell: (error: Error) => void;

  constructor(tell: (error: Error) => void) {
    this.#tell = tell;
  }

  complain(error: Error): void {
    if (!(error instanceof PoolError) || error.peer === undefined) {
      this.#tell(error);
      return;
    }
    const now = performance.now();
    const before = this.#peers.get(error.peer);
    if (before !== undefined && now < before.until) {
      if (before.times++ < MOST) this.#tell(error);
      else before.untold++;
      return;
    }
    if (this.#peers.size >= NAMES)
      for (const [name, { until }] of this.#peers) if (until <= now) this.#peers.delete(name);
    this.#peers.set(error.peer, { until: now + SPAN, times: 1, untold: 0 });
    const untold = before?.untold ?? 0;
    this.#tell(
      untold === 0 ? error : new PoolError(error.code, `${error.detail} (and ${untold} more before it)`, error),
    );
  }
}
