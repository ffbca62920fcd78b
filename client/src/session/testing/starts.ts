/**
 * Where counters of a session begin. In the sources they all begin at 0; `.ci/simulate.mjs` makes them begin here, so that a run meets what takes days otherwise: a number that takes one more byte on
 * the wire, one that outgrows 32 bits, the wrap of `serial`. Frames, messages and credit have no wrap, for 2^53 is never reached.
 */
export const starts = { frames: 0, messages: 0, credit: 0, serial: 0 };

/** Just below a number of two, three and six bytes, below the end of bitwise operators on signed and unsigned integers, and nowhere near anything. */
export const STARTS: readonly (typeof starts)[] = [
  { frames: 0, messages: 0, credit: 0, serial: 0 },
  { frames: 2 ** 7 - 4, messages: 2 ** 7 - 2, credit: 2 ** 14 - 300, serial: 2 ** 32 - 3 },
  { frames: 2 ** 14 - 6, messages: 2 ** 14 - 3, credit: 2 ** 21 - 1_000, serial: 2 ** 32 - 1 },
  { frames: 2 ** 31 - 8, messages: 2 ** 31 - 4, credit: 2 ** 31 - 3_000, serial: 2 ** 31 - 2 },
  { frames: 2 ** 32 - 8, messages: 2 ** 32 - 4, credit: 2 ** 32 - 3_000, serial: 2 ** 32 - 2 },
  { frames: 2 ** 35 - 5, messages: 2 ** 35 - 2, credit: 2 ** 42 - 2_000, serial: 7 },
];
