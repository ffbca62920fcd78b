import type { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { endByFault, endBySignal } from './ending.ts';

const EVENTS = ['SIGTERM', 'SIGINT', 'uncaughtException'] as const;
const events: EventEmitter = process;
let before: Map<string, unknown[]>;
let said: unknown[][];
let exit: MockInstance<typeof process.exit>;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  before = new Map(EVENTS.map((name) => [name, events.listeners(name)]));
  exit = vi.spyOn(process, 'exit').mockImplementation((() => undefined) as unknown as typeof process.exit);
});
afterEach(() => {
  vi.useRealTimers();
  exit.mockRestore();
  for (const name of EVENTS) {
    for (const listener of events.listeners(name) as (() => void)[]) {
      if (!before.get(name)?.includes(listener)) events.off(name, listener);
    }
  }
});

const log = (...line: unknown[]): void => void said.push(line);

describe('the end by a signal', () => {
  it('drains once, and waits for that', async () => {
    const drain = vi.fn(() => Promise.resolve());
    endBySignal(drain, log, log);
    process.emit('SIGTERM', 'SIGTERM');
    await vi.advanceTimersByTimeAsync(0);
    expect(drain).toHaveBeenCalledOnce();
    expect(exit).not.toHaveBeenCalled();
    expect(said).toEqual([
      ['info', 'stopping', { signal: 'SIGTERM' }],
      ['info', 'stopped'],
    ]);
  });

  it('has a bound', async () => {
    endBySignal(() => new Promise(() => undefined), log, log);
    process.emit('SIGTERM', 'SIGTERM');
    await vi.advanceTimersByTimeAsync(4999);
    expect(exit).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(exit).toHaveBeenCalledWith(0);
  });

  it('takes a Ctrl-C that comes twice for one, and another for impatience', async () => {
    endBySignal(() => new Promise(() => undefined), log, log);
    process.emit('SIGINT', 'SIGINT');
    await vi.advanceTimersByTimeAsync(249);
    process.emit('SIGINT', 'SIGINT');
    expect(exit).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    process.emit('SIGINT', 'SIGINT');
    expect(exit).toHaveBeenCalledWith(0);
  });

  it('takes another signal for impatience at once', () => {
    endBySignal(() => new Promise(() => undefined), log, log);
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGTERM', 'SIGTERM');
    expect(exit).toHaveBeenCalledWith(0);
  });

  it('tells what failed while it drained', async () => {
    const error = new Error('out of luck');
    endBySignal(
      () => Promise.reject(error),
      log,
      (failed) => said.push(['failed', failed]),
    );
    process.emit('SIGTERM', 'SIGTERM');
    await vi.advanceTimersByTimeAsync(0);
    expect(said.at(-1)).toEqual(['failed', error]);
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
  });
});

it('the end by a fault is one line, and 1', () => {
  endByFault(log, String);
  process.listeners('uncaughtException').at(-1)?.(new Error('out of luck'), 'unhandledRejection');
  expect(said).toEqual([['fatal', 'uncaught', { origin: 'unhandledRejection', message: 'Error: out of luck' }]]);
  expect(exit).toHaveBeenCalledWith(1);
});
