import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { ReplayWindow } from './replay-window.ts';

describe('a replay window', () => {
  it('takes each counter once, in any order', () => {
    const window = new ReplayWindow();
    expect([3, 0, 1, 3, 2, 0].map((counter) => window.take(counter))).toEqual([true, true, true, false, true, false]);
  });

  it('takes none that is too far behind the newest, whether it came or not', () => {
    const window = new ReplayWindow();
    expect(window.take(10_000)).toBe(true);
    expect(window.take(10_000 - 4095)).toBe(true);
    expect(window.take(10_000 - 4096)).toBe(false);
    expect(window.take(0)).toBe(false);
  });

  it('never takes one twice, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 20_000, size: 'max' }), (counters) => {
        const window = new ReplayWindow();
        const taken = counters.filter((counter) => window.take(counter));
        expect(new Set(taken).size).toBe(taken.length);
      }),
      { numRuns: 20 },
    );
  });
});
