import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from './deadlines.ts';

describe('Deadlines', () => {
  let clock: Deadlines;
  let fired: string[];
  const add = (ms: number, label: string) => clock.add(ms, () => fired.push(label));

  beforeEach(() => {
    vi.useFakeTimers();
    clock = new Deadlines();
    fired = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('calls back at its time, in the order of the times, and of equal times in the order of the calls', () => {
    add(20, 'c');
    add(10, 'a');
    add(10, 'b');
    vi.advanceTimersByTime(9);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['a', 'b']);
    vi.advanceTimersByTime(10);
    expect(fired).toEqual(['a', 'b', 'c']);
  });

  it('orders deadlines of different durations that fall due together by when they were asked for', () => {
    add(20, 'first');
    vi.advanceTimersByTime(10);
    add(10, 'second');
    vi.advanceTimersByTime(10);
    expect(fired).toEqual(['first', 'second']);
  });

  it('needs one timer for ten thousand deadlines, and none for none', () => {
    const deadlines = Array.from({ length: 10_000 }, (_, index) => add(1000 + (index % 3), 'x'));
    expect(vi.getTimerCount()).toBe(1);
    for (const deadline of deadlines) deadline.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5000);
    expect(fired).toEqual([]);
  });

  it('leaves no timer when the last deadline has passed', () => {
    add(10, 'a');
    vi.advanceTimersByTime(10);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sets the timer anew when a nearer deadline comes, and looks again when the nearest was cancelled', () => {
    add(100, 'far');
    const near = add(10, 'near');
    near.cancel();
    near.cancel();
    vi.advanceTimersByTime(99);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['far']);
  });

  it('never calls back for Infinity, and keeps no timer for it', () => {
    add(Infinity, 'never').cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes durations longer than a platform timer', () => {
    add(2 ** 31 + 5, 'late');
    vi.advanceTimersByTime(2 ** 31 + 4);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['late']);
  });

  it('calls back for 0 in the next turn, once each, also when the callback adds another', () => {
    let turns = 0;
    const again = (): void => {
      if (++turns < 3) clock.add(0, again);
    };
    clock.add(0, again);
    expect(turns).toBe(0);
    vi.advanceTimersToNextTimer();
    expect(turns).toBe(1);
    vi.advanceTimersToNextTimer();
    expect(turns).toBe(2);
  });

  it('does not call back what an earlier callback cancelled', () => {
    clock.add(10, () => second.cancel());
    const second = add(10, 'second');
    vi.advanceTimersByTime(10);
    expect(fired).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes on after a callback that throws', () => {
    clock.add(10, () => {
      throw new Error('mine');
    });
    add(10, 'next');
    expect(() => vi.advanceTimersByTime(10)).toThrow('mine');
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['next']);
  });

  it('refuses what is no duration', () => {
    expect(() => add(-1, 'x')).toThrow(RangeError);
    expect(() => add(Number.NaN, 'x')).toThrow(RangeError);
    expect(() => clock.add('5' as unknown as number, () => {})).toThrow(TypeError);
    expect(vi.getTimerCount()).toBe(0);
  });
});
