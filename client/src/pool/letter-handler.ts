import type { Commons } from './commons.ts';
import type { Letter } from './message.ts';
import type { Manner, Taker } from './takers.ts';

const NOW = Promise.resolve();

/** What a handler takes, and how much of it at once. */
export interface HandlerPattern {
  readonly from: string | undefined;
  readonly queue: string | undefined;
  readonly manner: Manner;
  readonly concurrency: number;
}

/** Takes letters for as long as it is on, whichever instance sends them, and begins to work on them in the order of their arrival. */
export class LetterHandler implements Taker {
  readonly from: string | undefined;
  readonly queue: string | undefined;
  readonly manner: Manner;
  readonly lasting = true;
  readonly #commons: Commons;
  readonly #concurrency: number;
  readonly #work: (letter: Letter) => Promise<void>;
  #state: 'idle' | 'waiting' | 'off' = 'idle';
  #running = 0;

  /** `work` never rejects. */
  constructor(commons: Commons, pattern: HandlerPattern, work: (letter: Letter) => Promise<void>) {
    this.from = pattern.from;
    this.queue = pattern.queue;
    this.manner = pattern.manner;
    this.#commons = commons;
    this.#concurrency = pattern.concurrency;
    this.#work = work;
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
    this.#begin(letter);
    this.#fill();
  }

  /** The pool has stopped. */
  fail(): void {
    this.#state = 'off';
  }

  #fill(): void {
    while (this.#state === 'idle' && this.#running < this.#concurrency) {
      const letter = this.#commons.mailbox.take(this.from, this.queue, this.manner);
      if (letter !== undefined) this.#begin(letter);
      else {
        this.#state = 'waiting';
        this.#commons.mailbox.wait(this);
      }
    }
  }

  /** In a turn of its own: nothing of the application runs within the delivery of a message. */
  #begin(letter: Letter): void {
    this.#running++;
    const ended = (): void => {
      this.#running--;
      if (this.#commons.state === 'stopped') this.#state = 'off';
      this.#fill();
    };
    NOW.then(() => this.#work(letter)).then(ended, ended);
  }
}
