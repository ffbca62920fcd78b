import { describe, expect, it } from 'vitest';
import { estimate, line, quantile } from './statistics.ts';

describe('an estimate', () => {
  it('of seven reaches from the least to the most, of eight and more it leaves out what chance allows', () => {
    expect(estimate([7, 1, 3, 5, 2, 6, 4])).toEqual({ median: 4, low: 1, high: 7, samples: 7 });
    // P(at most one of nine below the median) = 10/512; of twelve at most two: 79/4096; of fifteen at most three: 576/32768.
    expect(estimate([1, 2, 3, 4, 5, 6, 7, 8, 9])).toMatchObject({ low: 2, high: 8 });
    expect(estimate(Array.from({ length: 12 }, (_, index) => index))).toMatchObject({ low: 2, high: 9 });
    expect(estimate(Array.from({ length: 15 }, (_, index) => index))).toMatchObject({ low: 3, high: 11 });
  });

  it('of less than six is no 95 % interval, and shows all there is', () => {
    expect(estimate([3])).toEqual({ median: 3, low: 3, high: 3, samples: 1 });
    expect(estimate([2, 1])).toEqual({ median: 1.5, low: 1, high: 2, samples: 2 });
    expect(estimate([]).median).toBeNaN();
  });
});

describe('a quantile', () => {
  it('lies between samples', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
  });
});

describe('a line', () => {
  it('goes through points that lie on one, and says how far others are off', () => {
    const straight = line([
      [1, 13],
      [2, 16],
      [10, 40],
    ]);
    expect(straight.slope).toBeCloseTo(3);
    expect(straight.start).toBeCloseTo(10);
    expect(straight.farthest).toBeCloseTo(0);
    // Least squares leave 1/3, 2/3 and 1/3 of a unit where the line grows by 3.
    const bent = line([
      [0, 0],
      [1, 0.5],
      [2, 3],
    ]);
    expect(bent.slope).toBeCloseTo(1.5);
    expect(bent.farthest).toBeCloseTo(2 / 3 / 3);
  });
});
