import { PoolError } from '../errors.ts';
import type { Commons } from './commons.ts';
import type { Manner } from './takers.ts';
import { messageId } from './queue-key.ts';

/** What a receive waits for. */
export interface Pattern {
  /** `undefined`: anyone. */
  readonly from: string | undefined;
  /** `undefined`: every queue. */
  readonly queue: string | undefined;
  readonly manner: Manner;
  /** For errors. Default: a message. */
  readonly noun?: string | undefined;
}

/** Why nothing more can come that matches: the pool's state, or the sender's. */
export function absenceOf(commons: Commons, pattern: Omit<Pattern, 'manner'>): PoolError | undefined {
  if (commons.state === 'uninitialized') return commons.illegal('receive');
  if (commons.state === 'stopped') return closedError(undefined, pattern);
  return pattern.from === undefined ? undefined : commons.roster.absence(pattern.from, idOf(pattern));
}

export function lateError(pattern: Omit<Pattern, 'manner'>, timeout: number): PoolError {
  const { from, queue, noun = 'message' } = pattern;
  const msgId = idOf(pattern);
  const id = msgId === undefined ? ' without an id' : ` ${JSON.stringify(msgId)}`;
  const what = `no ${noun}${queue === undefined ? '' : id}`;
  return new PoolError('timeout', `${what} from ${from ?? 'anyone'} within ${timeout} ms`, { peer: from, msgId });
}

/** For whoever waits when the pool ends. */
export function closedError(cause: unknown, pattern?: Omit<Pattern, 'manner'>): PoolError {
  const details = { peer: pattern?.from, msgId: pattern && idOf(pattern) };
  return new PoolError('closed', 'the pool has stopped', cause === undefined ? details : { ...details, cause });
}

function idOf({ queue }: Pick<Pattern, 'queue'>): string | undefined {
  return queue === undefined ? undefined : messageId(queue);
}
