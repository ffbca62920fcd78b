import type { WaitOptions } from '../communicators/communicator.ts';
import { milliseconds } from '../deadlines.ts';
import { checkMessageId, messageQueue } from './queue-key.ts';
import type { Parse } from './schema.ts';
import type { Manner } from './takers.ts';
import { checkSignal, type WaitLimits } from './wait.ts';

/** Which messages. With neither member: those without an id. */
export interface MessageFilter {
  /** An explicit id; `''` is one like any other. */
  readonly msgId?: string | undefined;
  /** All messages, with whatever id or none. */
  readonly everyId?: boolean | undefined;
}

export interface ParseOption<Value> {
  /** Checks and types what arrived; what it throws rejects with `malformed`, and that message is consumed. Its own time is not limited. */
  readonly parse?: Parse<Value> | undefined;
}

export interface SenderFilter {
  /** Only from this peer. Default: from anyone. */
  readonly from?: string | undefined;
}

export interface ReleaseOption {
  /**
   * What is taken is released by `message.release()` and not by being taken, and holds one of its sender's `slots` until then: who has none left is taken no more messages of.
   */
  readonly manualRelease?: boolean | undefined;
}

/** Of `recv`: which message of the peer, how long to wait for it (default: the pool's `timeout`), and how to check it. */
export interface RecvOptions<Value = unknown> extends WaitOptions, MessageFilter, ParseOption<Value> {}

/** Of `recvAny`: which message, of whom, how long to wait for it (default: the pool's `timeout`), and when it is released. */
export interface RecvAnyOptions<Value = unknown> extends RecvOptions<Value>, SenderFilter, ReleaseOption {}

/** Of `recvAll`: one message of each of whom, and how long to wait for all of them together (default: the pool's `timeout`). */
export interface RecvAllOptions<Value = unknown> extends WaitOptions, ParseOption<Value> {
  readonly msgId?: string | undefined;
  /** Default: the clients as they are at the call. A name twice counts once; with none the result is empty. */
  readonly senders?: Iterable<string> | undefined;
}

/** Of `messages`: which messages, of whom, and when they are released. */
export interface MessagesOptions<Value = unknown>
  extends MessageFilter, ParseOption<Value>, SenderFilter, ReleaseOption {
  /** Its reason rejects the pending `next()`. There is no timeout: the loop waits for as long as the pool lives. */
  readonly signal?: AbortSignal | undefined;
}

/** Of `onMessage`: which messages, of whom, how many at once, and when they are released. */
export interface OnMessageOptions<Value = unknown>
  extends MessageFilter, ParseOption<Value>, SenderFilter, ReleaseOption {
  /** How many messages are handled at once. Default 1: each after the one before. */
  readonly concurrency?: number | undefined;
}

/**
 * A plain string stands for the id.
 * @throws TypeError when it is neither string nor object
 */
export function withMessageId<Options extends object>(
  options: string | Options | undefined,
): Options | { msgId?: string } {
  if (options === undefined) return {};
  if (typeof options === 'string') return { msgId: options };
  if (options === Object(options)) return options;
  throw new TypeError('options are a message id or an object');
}

/**
 * The queue of a filter; `undefined` for every one.
 * @throws TypeError
 */
export function filteredQueue({ msgId, everyId }: MessageFilter): string | undefined {
  const every = checkFlag(everyId, 'everyId');
  if (every && msgId !== undefined) throw new TypeError('either msgId or everyId, not both');
  const queue = messageQueue(checkMessageId(msgId));
  return every ? undefined : queue;
}

/** @throws TypeError */
export function releaseManner({ manualRelease }: ReleaseOption): Manner {
  return checkFlag(manualRelease, 'manualRelease') ? 'slot' : 'plain';
}

/** @throws TypeError, RangeError; the signal's reason when it is already aborted */
export function waitLimits({ timeout, signal }: WaitOptions, otherwise: number): WaitLimits {
  return { timeout: timeout === undefined ? otherwise : milliseconds(timeout, 'timeout'), signal: checkSignal(signal) };
}

/** For a send, which has no limit unless one is given; without any it costs the communicator less. */
export function sendLimits({ timeout, signal }: WaitLimits): WaitOptions {
  return { timeout: timeout === Infinity ? undefined : timeout, signal };
}

/**
 * Absent is false.
 * @throws TypeError
 */
export function checkFlag(value: unknown, what: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`${what} is true or false`);
  return value ?? false;
}
