/**
 * How many handshakes one instance begins at once. Sixty-four tabs that all call each other in the same instant starve each other until every attempt times out;
 * with a few at a time all come through, and on loopback four are as fast as many.
 */
export const HANDSHAKES = 4;

/** Who waits longest is served first. */
export class HandshakeSlots<Holder> {
  readonly #size: number;
  readonly #grant: (holder: Holder) => void;
  readonly #holders = new Set<Holder>();
  readonly #queue = new Set<Holder>();

  constructor(size: number, grant: (holder: Holder) => void) {
    this.#size = size;
    this.#grant = grant;
  }

  queue(holder: Holder): void {
    this.#queue.add(holder);
    this.#serve();
  }

  /** Gives the slot, or the place in the queue, back. */
  free(holder: Holder): void {
    this.#queue.delete(holder);
    this.#holders.delete(holder);
    this.#serve();
  }

  #serve(): void {
    for (const holder of this.#queue) {
      if (this.#holders.size >= this.#size) return;
      this.#queue.delete(holder);
      this.#holders.add(holder);
      this.#grant(holder);
    }
  }
}
