import { describe, expect, it } from 'vitest';
import { Random } from '../../session/testing/random.ts';
import { Backoff } from './backoff.ts';

/** So many pauses, at the lower and the upper bound of chance. */
function bounds(servers: number, count: number): [number, number][] {
  const [low, high] = [new Backoff(servers, () => 0), new Backoff(servers, () => 1)];
  return Array.from({ length: count }, () => [low.pause(), high.pause()]);
}

describe('the pauses of a client that comes back', () => {
  it('double up to half a minute, each of them by chance from nearly nothing', () => {
    expect(bounds(1, 7)).toEqual([
      [100, 2000],
      [100, 4000],
      [100, 8000],
      [100, 16_000],
      [100, 30_000],
      [100, 30_000],
      [100, 30_000],
    ]);
  });

  it('are short until each of several servers was asked, and then those of one', () => {
    expect(bounds(3, 6)).toEqual([
      [100, 2000],
      [200, 1200],
      [200, 1200],
      [100, 4000],
      [100, 8000],
      [100, 16_000],
    ]);
  });

  it('never get longer, whatever was before', () => {
    const backoff = new Backoff(1, () => 1);
    for (let tries = 0; tries < 5000; tries++) expect(backoff.pause()).toBeLessThanOrEqual(30_000);
  });

  it('are spread evenly', () => {
    const luck = new Random(1);
    const chance = () => luck.below(2 ** 32) / 2 ** 32;
    const firsts = Array.from({ length: 10_000 }, () => new Backoff(1, chance).pause());
    for (let from = 100; from < 2000; from += 190) {
      const there = firsts.filter((pause) => pause >= from && pause < from + 190).length;
      expect(there).toBeGreaterThan(850);
      expect(there).toBeLessThan(1150);
    }
  });

  it('begin anew after half a minute in the room, and not for who is let in and dropped', () => {
    const backoff = new Backoff(1, () => 1);
    expect([backoff.pause(), backoff.pause()]).toEqual([2000, 4000]);
    backoff.stayed(29_999);
    expect(backoff.pause()).toBe(8000);
    backoff.stayed(30_000);
    expect(backoff.pause()).toBe(2000);
  });

  it('begin anew when something has changed', () => {
    const backoff = new Backoff(1, () => 1);
    expect([backoff.pause(), backoff.pause()]).toEqual([2000, 4000]);
    backoff.restart();
    expect(backoff.pause()).toBe(2000);
  });

  it('are short where a server sends us on, though not for ever', () => {
    const backoff = new Backoff(1, () => 1);
    const sent = Array.from({ length: 5 }, () => backoff.pause(true));
    expect(sent).toEqual([1200, 1200, 1200, 2000, 4000]);
    backoff.stayed(30_000);
    expect(backoff.pause(true)).toBe(1200);
  });
});
