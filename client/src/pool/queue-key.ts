import { PoolError } from '../errors.ts';

/**
 * What a packet is, written into the communicator's opaque queue key: `''` is a message without an id, `m` and the id a message with one.
 * Other first letters are other things; who doesn't know one refuses it.
 */
export function messageQueue(msgId: string | undefined): string {
  return msgId === undefined ? '' : `m${msgId}`;
}

/**
 * The other way.
 * @throws PoolError `malformed` for a key that is not a message's
 */
export function messageId(queue: string): string | undefined {
  if (queue === '') return undefined;
  if (queue.startsWith('m')) return queue.slice(1);
  throw new PoolError('malformed', `this end does not know what a packet of kind ${JSON.stringify(queue.slice(0, 1))} is`);
}

/**
 * A message id: any well-formed string, the empty one included. A lone surrogate has no UTF-8 and would arrive as another id.
 * @throws TypeError
 */
export function checkMessageId(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new TypeError(`a message id is a string, not ${value === null ? 'null' : typeof value}`);
  if (/\p{Surrogate}/u.test(value)) throw new TypeError('a message id has no lone surrogates');
  return value;
}
