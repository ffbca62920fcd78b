import { peerName } from '#shared/identifiers';
import type { Commons } from '../commons.ts';
import { LetterLoop } from '../letter-loop.ts';
import { absenceOf, lateError, type Pattern } from '../receive-errors.ts';
import { filteredQueue, waitLimits, withMessageId } from '../receive-options.ts';
import { type Opener, Receiver } from '../receiver.ts';
import { rejected } from '../wait.ts';
import { checkProgress, type ProgressOption } from './progress.ts';
import type { IncomingStream, RecvStreamOptions, StreamsOptions } from './stream-options.ts';
import type { Streams } from './streams.ts';

/** `recvStream` and `streams`: one offer at a time. */
export class StreamReceiving {
  readonly #commons: Commons;
  readonly #streams: Streams;

  constructor(commons: Commons, streams: Streams) {
    this.#commons = commons;
    this.#streams = streams;
  }

  recv(from: string, given: string | RecvStreamOptions | undefined): Promise<IncomingStream> {
    try {
      const options: RecvStreamOptions = withMessageId(given);
      const limits = waitLimits(options, this.#commons.settings.timeout);
      const open = this.#opener(options);
      const pattern = patternOf(this.#commons.roster.resolve(from), options);
      const { offers } = this.#streams;
      const letter = offers.take(pattern.from, pattern.queue);
      if (letter !== undefined) {
        letter.receipt.consumed();
        return Promise.resolve(open(letter));
      }
      const absence = absenceOf(this.#commons, pattern);
      if (absence !== undefined) return Promise.reject(absence);
      if (limits.timeout === 0) return Promise.reject(lateError(pattern, 0));
      return new Receiver({ clock: this.#commons.clock, mailbox: offers }, pattern, limits, open).promise;
    } catch (error) {
      return rejected(error);
    }
  }

  streams(given: string | StreamsOptions | undefined): LetterLoop<IncomingStream> {
    const options: StreamsOptions = withMessageId(given);
    const from = options.from === undefined ? undefined : peerName(options.from);
    const pattern = patternOf(from, options);
    return new LetterLoop(this.#commons, this.#streams.offers, pattern, options.signal, this.#opener(options));
  }

  #opener({ onProgress }: ProgressOption): Opener<IncomingStream> {
    checkProgress(onProgress);
    return (letter) => this.#streams.open(letter, onProgress);
  }
}

function patternOf(from: string | undefined, options: RecvStreamOptions | StreamsOptions): Pattern {
  return { from, queue: filteredQueue(options), manner: 'plain', noun: 'stream' };
}
