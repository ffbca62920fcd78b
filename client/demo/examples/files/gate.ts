/** Open, or closed for a while. */
export class Gate {
  #open: Promise<void> = Promise.resolve();
  #let: (() => void) | undefined;

  /** Resolves when it is open: at once, unless it is closed. */
  get open(): Promise<void> {
    return this.#open;
  }

  get closed(): boolean {
    return this.#let !== undefined;
  }

  close(): void {
    if (this.#let !== undefined) return;
    this.#open = new Promise((resolve) => (this.#let = resolve));
  }

  /** Who waits goes on. */
  reopen(): void {
    this.#let?.();
    this.#let = undefined;
  }
}
