import { describe, expect, it } from 'vitest';
import { SIGHTS } from './testing/coverage.ts';
import { simulatePairing } from './testing/simulate-pairing.ts';

/** Enough that everything that is to be seen is seen, ten times at least in most; a few seconds. */
const RUNS = 400;

describe('rooms full of tabs, to which everything happens', () => {
  it(
    'come to one link per pair and the same members everywhere, and lose no message',
    { timeout: 60_000 },
    async () => {
      const report = await simulatePairing({ runs: RUNS, seed: 1 });
      expect(report.failures).toEqual([]);
      const { lost, duplicated, reordered, unsettled } = report;
      expect({ lost, duplicated, reordered, unsettled }).toEqual({
        lost: 0,
        duplicated: 0,
        reordered: 0,
        unsettled: 0,
      });
      expect(report).toMatchObject({ runs: RUNS });
      expect(report.sent).toBeGreaterThan(100 * RUNS);
      expect(SIGHTS.filter((sight) => (report.coverage[sight] ?? 0) === 0)).toEqual([]);
    },
  );

  it('replay a seed exactly, alone or after others, and give the platform its own back', async () => {
    const platform = (): unknown[] => [
      setTimeout,
      clearTimeout,
      Object.getOwnPropertyDescriptor(Math, 'random')?.value as unknown,
      Object.hasOwn(performance, 'now'),
      Object.hasOwn(crypto, 'getRandomValues'),
    ];
    const own = platform();
    const [alone, again] = [await simulatePairing({ runs: 1, seed: 7 }), await simulatePairing({ runs: 1, seed: 7 })];
    const before = await simulatePairing({ runs: 2, seed: 5 });
    const after = await simulatePairing({ runs: 3, seed: 5 });
    const seen = ({ sent, cuts, coverage }: typeof alone): unknown => ({ sent, cuts, coverage });
    expect(seen(again)).toEqual(seen(alone));
    expect([after.sent - before.sent, after.cuts - before.cuts]).toEqual([alone.sent, alone.cuts]);
    expect(platform()).toEqual(own);
  });

  it('end, also early, when enough links were cut', async () => {
    const { runs, cuts } = await simulatePairing({ runs: 50, seed: 1, cuts: 1 });
    expect(cuts).toBeGreaterThan(0);
    expect(runs).toBeLessThan(50);
  });
});
