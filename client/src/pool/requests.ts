import { peerName } from '#shared/identifiers';
import type { WaitOptions } from '../communicators/communicator.ts';
import type { Arrival } from './arrivals.ts';
import type { Commons } from './commons.ts';
import { LetterHandler } from './letter-handler.ts';
import { checkHandler } from './message-handler.ts';
import { type Letter, type Message, requestIdentity } from './message.ts';
import { packetBytes } from '../packers/packer.ts';
import { PoolError } from '../errors.ts';
import { checkMessageId, messageId, messageQueue } from './queue-key.ts';
import {
  checkFlag,
  filteredQueue,
  type MessageFilter,
  type ParseOption,
  type SenderFilter,
  waitLimits,
  withMessageId,
} from './receive-options.ts';
import { ReceivedMessage } from './received-message.ts';
import { messageOpener } from './receiving.ts';
import { checkParse, type Parse, parsed } from './schema.ts';
import { errorOf } from './thrown.ts';
import { rejected } from './wait.ts';

/** Of `request`: under which id, how long to wait for the answer (default: the pool's `timeout`), and how to check it. */
export interface RequestOptions<Value = unknown> extends WaitOptions, ParseOption<Value> {
  readonly msgId?: string | undefined;
}

/** Of `onRequest`: which requests, of whom, and whether one after the other. */
export interface OnRequestOptions<Value = unknown> extends MessageFilter, ParseOption<Value>, SenderFilter {
  /** Each is handled after the one before; otherwise they begin in the order of their arrival, and overlap. */
  readonly serial?: boolean | undefined;
}

/** The answer; and when the other pool had the request. Who does not look at `sent` need not. */
export interface RequestPromise<Value> extends Promise<Message<Value>> {
  /** Resolves when the other pool has the request, which it may not have looked at. */
  readonly sent: Promise<void>;
}

/** `request`. */
export function request<Value>(
  commons: Commons,
  to: string,
  value: unknown,
  given: string | RequestOptions<Value> | undefined,
): RequestPromise<Value> {
  let msgId: string | undefined;
  try {
    const options: RequestOptions<Value> = withMessageId(given);
    const { answers, post, settings } = commons;
    const limits = waitLimits(options, settings.timeout);
    const parse = checkParse(options.parse);
    msgId = checkMessageId(options.msgId);
    post.check('request');
    const peer = post.recipient(to);
    const queue = messageQueue(msgId);
    const { answer, sent } = answers.ask<Message<Value>>({
      peer,
      queue,
      packet: post.pack(value),
      unmetered: false,
      limits,
      what: 'the request',
      details: { msgId },
      open: (found, arrival, number) => answerOf(commons, found, arrival, { queue, number, parse }),
    });
    return withSent(answer, sent);
  } catch (error) {
    const why = error instanceof PoolError ? error.with({ peer: to, msgId, delivery: 'none' }) : error;
    return withSent(rejected(why), rejected(why));
  }
}

function withSent<Value>(answer: Promise<Message<Value>>, sent: Promise<void>): RequestPromise<Value> {
  sent.catch(() => {});
  return Object.assign(answer, { sent });
}

interface Asked<Value> {
  readonly queue: string;
  readonly number: number;
  readonly parse: Parse<Value> | undefined;
}

/** An answer is a message of nobody's mailbox. */
function answerOf<Value>(
  commons: Commons,
  value: unknown,
  { from, instance, packet, receipt }: Arrival,
  { queue, number, parse }: Asked<Value>,
): Message<Value> | Promise<Message<Value>> {
  const identity = requestIdentity(commons.instance, number);
  const { serial } = receipt;
  const letter: Letter = {
    from,
    instance,
    queue,
    value,
    bytes: packetBytes(packet),
    receipt: { identity, serial, correlation: undefined, consumed() {} },
    arrival: 0,
  };
  if (parse === undefined) return new ReceivedMessage(commons, letter, value as Value);
  return parsed(parse, value, from, messageId(queue)).then((found) => new ReceivedMessage(commons, letter, found));
}

/**
 * `onRequest`: what the handler returns is the answer, unless it has replied by itself; what it throws rejects the request. The request is released then.
 * @throws TypeError
 */
export function requestHandler<Value>(
  commons: Commons,
  handler: (message: Message<Value>) => unknown,
  given: string | OnRequestOptions<Value> | undefined,
): LetterHandler {
  checkHandler(handler);
  const options: OnRequestOptions<Value> = withMessageId(given);
  const from = options.from === undefined ? undefined : peerName(options.from);
  const concurrency = checkFlag(options.serial, 'serial') ? 1 : Infinity;
  const open = messageOpener(commons, checkParse(options.parse));
  const pattern = { from, queue: filteredQueue(options), manner: 'answering', concurrency } as const;
  return new LetterHandler(commons, pattern, async (letter) => {
    try {
      const message = open(letter);
      commons.replies.result(letter, await handler(message instanceof Promise ? await message : message));
    } catch (thrown) {
      if (!commons.replies.thrown(letter, thrown)) commons.complain(errorOf(thrown));
    } finally {
      letter.receipt.consumed();
    }
  });
}
