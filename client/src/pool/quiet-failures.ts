import type { PoolError } from '../errors.ts';

/** Milliseconds. Sends nobody awaits may fail by the thousand; who listens to `error` shall still be able to read it. */
const QUIET = 1000;
/** Names of peers come from the application; beyond this many the ones that can speak again are forgotten. */
const NAMES = 256;

/** Failures of sends with `ack: 'none'`: an error at most once per peer and second, which counts those before it that were not told. */
export class QuietFailures {
  readonly #peers = new Map<string, { readonly until: number; untold: number }>();
  readonly #tell: (error: PoolError) => void;

  constructor(tell: (error: PoolError) => void) {
    this.#tell = tell;
  }

  failed(peer: string, error: PoolError): void {
    const now = performance.now();
    const last = this.#peers.get(peer);
    if (last !== undefined && now < last.until) {
      last.untold++;
      return;
    }
    if (this.#peers.size >= NAMES)
      for (const [name, { until }] of this.#peers) if (until <= now) this.#peers.delete(name);
    this.#peers.set(peer, { until: now + QUIET, untold: 0 });
    const others = last === undefined || last.untold === 0 ? '' : ` (and ${last.untold} more before it)`;
    this.#tell(error.with({ peer, cause: error }, `${error.detail}${others}`));
  }
}
