import { peerName } from '#shared/identifiers';
import type { Commons } from './commons.ts';
import { LetterLoop } from './letter-loop.ts';
import type { Message } from './message.ts';
import { messageId } from './queue-key.ts';
import { absenceOf, lateError, type Pattern } from './receive-errors.ts';
import {
  filteredQueue,
  type MessageFilter,
  type MessagesOptions,
  type RecvAnyOptions,
  type RecvOptions,
  type ReleaseOption,
  releaseManner,
  type SenderFilter,
  waitLimits,
  withMessageId,
} from './receive-options.ts';
import { ReceivedMessage } from './received-message.ts';
import { type Opener, Receiver } from './receiver.ts';
import { checkParse, type Parse, parsed } from './schema.ts';
import { rejected, type WaitLimits } from './wait.ts';

/** `recv`, `recvAny` and `messages`: one letter at a time. */
export class Receiving {
  readonly #commons: Commons;

  constructor(commons: Commons) {
    this.#commons = commons;
  }

  recv<Value>(from: string, given: string | RecvOptions<Value> | undefined): Promise<Value> {
    try {
      const options: RecvOptions<Value> = withMessageId(given);
      const limits = waitLimits(options, this.#commons.settings.timeout);
      const pattern: Pattern = {
        from: this.#commons.roster.resolve(from),
        queue: filteredQueue(options),
        manner: 'plain',
      };
      return this.#receive(pattern, limits, valueOpener(checkParse(options.parse)));
    } catch (error) {
      return rejected(error);
    }
  }

  recvAny<Value>(given: string | RecvAnyOptions<Value> | undefined): Promise<Message<Value>> {
    try {
      const options: RecvAnyOptions<Value> = withMessageId(given);
      const limits = waitLimits(options, this.#commons.settings.timeout);
      const open = messageOpener(this.#commons, checkParse(options.parse));
      return this.#receive(patternOf(options), limits, open);
    } catch (error) {
      return rejected(error);
    }
  }

  messages<Value>(given: string | MessagesOptions<Value> | undefined): LetterLoop<Message<Value>> {
    const options: MessagesOptions<Value> = withMessageId(given);
    const open = messageOpener(this.#commons, checkParse(options.parse));
    return new LetterLoop(this.#commons, this.#commons.mailbox, patternOf(options), options.signal, open);
  }

  #receive<Result>(pattern: Pattern, limits: WaitLimits, open: Opener<Result>): Promise<Result> {
    const letter = this.#commons.mailbox.take(pattern.from, pattern.queue, pattern.manner);
    if (letter !== undefined) {
      if (pattern.manner === 'plain') letter.receipt.consumed();
      return Promise.resolve(open(letter));
    }
    const absence = absenceOf(this.#commons, pattern);
    if (absence !== undefined) return Promise.reject(absence);
    if (limits.timeout === 0) return Promise.reject(lateError(pattern, 0));
    return new Receiver(this.#commons, pattern, limits, open).promise;
  }
}

function patternOf(options: MessageFilter & SenderFilter & ReleaseOption): Pattern {
  const from = options.from === undefined ? undefined : peerName(options.from);
  return { from, queue: filteredQueue(options), manner: releaseManner(options) };
}

function valueOpener<Value>(parse: Parse<Value> | undefined): Opener<Value> {
  if (parse === undefined) return (letter) => letter.value as Value;
  return (letter) => parsed(parse, letter.value, letter.from, messageId(letter.queue));
}

export function messageOpener<Value>(commons: Commons, parse: Parse<Value> | undefined): Opener<Message<Value>> {
  if (parse === undefined) return (letter) => new ReceivedMessage(commons, letter, letter.value as Value);
  return async (letter) => {
    try {
      const value = await parsed(parse, letter.value, letter.from, messageId(letter.queue));
      return new ReceivedMessage(commons, letter, value);
    } catch (error) {
      // Nobody has it whose it would be to release it.
      commons.mailbox.release(letter);
      throw error;
    }
  };
}
