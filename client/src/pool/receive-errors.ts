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
  return new PoolError('timeout', `${nothing(pattern)} within ${timeout} ms`, detailsOf(pattern));
}

/** For whoever waits when the pool ends. */
export function closedError(cause: unknown, pattern?: Omit<Pattern, 'manner'>): PoolError {
  const details = { ...(pattern && detailsOf(pattern)), ...(cause !== undefined && { cause }) };
  return new PoolError('closed', `the pool has stopped${pattern ? `: ${nothing(pattern)}` : ''}`, details);
}

function nothing(pattern: Omit<Pattern, 'manner'>): string {
  const { from = 'anyone', queue, noun = 'message' } = pattern;
  const msgId = idOf(pattern);
  const id = msgId === undefined ? ' without an id' : ` ${JSON.stringify(msgId)}`;
  return `no ${noun}${queue === undefined ? '' : id} from ${from}`;
}

function detailsOf(pattern: Omit<Pattern, 'manner'>): { peer: string | undefined; msgId: string | undefined } {
  return { peer: pattern.from, msgId: idOf(pattern) };
}

function idOf({ queue }: Pick<Pattern, 'queue'>): string | undefined {
  return queue === undefined ? undefined : messageId(queue);
}
