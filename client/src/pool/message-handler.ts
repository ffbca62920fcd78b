import { peerName } from '#shared/identifiers';
import type { Commons } from './commons.ts';
import type { Letter, Message } from './message.ts';
import { filteredQueue, type OnMessageOptions, withMessageId } from './receive-options.ts';
import type { Opener } from './receiver.ts';
import { messageOpener } from './receiving.ts';
import { checkParse } from './schema.ts';
import type { Taker } from './takers.ts';

const NOW = Promise.resolve();

/**
 * `onMessage`: takes messages for as long as it is on, whichever instance sends them, and begins to handle them in the order of their arrival.
 * A message is released when its handler's promise settles; what the handler throws is an `error` event.
 */
export class MessageHandler<Value> implements Taker {
  readonly from: string | undefined;
  readonly queue: string | undefined;
  readonly lasting = true;
  readonly #commons: Commons;
  readonly #handler: (message: Message<Value>) => unknown;
  readonly #open: Opener<Message<Value>>;
  readonly #concurrency: number;
  #state: 'idle' | 'waiting' | 'off' = 'idle';
  #running = 0;

  /** @throws TypeError, RangeError */
  constructor(
    commons: Commons,
    handler: (message: Message<Value>) => unknown,
    given: string | OnMessageOptions<Value> | undefined,
  ) {
    if (typeof handler !== 'function') throw new TypeError('a handler is a function');
    const options: OnMessageOptions<Value> = withMessageId(given);
    const { concurrency = 1 } = options;
    if (concurrency !== Infinity && !(Number.isInteger(concurrency) && concurrency >= 1)) {
      throw new RangeError(`concurrency is a whole number, at least 1, not ${String(concurrency)}`);
    }
    this.from = options.from === undefined ? undefined : peerName(options.from);
    this.queue = filteredQueue(options);
    this.#commons = commons;
    this.#handler = handler;
    this.#open = messageOpener(checkParse(options.parse));
    this.#concurrency = concurrency;
  }

  /** Takes what is there, and waits for more. Does nothing on a pool that has stopped: what is unread there is for `recv`. */
  on(): void {
    if (this.#commons.state !== 'stopped') this.#fill();
    else this.#state = 'off';
  }

  /** What has begun goes on; nothing more is taken. Safe to call twice. */
  off(): void {
    this.#state = 'off';
    this.#commons.mailbox.cancel(this);
  }

  take(letter: Letter): void {
    this.#state = 'idle';
    this.#handle(letter);
    this.#fill();
  }

  /** The pool has stopped. */
  fail(): void {
    this.#state = 'off';
  }

  #fill(): void {
    while (this.#state === 'idle' && this.#running < this.#concurrency) {
      const letter = this.#commons.mailbox.take(this.from, this.queue);
      if (letter !== undefined) this.#handle(letter);
      else {
        this.#state = 'waiting';
        this.#commons.mailbox.wait(this);
      }
    }
  }

  /** Begins in a turn of its own: a handler never runs within the delivery of its message. */
  #handle(letter: Letter): void {
    this.#running++;
    NOW.then(() => {
      const message = this.#open(letter);
      return message instanceof Promise ? message.then(this.#handler) : this.#handler(message);
    }).then(
      () => this.#released(letter),
      (thrown: unknown) => {
        this.#released(letter);
        this.#commons.complain(thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }));
      },
    );
  }

  #released(letter: Letter): void {
    letter.receipt.consumed();
    this.#running--;
    if (this.#commons.state === 'stopped') this.#state = 'off';
    this.#fill();
  }
}
