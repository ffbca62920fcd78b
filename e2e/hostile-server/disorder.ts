import type { Chance } from '../chaos/chance.ts';
import { type Attack, type Delivery, type Letter, relayed } from './attack.ts';

/** Holds every second signal back, by chance, until the next from the same to the same has gone before it. */
export class Disorder implements Attack {
  /** How many were overtaken. */
  overtaken = 0;
  readonly #chance: Chance;
  readonly #held = new Map<string, Letter>();

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  relay(letter: Letter): readonly Delivery[] {
    const pair = JSON.stringify([letter.from, letter.to]);
    const before = this.#held.get(pair);
    if (before !== undefined) {
      this.#held.delete(pair);
      this.overtaken++;
      return [relayed(letter), relayed(before)];
    }
    if (this.#chance() < 0.5) return [relayed(letter)];
    this.#held.set(pair, letter);
    return [];
  }
}
