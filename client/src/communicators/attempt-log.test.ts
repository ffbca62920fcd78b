import { describe, expect, it } from 'vitest';
import type { ConnectionDiagnosis } from '../connection-diagnosis.ts';
import { AttemptLog } from './attempt-log.ts';
import { BLOCKED } from './testing/blocked.ts';
import type { Attempt } from './transport.ts';

/** One that lasted so long, in ms. */
function attempt(ms: number, verdict: string): Attempt {
  const diagnosis: ConnectionDiagnosis = { ...BLOCKED, finding: 'no-turn', verdict, ms };
  return { negotiate: () => {}, close: () => {}, diagnosis };
}

describe('what attempts have shown', () => {
  it('is what the last one saw, unless it was cut short', () => {
    const log = new AttemptLog();
    log.note(attempt(10, 'it began'));
    log.note(attempt(3000, 'it is blocked'));
    log.note(attempt(100, 'it began again'));
    log.note(undefined);
    expect(log.diagnosis?.verdict).toBe('it is blocked');
    log.note(attempt(1500, 'the other side is gone'));
    expect(log.explained('no link to bob')).toBe('no link to bob: the other side is gone');
  });

  it('is in the error, with what the last one ended with', () => {
    const log = new AttemptLog();
    const cause = new Error('the answer is lost');
    log.error = cause;
    expect(log.unreachable('bob', 'no link to bob')).toMatchObject({
      message: 'unreachable: no link to bob: the answer is lost',
      cause,
      peer: 'bob',
      delivery: 'none',
    });
    log.note(attempt(10, 'it is blocked'));
    const { message, diagnosis } = log.unreachable('bob', 'no link to bob');
    expect(message).toBe('unreachable: no link to bob: it is blocked');
    expect(diagnosis).toBe(log.diagnosis);
  });

  it('is forgotten when there is a link', () => {
    const log = new AttemptLog();
    log.error = new Error('it broke');
    log.note(attempt(60_000, 'it is blocked'));
    log.clear();
    expect(log.explained('no link to bob')).toBe('no link to bob');
    log.note(attempt(10, 'it began'));
    expect(log.diagnosis?.verdict).toBe('it began');
  });
});
