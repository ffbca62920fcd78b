import { peerName } from '#shared/identifiers';
import type { Commons } from './commons.ts';
import { type Message, openLetter } from './message.ts';
import { messageId } from './queue-key.ts';
import { absenceOf, lateError, type Pattern } from './receive-errors.ts';
import { filteredQueue, type RecvAnyOptions, type RecvOptions, waitLimits, withMessageId } from './receive-options.ts';
import { type Opener, Receiver } from './receiver.ts';
import { checkParse, type Parse, parsed } from './schema.ts';
import { rejected, type WaitLimits } from './wait.ts';

/** `recv` and `recvAny`: one letter each. */
export class Receiving {
  readonly #commons: Commons;

  constructor(commons: Commons) {
    this.#commons = commons;
  }

  recv<Value>(from: string, given: string | RecvOptions<Value> | undefined): Promise<Value> {
    try {
      const options: RecvOptions<Value> = withMessageId(given);
      const limits = waitLimits(options, this.#commons.settings.timeout);
      const pattern = { from: this.#commons.roster.resolve(from), queue: filteredQueue(options) };
      return this.#receive(pattern, limits, valueOpener(checkParse(options.parse)));
    } catch (error) {
      return rejected(error);
    }
  }

  recvAny<Value>(given: string | RecvAnyOptions<Value> | undefined): Promise<Message<Value>> {
    try {
      const options: RecvAnyOptions<Value> = withMessageId(given);
      const limits = waitLimits(options, this.#commons.settings.timeout);
      const from = options.from === undefined ? undefined : peerName(options.from);
      return this.#receive({ from, queue: filteredQueue(options) }, limits, messageOpener(checkParse(options.parse)));
    } catch (error) {
      return rejected(error);
    }
  }

  #receive<Result>(pattern: Pattern, limits: WaitLimits, open: Opener<Result>): Promise<Result> {
    const letter = this.#commons.mailbox.take(pattern.from, pattern.queue);
    if (letter !== undefined) {
      letter.receipt.consumed();
      return Promise.resolve(open(letter));
    }
    const absence = absenceOf(this.#commons, pattern);
    if (absence !== undefined) return Promise.reject(absence);
    if (limits.timeout === 0) return Promise.reject(lateError(pattern, 0));
    return new Receiver(this.#commons, pattern, limits, open).promise;
  }
}

function valueOpener<Value>(parse: Parse<Value> | undefined): Opener<Value> {
  if (parse === undefined) return (letter) => letter.value as Value;
  return (letter) => parsed(parse, letter.value, letter.from, messageId(letter.queue));
}

export function messageOpener<Value>(parse: Parse<Value> | undefined): Opener<Message<Value>> {
  if (parse === undefined) return (letter) => openLetter(letter, letter.value as Value);
  return async (letter) => openLetter(letter, await parsed(parse, letter.value, letter.from, messageId(letter.queue)));
}
