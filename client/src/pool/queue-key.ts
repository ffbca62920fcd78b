import { QUEUE_BYTES } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';

/**
 * What a packet is, written into the communicator's opaque queue key: `''` is a message without an id, `m` and the id a message with one.
 * Other first letters are other things; who doesn't know one refuses it.
 */
export function messageQueue(msgId: string | undefined): string {
  return msgId === undefined ? '' : keyOf(msgId);
}

/** The key that was made last, for most messages have the id of the one before, and a text that was made anew is hashed anew wherever it is looked up. */
let [lastId, lastKey] = ['', 'm'];

function keyOf(msgId: string): string {
  if (msgId !== lastId) [lastId, lastKey] = [msgId, `m${msgId}`];
  return lastKey;
}

/**
 * The other way.
 * @throws PoolError `malformed` for a key that is not a message's
 */
export function messageId(queue: string): string | undefined {
  if (queue === '') return undefined;
  if (queue === lastKey) return lastId;
  if (queue.startsWith('m')) return queue.slice(1);
  throw new PoolError(
    'malformed',
    `this end does not know what a packet of kind ${JSON.stringify(queue.slice(0, 1))} is`,
  );
}

/** What is left of a queue key beside its first letter. */
const ID_BYTES = QUEUE_BYTES - 1;
/** No UTF-16 code unit takes more in UTF-8: what is shorter need not be measured. */
const BYTES_PER_UNIT = 3;

/**
 * A message id: any well-formed string of up to 1023 bytes of UTF-8, the empty one included. A lone surrogate has no UTF-8 and would arrive as another id.
 * @throws TypeError, RangeError
 */
export function checkMessageId(value: unknown): string | undefined {
  if (value === undefined || value === lastId) return value;
  if (typeof value !== 'string')
    throw new TypeError(`a message id is a string, not ${value === null ? 'null' : typeof value}`);
  if (/\p{Surrogate}/u.test(value)) throw new TypeError('a message id has no lone surrogates');
  if (value.length * BYTES_PER_UNIT > ID_BYTES && new TextEncoder().encode(value).length > ID_BYTES) {
    throw new RangeError(`a message id has at most ${ID_BYTES} bytes of UTF-8`);
  }
  return value;
}
