import { useEffect, useMemo, useState } from 'react';
import type { Message, OnMessageOptions, Pool } from '../src/index.ts';
import { useLatest } from './latest.ts';

/** Each message is handled. */
export interface HandledMessages<Value = unknown> extends OnMessageOptions<Value> {
  /** As of `pool.onMessage`, and always that of the newest render: it may close over whatever it likes. What it throws is an `error` event of the pool. */
  readonly onMessage: (message: Message<Value>) => unknown;
}

/** The last messages are kept. */
export interface KeptMessages<Value = unknown> extends Omit<OnMessageOptions<Value>, 'concurrency' | 'manualRelease'> {
  /** How many, at least 1. Default 100. */
  readonly limit?: number | undefined;
  readonly onMessage?: undefined;
}

type Options<Value> = HandledMessages<Value> | KeptMessages<Value>;

/** Oldest first. */
interface Kept<Value> {
  readonly feed: object;
  readonly messages: readonly Message<Value>[];
}

const LIMIT = 100;

/**
 * Takes messages of a pool while the component is mounted: hands each to `onMessage`, or keeps the last ones, oldest first. A plain string is the message id.
 * ```tsx
 * const chat = useMessages<string>(pool, 'chat');
 * useMessages(pool, { msgId: 'moves', parse: Move.parse, onMessage: ({ sender, value }) => board.move(sender, value) });
 * ```
 * A message has one taker: two components that take the same ids share them out between them. What comes while nobody takes it waits in the mailbox, so nothing is lost before the component is mounted or while it takes another id.
 * A new `onMessage` or `parse` function takes over without a gap; only another pool, filter or way to take begins anew, with nothing kept. After the component has gone, messages that were being handled are handled to their end.
 * @throws TypeError, RangeError while rendering, for options that are none
 */
export function useMessages<Value = unknown>(pool: Pool | undefined, options: HandledMessages<Value>): void;
export function useMessages<Value = unknown>(
  pool: Pool | undefined,
  options?: string | KeptMessages<Value>,
): readonly Message<Value>[];
export function useMessages<Value = unknown>(
  pool: Pool | undefined,
  given?: string | Options<Value>,
): readonly Message<Value>[] {
  const options: Options<Value> = typeof given === 'string' ? { msgId: given } : (given ?? {});
  const limit = limitOf(options);
  const { msgId, everyId, from, concurrency, manualRelease, parse }: OnMessageOptions<Value> = options;
  const parser = typeof parse === 'function' ? 'function' : parse;
  const filters = [pool, msgId, everyId, from, concurrency, manualRelease, parser];

  /** Another one when messages are taken in another way: by it one knows of whom the kept ones are. */
  const feed = useMemo(() => ({}), filters);
  const [kept, setKept] = useState<Kept<Value>>({ feed, messages: [] });
  const latest = useLatest({ options, feed, limit });

  useEffect(() => {
    if (pool === undefined) return undefined;
    const taken = (message: Message<Value>): unknown => {
      const { current } = latest;
      if (current.options.onMessage !== undefined) return current.options.onMessage(message);
      if (current.feed === feed) setKept((before) => keep(before, feed, message, current.limit));
      return undefined;
    };
    const parsed = parser === 'function' ? (value: unknown) => parsedBy(latest.current.options, value) : parser;
    return begin(
      () => pool.onMessage<Value>(taken, { msgId, everyId, from, concurrency, manualRelease, parse: parsed }),
      // Thrown while rendering, so that it meets the application's error boundary.
      (error) =>
        setKept(() => {
          throw error;
        }),
    );
  }, [feed]);

  return useMemo(() => (kept.feed === feed ? kept.messages.slice(-limit) : []), [kept, feed, limit]);
}

/** Later in this turn, so that Strict Mode, which mounts twice in one, takes nothing twice. Returns its undo. */
function begin(take: () => () => void, fail: (error: unknown) => void): () => void {
  let off: (() => void) | undefined;
  let over = false;
  queueMicrotask(() => {
    if (over) return;
    try {
      off = take();
    } catch (error) {
      fail(error);
    }
  });
  return () => {
    over = true;
    off?.();
  };
}

function keep<Value>(before: Kept<Value>, feed: object, message: Message<Value>, limit: number): Kept<Value> {
  const messages = before.feed === feed ? before.messages : [];
  return { feed, messages: [...messages, message].slice(-limit) };
}

function parsedBy<Value>({ parse }: Options<Value>, value: unknown): Value | Promise<Value> {
  if (typeof parse !== 'function') throw new TypeError('parse was a function when this message was taken');
  return parse(value);
}

function limitOf<Value>(options: Options<Value>): number {
  const limit = 'limit' in options ? (options.limit ?? LIMIT) : LIMIT;
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new RangeError(`limit is a whole number of messages, at least 1, not ${String(limit)}`);
}
