import type { Letter } from './message.ts';

/** How many letters of one instance may be out at once, of those that are to be released by hand; and which are. */
export class Slots {
  readonly #limit: number;
  readonly #taken = new Map<string, Set<Letter>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  free(instance: string): boolean {
    return (this.#taken.get(instance)?.size ?? 0) < this.#limit;
  }

  take(letter: Letter): void {
    const taken = this.#taken.get(letter.instance);
    if (taken === undefined) this.#taken.set(letter.instance, new Set([letter]));
    else taken.add(letter);
  }

  /** Returns whether it held one. */
  release(letter: Letter): boolean {
    const taken = this.#taken.get(letter.instance);
    if (taken === undefined || !taken.delete(letter)) return false;
    if (taken.size === 0) this.#taken.delete(letter.instance);
    return true;
  }

  holds(letter: Letter): boolean {
    return this.#taken.get(letter.instance)?.has(letter) ?? false;
  }

  get held(): readonly Letter[] {
    return [...this.#taken.values()].flatMap((letters) => [...letters]);
  }
}
