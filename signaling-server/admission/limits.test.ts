import { describe, expect, it } from 'vitest';
import { Allowance, DEFAULT_LIMITS, limits } from './limits.ts';

describe('limits', () => {
  it('are the defaults where nothing else is said', () => {
    expect(limits({})).toEqual(DEFAULT_LIMITS);
    expect(limits({ maxRooms: 3, joinsPerSecond: 0.1 })).toEqual({
      ...DEFAULT_LIMITS,
      maxRooms: 3,
      joinsPerSecond: 0.1,
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '7' as unknown as number])('are not %s', (value) => {
    expect(() => limits({ maxPeersPerRoom: value })).toThrow(RangeError);
    expect(() => limits({ maxPeersPerRoom: value })).toThrow(/^maxPeersPerRoom is a positive whole number, not/);
  });
});

describe('an allowance', () => {
  it('grants its burst, is overdrawn by as much again, and then exhausted', () => {
    const allowance = new Allowance(3, 1, () => 0);
    const verdicts = Array.from({ length: 7 }, () => allowance.charge(1));
    expect(verdicts).toEqual(['granted', 'granted', 'granted', 'overdrawn', 'overdrawn', 'exhausted', 'exhausted']);
  });

  it('earns anew by the second, up to its burst', () => {
    let now = 0;
    const allowance = new Allowance(2, 10, () => now);
    expect([allowance.charge(2), allowance.charge(1)]).toEqual(['granted', 'overdrawn']);
    now += 200;
    expect([allowance.charge(1), allowance.charge(1)]).toEqual(['granted', 'overdrawn']);
    now += 1e9;
    expect([allowance.charge(2), allowance.charge(1)]).toEqual(['granted', 'overdrawn']);
  });

  it('turns away without a debt, so that what comes too fast is let in at its pace', () => {
    let now = 0;
    const allowance = new Allowance(2, 10, () => now);
    expect(Array.from({ length: 4 }, () => allowance.take(1))).toEqual([true, true, false, false]);
    now += 100;
    expect([allowance.take(1), allowance.take(1)]).toEqual([true, false]);
  });

  it('forgives who falls silent, however much it took', () => {
    let now = 0;
    const allowance = new Allowance(10, 10, () => now);
    expect(allowance.charge(1e9)).toBe('exhausted');
    now += 2000;
    expect(allowance.charge(10)).toBe('granted');
  });

  it('grants for ever what comes at its pace', () => {
    let now = 0;
    const allowance = new Allowance(2, 8, () => now);
    for (let round = 0; round < 1000; round++) {
      now += 125;
      expect(allowance.charge(1)).toBe('granted');
    }
  });
});
