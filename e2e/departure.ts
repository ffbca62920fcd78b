import type { Pool } from '../client/src/index.ts';

declare global {
  /** The next departure that the page's pool sees, e.g. `alice goodbye`. */
  var departure: Promise<string>;
}

/** Runs in the page, before anybody goes: over loopback a goodbye is faster than the next command of a test. */
export function watchDepartures(pool: Pool): void {
  globalThis.departure = new Promise((resolve) => {
    pool.on('leave', ({ name, reason }) => resolve(`${name} ${reason}`));
  });
}
