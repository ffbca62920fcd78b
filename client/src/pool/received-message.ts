import type { WaitOptions } from '../communicators/communicator.ts';
import type { Commons } from './commons.ts';
import { identityOf, type Letter, type Message, type MessageMark } from './message.ts';
import { messageId } from './queue-key.ts';

/** A letter in the hands of whoever took it. */
export class ReceivedMessage<Value> implements Message<Value> {
  readonly sender: string;
  readonly msgId: string | undefined;
  readonly value: Value;
  readonly identity: string;
  readonly serial: number;
  readonly senderInstance: string;
  readonly #commons: Commons;
  readonly #letter: Letter;

  constructor(commons: Commons, letter: Letter, value: Value) {
    this.sender = letter.from;
    this.msgId = messageId(letter.queue);
    this.value = value;
    this.identity = identityOf(letter);
    this.serial = letter.receipt.serial;
    this.senderInstance = letter.instance;
    this.#commons = commons;
    this.#letter = letter;
  }

  get hasSlot(): boolean {
    return this.#commons.mailbox.holdsSlot(this.#letter);
  }

  reply(value: unknown, options: WaitOptions = {}): Promise<void> {
    return this.#commons.replies.reply(this.#letter, value, options);
  }

  release(): Promise<MessageMark> {
    const { identity, serial } = this;
    this.#commons.mailbox.release(this.#letter);
    return Promise.resolve({ identity, serial });
  }
}
