import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Expiry } from './expiry.ts';

const HOUR = 3_600_000;
let heard: string[];
let expiry: Expiry;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  heard = [];
  expiry = new Expiry({
    expiring: (left) => heard.push(`${Date.now()}: ${left} left`),
    expired: () => heard.push(`${Date.now()}: expired`),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('expiry', () => {
  it('is told a quarter of the time before, then at a quarter of each rest that is worth it', () => {
    expiry.set(HOUR);
    vi.advanceTimersByTime(2 * HOUR);
    expect(heard).toEqual([
      '2700000: 900000 left',
      '3375000: 225000 left',
      '3543750: 56250 left',
      '3585938: 14062 left',
      '3600000: expired',
    ]);
  });

  it('of something short is told once', () => {
    expiry.set(400);
    vi.advanceTimersByTime(HOUR);
    expect(heard).toEqual(['300: 100 left', '400: expired']);
  });

  it('that is set anew takes the place of the old one, and keeps one timer', () => {
    expiry.set(400);
    vi.advanceTimersByTime(350);
    expiry.set(10_350);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(HOUR);
    expect(heard).toEqual(['300: 100 left', '7850: 2500 left', '10350: expired']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never comes where there is none, or when it was stopped', () => {
    expiry.set(Infinity);
    expect(vi.getTimerCount()).toBe(0);
    expiry.set(400);
    expiry.stop();
    vi.advanceTimersByTime(HOUR);
    expect(heard).toEqual([]);
  });

  it('can be further away than a timer counts', () => {
    const year = 365 * 24 * HOUR;
    expiry.set(year);
    vi.advanceTimersByTime(year * 0.7);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(year * 0.06);
    expect(heard).toHaveLength(1);
    expiry.stop();
  });

  it('comes at once to who slept through it', () => {
    expiry.set(HOUR);
    vi.setSystemTime(5 * HOUR);
    vi.advanceTimersByTime(HOUR);
    expect(heard.map((line) => line.replace(/^\d+: /, ''))).toEqual(['expired']);
  });
});
