/** The first try comes within this time, in ms: half of it on average is what a server that is back at once costs a user. */
const FIRST_MS = 2000;
/** No pause is longer, in ms. 10,000 clients that have waited that long come at 667 a second. */
export const LONGEST_MS = 30_000;
/** Unless tries took their time and failed, and for twice that time: the server can't serve so many; 167 a second of 10,000. */
const CROWDED_MS = 120_000;
/** Of who has a link to mend, in ms: it has `reconnectTimeout`, 30 s, before messages are lost, and its peer has to come back too. */
const URGENT_MS = 4000;
/** No pause is shorter, in ms. */
const LEAST_MS = 100;
/** Where another server may be there, in ms; by chance too, for the others of this one go there as well. */
const SOON_LEAST_MS = 200;
const SOON_MOST_MS = 1200;
/** So many times in a row a server that sends us on is believed that another will do: a rolling restart drops us on some more that are to go. */
const MOST_SENDINGS = 3;
/**
 * Who was in the room for so long, in ms, is lost for the first time again. A server that lets 10,000 in and drops them sooner is asked ever more rarely, and one that
 * drops them after that by 900 a second.
 */
export const STAYED_MS = 10_000;

/**
 * How long one client waits before each try to come back: exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
 * 2015), so that those whom one server lost come back spread over about as long as it was away. What doubles is the time that went by, and not a count of tries: who
 * drew short pauses has no longer ones to fear, and is back before it has been away for three times as long as its server; and who waited in vain for a server that has
 * too much to do stays away the longer. It has no clock.
 */
export class Backoff {
  readonly #servers: number;
  readonly #chance: () => number;
  /** All pauses so far, and all tries, in ms. */
  #waited = 0;
  /** All tries that failed, in ms. */
  #inVain = 0;
  #tries = 0;
  #sendings = 0;

  /** `servers`: how many are tried in turn. `chance`: as `Math.random`. */
  constructor(servers: number, chance: () => number) {
    this.#servers = servers;
    this.#chance = chance;
  }

  /** The client was in the room for so long, in ms. */
  stayed(ms: number): void {
    if (ms >= STAYED_MS) this.restart();
  }

  /** A try has failed after so long, in ms. One that took its time was in a crowd. */
  failed(ms: number): void {
    this.#waited += ms;
    this.#inVain += ms;
  }

  /** Something has changed, and what failed before says nothing any more. */
  restart(): void {
    this.#waited = 0;
    this.#inVain = 0;
    this.#tries = 0;
    this.#sendings = 0;
  }

  /** Until the next try, in ms. `sentOn`: the server itself says that it goes, and others may be there. */
  pause(sentOn = false): number {
    const soon = this.#soon(sentOn);
    const pause = soon ? this.#between(SOON_LEAST_MS, SOON_MOST_MS) : this.#between(LEAST_MS, this.#most());
    this.#waited += pause;
    return pause;
  }

  /** The same for who has a link to mend: those are few, unless a whole network was away. */
  urgentPause(): number {
    const pause = this.#between(LEAST_MS, this.#servers > 1 ? SOON_MOST_MS : URGENT_MS);
    this.#waited += pause;
    return pause;
  }

  #most(): number {
    if (this.#tries === 1) return FIRST_MS;
    const longest = Math.min(LONGEST_MS + 2 * this.#inVain, CROWDED_MS);
    return Math.min(2 * Math.max(FIRST_MS, this.#waited), longest);
  }

  /** One of the other servers may be alive: each is asked once before we are patient. */
  #soon(sentOn: boolean): boolean {
    if (sentOn && this.#sendings < MOST_SENDINGS) {
      this.#sendings++;
      return true;
    }
    this.#tries++;
    return this.#tries > 1 && this.#tries <= this.#servers;
  }

  #between(least: number, most: number): number {
    return least + this.#chance() * (most - least);
  }
}
