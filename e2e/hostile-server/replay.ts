import { type Attack, type Delivery, type Letter, relayed } from './attack.ts';

/** Before every signal, says again all that went before it from one name to the other: of the same attempt, of earlier links, of earlier lives. */
export class Replay implements Attack {
  readonly #past = new Map<string, Letter[]>();

  relay(letter: Letter): readonly Delivery[] {
    const { from, to } = letter;
    const way = `${from.name}/${to.name}`;
    const past = this.#past.get(way) ?? [];
    this.#past.set(way, [...past, letter]);
    return [...past.map(({ signal }): Delivery => ({ from, to, signal, origin: 'replayed' })), relayed(letter)];
  }
}
