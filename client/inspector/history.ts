/** What one peer, or the pool, did at one moment. Rates are in bytes per second. */
export interface Sample {
  /** As `Date.now()`. */
  readonly time: number;
  /** Milliseconds. */
  readonly roundTripTime: number | undefined;
  readonly sentRate: number;
  readonly receivedRate: number;
}

/** Two minutes, at one a second. */
export const SAMPLES = 120;

/** Sums so far, of which a history makes rates. */
export interface Counted {
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** The last two minutes. */
export class History {
  readonly #samples: Sample[] = [];
  #before: (Counted & { readonly time: number }) | undefined;

  /** Oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  get latest(): Sample | undefined {
    return this.#samples.at(-1);
  }

  /** The first look has nothing to be compared with, and makes no sample. */
  add(time: number, counted: Counted, roundTripTime: number | undefined): void {
    const before = this.#before;
    const { bytesSent, bytesReceived } = counted;
    if (before !== undefined && time <= before.time) return;
    this.#before = { time, bytesSent, bytesReceived };
    if (before === undefined) return;
    const seconds = (time - before.time) / 1000;
    // Sums that fall were reset.
    const rate = (now: number, then: number): number => (now < then ? now : now - then) / seconds;
    this.#samples.push({
      time,
      roundTripTime,
      sentRate: rate(bytesSent, before.bytesSent),
      receivedRate: rate(bytesReceived, before.bytesReceived),
    });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }
}
