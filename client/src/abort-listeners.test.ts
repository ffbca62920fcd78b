import { expect, it, vi } from 'vitest';
import { forgetAbort, onAbort } from './abort-listeners.ts';

it('tells everybody once, but those who asked to be forgotten, by one listener of the signal', () => {
  const controller = new AbortController();
  const listens = vi.spyOn(controller.signal, 'addEventListener');
  const told: number[] = [];
  const callbacks = Array.from({ length: 1000 }, (_, index) => () => void told.push(index));
  for (const callback of callbacks) onAbort(controller.signal, callback);
  for (const callback of callbacks.slice(0, 998)) forgetAbort(controller.signal, callback);
  for (const callback of callbacks.slice(0, 2)) forgetAbort(controller.signal, callback);
  expect(listens).toHaveBeenCalledTimes(1);
  controller.abort();
  expect(told).toEqual([998, 999]);
  const forgotten = vi.spyOn(controller.signal, 'removeEventListener');
  for (const callback of callbacks) forgetAbort(controller.signal, callback);
  expect(forgotten).toHaveBeenCalledTimes(1);
});

it('whoever is told may ask others to be forgotten', () => {
  const controller = new AbortController();
  const told: string[] = [];
  const second = (): void => void told.push('second');
  onAbort(controller.signal, () => {
    told.push('first');
    forgetAbort(controller.signal, second);
  });
  onAbort(controller.signal, second);
  controller.abort();
  expect(told).toEqual(['first']);
});
