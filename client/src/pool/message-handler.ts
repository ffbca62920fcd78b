import { peerName } from '#shared/identifiers';
import type { Commons } from './commons.ts';
import { LetterHandler } from './letter-handler.ts';
import type { Message } from './message.ts';
import { filteredQueue, type OnMessageOptions, releaseManner, withMessageId } from './receive-options.ts';
import { messageOpener } from './receiving.ts';
import { checkParse } from './schema.ts';
import { errorOf } from './thrown.ts';

/**
 * `onMessage`. A message is released when its handler's promise settles, with `manualRelease` by hand; what the handler throws is an `error` event, and releases it in either case.
 * @throws TypeError, RangeError
 */
export function messageHandler<Value>(
  commons: Commons,
  handler: (message: Message<Value>) => unknown,
  given: string | OnMessageOptions<Value> | undefined,
): LetterHandler {
  checkHandler(handler);
  const options: OnMessageOptions<Value> = withMessageId(given);
  const from = options.from === undefined ? undefined : peerName(options.from);
  const manner = releaseManner(options);
  const pattern = {
    from,
    queue: filteredQueue(options),
    manner,
    concurrency: checkConcurrency(options.concurrency, 1, 'concurrency'),
  };
  const open = messageOpener(commons, checkParse(options.parse));
  return new LetterHandler(commons, pattern, async (letter) => {
    try {
      const message = open(letter);
      await handler(message instanceof Promise ? await message : message);
      if (manner === 'plain') commons.mailbox.release(letter);
    } catch (thrown) {
      commons.mailbox.release(letter);
      commons.complain(errorOf(thrown));
    }
  });
}

/** @throws TypeError */
export function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function') throw new TypeError('a handler is a function');
}

/** @throws RangeError */
export function checkConcurrency(given: number | undefined, otherwise: number, what: string): number {
  const concurrency = given ?? otherwise;
  if (concurrency === Infinity || (Number.isInteger(concurrency) && concurrency >= 1)) return concurrency;
  throw new RangeError(`${what} is a whole number, at least 1, not ${String(concurrency)}`);
}
