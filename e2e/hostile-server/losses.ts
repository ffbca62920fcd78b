import type { Chance } from '../chaos/chance.ts';
import { type Attack, type Delivery, type Letter, relayed } from './attack.ts';

/** Loses half of all signals, by chance. */
export class Losses implements Attack {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  relay(letter: Letter): readonly Delivery[] {
    return this.#chance() < 0.5 ? [] : [relayed(letter)];
  }
}
