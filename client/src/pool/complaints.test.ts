import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PoolError } from '../errors.ts';
import { Complaints } from './complaints.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('tells so much of one peer in a second, and all of the others', () => {
  const told: string[] = [];
  const complaints = new Complaints((error) => told.push(error.message));
  const of = (peer: string | undefined, text: string): void =>
    complaints.complain(new PoolError('remote', text, { peer }));
  for (let index = 0; index < 1_000; index++) of('mallory', 'no such method');
  expect(told.splice(0).length).toBe(32);
  of('carol', 'hers');
  of(undefined, 'nobody’s');
  complaints.complain(new Error('a handler’s'));
  expect(told.splice(0)).toEqual(['remote: hers', 'remote: nobody’s', 'a handler’s']);
  vi.advanceTimersByTime(1_000);
  of('mallory', 'again');
  of('mallory', 'and again');
  expect(told).toEqual(['remote: again (and 968 more before it)', 'remote: and again']);
});
