/** Numbers from 0 up to and without 1, the same for the same seed. */
export type Chance = () => number;

/** Mulberry32: 32 bits of state are plenty to draw a few thousand numbers by. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number, both ends included. */
export function between(chance: Chance, least: number, most: number): number {
  return least + Math.floor(chance() * (most - least + 1));
}

/** Small ones as often as large ones, by orders of magnitude. */
export function magnitude(chance: Chance, least: number, most: number): number {
  return Math.round(least * (most / least) ** chance());
}

/** @throws RangeError where there is nothing to choose from */
export function oneOf<Item>(chance: Chance, items: readonly Item[]): Item {
  if (items.length === 0) throw new RangeError('nothing to choose from');
  return items[between(chance, 0, items.length - 1)] as Item;
}

/** By Fisher and Yates. */
export function shuffled<Item>(chance: Chance, items: readonly Item[]): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = between(chance, 0, last);
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}
