/** The part of what is left at which a client is told: early enough for several tries, which follow at a quarter each. */
const TOLD_AT = 1 / 4;
/** Milliseconds that a further try is worth being told for. */
const WORTH_TELLING = 5000;
/** What `setTimeout` can count to. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

interface Listener {
  /** It ends in so many milliseconds. */
  expiring(left: number): void;
  expired(): void;
}

/** When what a token allowed is over, by the clock on the wall; one timer at a time. */
export class Expiry {
  readonly #listener: Listener;
  #timer: NodeJS.Timeout | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** In ms since 1970; Infinity: never. Takes the place of what was set before. */
  set(expires: number): void {
    this.stop();
    if (expires === Infinity) return;
    this.#wait(expires, expires - (expires - Date.now()) * TOLD_AT);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(expires: number, tell: number): void {
    const delay = Math.min(Math.max(tell - Date.now(), 0), LONGEST_TIMEOUT);
    this.#timer = setTimeout(() => this.#look(expires, tell), delay);
  }

  /** A timer can be early by a millisecond, and late by hours where the machine slept. */
  #look(expires: number, tell: number): void {
    const now = Date.now();
    if (now >= expires) return this.#listener.expired();
    if (now < tell) return this.#wait(expires, tell);
    const left = expires - now;
    this.#wait(expires, left * TOLD_AT >= WORTH_TELLING ? expires - left * TOLD_AT : expires);
    if (tell < expires) this.#listener.expiring(left);
  }
}
