import { QUEUE_BYTES } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';

/**
 * What a packet is, written into the communicator's opaque queue key as its first letter. Messages without an id have the empty key; what follows the letter is theirs to say.
 * PROTOCOL.md, section 5, has the table.
 */
export const KIND = {
  plain: '',
  message: 'm',
  answer: 'a',
  failure: 'e',
  call: 'c',
  barrier: 'b',
  stream: 's',
  chunk: 'd',
  abort: 'x',
  cancel: 'y',
} as const;

export function kindOf(queue: string): string {
  return queue.slice(0, 1);
}

export function messageQueue(msgId: string | undefined): string {
  return msgId === undefined ? '' : keyOf(msgId);
}

/** The key that was made last, for most messages have the id of the one before, and a text that was made anew is hashed anew wherever it is looked up. */
let [lastId, lastKey] = ['', 'm'];

function keyOf(msgId: string): string {
  if (msgId !== lastId) [lastId, lastKey] = [msgId, `${KIND.message}${msgId}`];
  return lastKey;
}

/** The other way, for the key of a message. */
export function messageId(queue: string): string | undefined {
  if (queue === KIND.plain) return undefined;
  return queue === lastKey ? lastId : queue.slice(1);
}

/** A stream is offered in the queue of its message id, behind its kind. */
export function streamQueue(msgId: string | undefined): string {
  return KIND.stream + messageQueue(msgId);
}

/**
 * The other way: the queue of the message id alone.
 * @throws PoolError `malformed`
 */
export function offeredQueue(queue: string): string {
  const rest = queue.slice(1);
  if (rest === KIND.plain || kindOf(rest) === KIND.message) return rest;
  throw new PoolError('malformed', 'a stream without a message id that is one');
}

/** Each answer has a queue of its own, so that a large one delays no other; each stream has some: of its bytes, and for either side to give it up. */
export function numberedQueue(
  kind: typeof KIND.answer | typeof KIND.failure | typeof KIND.chunk | typeof KIND.abort | typeof KIND.cancel,
  number: number,
): string {
  return kind + number;
}

/**
 * The other way.
 * @throws PoolError `malformed`
 */
export function queueNumber(queue: string): number {
  const number = Number(queue.slice(1));
  if (Number.isSafeInteger(number) && String(number) === queue.slice(1)) return number;
  throw new PoolError('malformed', `a queue key without a number: ${JSON.stringify(queue)}`);
}

export function callQueue(method: string): string {
  return KIND.call + method;
}

/** What is left of a queue key beside its kind. */
const ID_BYTES = QUEUE_BYTES - 2;
/** No UTF-16 code unit takes more in UTF-8: what is shorter need not be measured. */
const BYTES_PER_UNIT = 3;

/**
 * A message id: any well-formed string of up to 1022 bytes of UTF-8, the empty one included. A lone surrogate has no UTF-8 and would arrive as another id.
 * @throws TypeError, RangeError
 */
export function checkMessageId(value: unknown): string | undefined {
  return value === undefined || value === lastId ? value : checkId(value, 'a message id');
}

/**
 * `what` names it in the error.
 * @throws TypeError, RangeError
 */
export function checkId(value: unknown, what: string): string {
  if (typeof value !== 'string')
    throw new TypeError(`${what} is a string, not ${value === null ? 'null' : typeof value}`);
  if (/\p{Surrogate}/u.test(value)) throw new TypeError(`${what} has no lone surrogates`);
  if (value.length * BYTES_PER_UNIT > ID_BYTES && new TextEncoder().encode(value).length > ID_BYTES) {
    throw new RangeError(`${what} has at most ${ID_BYTES} bytes of UTF-8`);
  }
  return value;
}
