/** How far behind the newest a counter may come. A sender counts over all its recipients, and says some 260 things to one of them in an attempt at a link. */
const WINDOW = 4096;

/** Which counters of one sender have been taken: each once, in any order within the window (as RFC 4303, section 3.4.3). */
export class ReplayWindow {
  readonly #taken = new Set<number>();
  #newest = -1;

  /** Whether this one is new. To be asked only about what has been authenticated. */
  take(counter: number): boolean {
    if (counter <= this.#newest - WINDOW || this.#taken.has(counter)) return false;
    this.#taken.add(counter);
    this.#newest = Math.max(this.#newest, counter);
    if (this.#taken.size > 2 * WINDOW) {
      for (const old of this.#taken) if (old <= this.#newest - WINDOW) this.#taken.delete(old);
    }
    return true;
  }
}
