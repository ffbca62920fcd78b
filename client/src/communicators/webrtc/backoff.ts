/** The first try comes within this time, in ms: half of it on average is what a server that is back at once costs a user. */
const FIRST_MS = 2000;
/**
 * No pause is longer, in ms. 10,000 clients that have waited that long come at 667 a second. It is also how long a client stays in the room until what went before is
 * forgotten: who lets clients in and drops them is not asked more often than who lets nobody in.
 */
const LONGEST_MS = 30_000;
/** No pause is shorter, in ms. */
const LEAST_MS = 100;
/** Where another server may be there, in ms; by chance too, for the others of this one go there as well. */
const SOON_LEAST_MS = 200;
const SOON_MOST_MS = 1200;
/** So many times in a row a server that sends us on is believed that another will do: a rolling restart drops us on some more that are to go. */
const MOST_SENDINGS = 3;

/**
 * How long one client waits before each try to come back: exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
 * 2015), so that those whom one server lost come back over about as long a time as it was away. It has no clock.
 */
export class Backoff {
  readonly #servers: number;
  readonly #chance: () => number;
  #tries = 0;
  #sendings = 0;

  /** `servers`: how many are tried in turn. `chance`: as `Math.random`. */
  constructor(servers: number, chance: () => number) {
    this.#servers = servers;
    this.#chance = chance;
  }

  /** The client was in the room for so long, in ms. */
  stayed(ms: number): void {
    if (ms >= LONGEST_MS) this.restart();
  }

  /** Something has changed, and what failed before says nothing any more. */
  restart(): void {
    this.#tries = 0;
    this.#sendings = 0;
  }

  /** Until the next try, in ms. `sentOn`: the server itself says that it goes, and others may be there. */
  pause(sentOn = false): number {
    if (sentOn && this.#sendings < MOST_SENDINGS) {
      this.#sendings++;
      return this.#between(SOON_LEAST_MS, SOON_MOST_MS);
    }
    const tries = this.#tries++;
    // One of the other servers may be alive: each is asked once before we are patient.
    if (tries > 0 && tries < this.#servers) return this.#between(SOON_LEAST_MS, SOON_MOST_MS);
    const doublings = tries === 0 ? 0 : tries - this.#servers + 1;
    return this.#between(LEAST_MS, Math.min(FIRST_MS * 2 ** doublings, LONGEST_MS));
  }

  #between(least: number, most: number): number {
    return least + this.#chance() * (most - least);
  }
}
