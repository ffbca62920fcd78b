import type { Random } from '../../session/testing/random.ts';

/** How bad it is. Probabilities from 0 to 1, times in ms. */
export interface Weather {
  readonly signal: {
    readonly lost: number;
    readonly doubled: number;
    readonly late: number;
    readonly latency: Span;
  };
  readonly dial: {
    readonly fails: number;
    readonly hangs: number;
    /** From the answer on until the link is open. */
    readonly handshake: Span;
    /** A description that comes twice, or not before what follows it, ends the attempt. */
    readonly strict: boolean;
  };
  readonly packetLatency: Span;
}

export type Span = readonly [least: number, most: number];

export const CALM: Weather = {
  signal: { lost: 0, doubled: 0, late: 0, latency: [1, 10] },
  dial: { fails: 0, hangs: 0, handshake: [5, 50], strict: true },
  packetLatency: [1, 10],
};

/** Each kind of trouble is absent from some runs, so that another is seen alone. */
export function roughWeather(luck: Random): Weather {
  const some = (most: number): number => (luck.chance(0.4) ? 0 : luck.between(0, 100 * most) / 100);
  return {
    signal: { lost: some(0.4), doubled: some(0.3), late: some(0.2), latency: [1, luck.pick([5, 50, 400])] },
    dial: {
      fails: some(0.4),
      hangs: some(0.25),
      handshake: luck.pick<Span>([
        [0, 5],
        [20, 300],
        [300, 4_000],
      ]),
      strict: luck.chance(0.5),
    },
    packetLatency: [0, luck.pick([2, 20, 200])],
  };
}
