import { describe, expect, it } from 'vitest';
import { Random } from '../../session/testing/random.ts';
import { Backoff } from './backoff.ts';

/** So many pauses, where chance always says the same. */
function pauses(servers: number, luck: number, count: number): number[] {
  const backoff = new Backoff(servers, () => luck);
  return Array.from({ length: count }, () => backoff.pause());
}

describe('the pauses of a client that comes back', () => {
  it('are by chance from nearly nothing to twice what it has waited, and to half a minute at most', () => {
    expect(pauses(1, 1, 5)).toEqual([2000, 4000, 12_000, 30_000, 30_000]);
    expect(pauses(1, 0.5, 6)).toEqual([1050, 2050, 3150, 6300, 12_600, 15_050]);
    expect(pauses(1, 0, 5)).toEqual([100, 100, 100, 100, 100]);
  });

  it('are short for who has a link to mend, however long it has waited', () => {
    const backoff = new Backoff(1, () => 1);
    for (let tries = 0; tries < 5; tries++) backoff.pause();
    backoff.failed(60_000);
    expect([backoff.urgentPause(), backoff.pause(), backoff.urgentPause()]).toEqual([4000, 120_000, 4000]);
    expect(new Backoff(3, () => 1).urgentPause()).toBe(1200);
  });

  it('are short until each of several servers was asked, and then those of one', () => {
    expect(pauses(3, 1, 5)).toEqual([2000, 1200, 1200, 8800, 26_400]);
    expect(pauses(3, 0, 3)).toEqual([100, 200, 200]);
  });

  it('let nobody wait longer than twice the time that the server was away', () => {
    const luck = new Random(1);
    for (let client = 0; client < 10_000; client++) {
      const backoff = new Backoff(1, () => luck.below(2 ** 32) / 2 ** 32);
      const outage = luck.between(1000, 60_000);
      let waited = 0;
      while (waited < outage) waited += backoff.pause();
      expect(waited - outage).toBeLessThanOrEqual(Math.min(Math.max(4000, 2 * outage), 30_000));
    }
  });

  it('are longer where tries took their time, up to two minutes', () => {
    const backoff = new Backoff(1, () => 1);
    expect(backoff.pause()).toBe(2000);
    backoff.failed(4500);
    expect(backoff.pause()).toBe(13_000);
    backoff.failed(4500);
    expect(backoff.pause()).toBe(48_000);
    for (let tries = 0; tries < 100; tries++) backoff.failed(4500);
    expect(backoff.pause()).toBe(120_000);
    backoff.restart();
    expect(backoff.pause()).toBe(2000);
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

  it('begin anew after ten seconds in the room, and not for who is let in and dropped', () => {
    const backoff = new Backoff(1, () => 1);
    expect([backoff.pause(), backoff.pause()]).toEqual([2000, 4000]);
    backoff.stayed(9999);
    expect(backoff.pause()).toBe(12_000);
    backoff.stayed(10_000);
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
    expect(sent).toEqual([1200, 1200, 1200, 2000, 11_200]);
    backoff.stayed(10_000);
    expect(backoff.pause(true)).toBe(1200);
  });
});
