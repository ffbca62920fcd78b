import { describe, expect, it } from 'vitest';
import type { SignalingEvent } from '../server.ts';
import { openLog, report, teller, withoutPassword } from './log.ts';
import type { Logger, LogLevel } from './settings.ts';

const loggers: readonly Logger[] = ['json', 'pino'];

async function opened(logger: Logger, logLevel: LogLevel = 'info') {
  const written: string[] = [];
  const log = await openLog({ logger, logLevel }, (line) => written.push(line));
  const lines = (): Record<string, unknown>[] => {
    return written.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { log, written, lines };
}

describe.each(loggers)('the %s log', (logger) => {
  it('writes one object a line', async () => {
    const { log, written, lines } = await opened(logger);
    log('info', 'joined', { room: 'sums', name: 'alice', redis: undefined });
    log('fatal', 'uncaught');
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
    expect(lines()).toEqual([
      { level: 'info', time, event: 'joined', room: 'sums', name: 'alice' },
      { level: 'fatal', time, event: 'uncaught' },
    ]);
    for (const line of written) expect(line).toMatch(/^\{"level":"[a-z]+","time":"[^"]+","event":"[^\n]+\}\n$/);
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error', 'fatal']],
    ['info', ['info', 'warn', 'error', 'fatal']],
    ['warn', ['warn', 'error', 'fatal']],
    ['error', ['error', 'fatal']],
    ['silent', []],
  ] as const)('at %s writes %j', async (level, expected) => {
    const { log, lines } = await opened(logger, level);
    for (const each of ['debug', 'info', 'warn', 'error', 'fatal'] as const) log(each, 'said');
    expect(lines().map((line) => line['level'])).toEqual(expected);
  });

  it('keeps what strangers say in its place', async () => {
    const { log, written, lines } = await opened(logger);
    const names = [
      'a\nb',
      'a\r\nb',
      '"} {"level":"fatal"',
      'a\u2028b',
      'a\u2029b',
      'a\u0085b',
      'a\u001b[2Jb',
      'a\u202eb',
    ];
    for (const name of names) log('info', 'joined', { name });
    expect(lines().map(({ name }) => name)).toEqual(names);
    for (const line of written) expect(line).toMatch(/^[\u0020-\u007e]+\n$/);
  });
});

describe('a report', () => {
  const member = { name: 'alice', instance: 'alice-1' };
  const refusal = { ok: false, code: 'name-taken', message: 'it is taken' } as const;
  const away = { type: 'turned-away', address: '::1', code: 'origin', message: 'not yours' } as const;

  it.each<[SignalingEvent, Record<string, unknown>]>([
    [
      { type: 'joined', room: 'sums', member, members: 2, again: false, took: 1.6 },
      { level: 'info', event: 'joined', room: 'sums', ...member, members: 2, again: false, took: 2 },
    ],
    [
      { type: 'left', room: 'sums', member, reason: 'closed' },
      { level: 'info', event: 'left', room: 'sums', ...member, reason: 'closed' },
    ],
    [
      { type: 'refused', refusal, closed: true },
      { level: 'info', event: 'refused', code: 'name-taken', message: 'it is taken', closed: true },
    ],
    [
      { type: 'refused', refusal, closed: false },
      { level: 'debug', event: 'refused', code: 'name-taken', message: 'it is taken', closed: false },
    ],
    [
      { ...away, first: true },
      { level: 'info', event: 'turned-away', address: '::1', code: 'origin', message: 'not yours' },
    ],
    [
      { ...away, first: false },
      { level: 'debug', event: 'turned-away', address: '::1', code: 'origin', message: 'not yours' },
    ],
    [
      { type: 'unreadable', message: 'unknown packet type 9' },
      { level: 'info', event: 'unreadable', message: 'unknown packet type 9' },
    ],
    [
      { type: 'fault', error: 'out of luck' },
      { level: 'error', event: 'fault', message: 'out of luck' },
    ],
  ])('of %j', async (event, expected) => {
    const { log, lines } = await opened('json', 'debug');
    report(log, teller([]))(event);
    expect(lines()).toEqual([{ time: expect.any(String) as unknown, ...expected }]);
  });
});

describe('what went wrong', () => {
  it('is told without what was to be kept, and not at length', () => {
    const told = teller(['opensesame', 'what coturn knows']);
    const fault = told(new Error(`redis://:opensesame@h said no to "what coturn knows"${'!'.repeat(9000)}`));
    expect(fault).toMatch(/^Error: redis:\/\/:…@h said no to "…"!/);
    expect(fault).toHaveLength(4000);
    expect(told({ toString: () => 'opensesame' })).toBe('…');
  });

  it('names a Redis by its address alone', () => {
    expect(withoutPassword('rediss://operator:opensesame@redis.example.org:6380/1?key=opensesame')).toBe(
      'rediss://redis.example.org:6380/1',
    );
  });
});
