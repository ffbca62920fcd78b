import type { WaitOptions } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import type { Commons } from './commons.ts';
import { isRequest, type Letter } from './message.ts';
import { KIND, messageId, numberedQueue } from './queue-key.ts';
import { sendLimits, waitLimits } from './receive-options.ts';
import { refusalPackets, type Refusal } from './remote-error.ts';

/** Who asked, in which life, and under which number. */
export interface Asker {
  readonly peer: string;
  readonly instance: string;
  readonly number: number;
}

/** Who asked does not hear of these by itself, and would wait in vain. */
const UNTOLD: ReadonlySet<string> = new Set(['too-large', 'refused']);

/** Answers, on their way to those who asked. */
export class Replies {
  readonly #commons: Commons;
  readonly #answered = new WeakSet<Letter>();

  constructor(commons: Commons) {
    this.#commons = commons;
  }

  /** `message.reply`. */
  async reply(letter: Letter, value: unknown, options: WaitOptions): Promise<void> {
    const { post } = this.#commons;
    const { from, queue } = letter;
    const limits = sendLimits(waitLimits(options, Infinity));
    post.check('reply');
    if (!isRequest(letter)) {
      await post.send(post.recipient(from), post.pack(value), { queue, ack: 'delivered', ...limits });
      return;
    }
    const asker = askerOf(letter);
    if (this.#answered.has(letter))
      throw new PoolError('illegal-state', `the request of ${from} was answered already`, {
        peer: from,
        msgId: messageId(queue),
      });
    const packet = post.pack(value);
    this.#answered.add(letter);
    if (!this.#waits(asker)) throw new PoolError('peer-left', `${from} left after it asked`, { peer: from });
    try {
      await this.#send(asker, packet, limits);
    } catch (error) {
      // Who asked has none, and may be given another; one that comes twice meets nobody.
      this.#answered.delete(letter);
      throw error;
    }
  }

  /** The result of a handler that has ended; not of one that has replied by itself. */
  result(letter: Letter, value: unknown): void {
    if (this.#answered.has(letter)) return;
    this.#answered.add(letter);
    this.answer(askerOf(letter), value);
  }

  /** What a handler threw. Returns whether somebody is told by this. */
  thrown(letter: Letter, thrown: unknown): boolean {
    if (this.#answered.has(letter)) return false;
    this.#answered.add(letter);
    this.refuse(askerOf(letter), 'threw', thrown);
    return true;
  }

  /** Nobody waits for it here. What can't be answered is refused, who is gone is not answered. */
  answer(asker: Asker, value: unknown): void {
    if (!this.#waits(asker)) return;
    let packet: Packet;
    try {
      packet = this.#commons.post.pack(value);
    } catch (error) {
      this.refuse(asker, 'unpackable', error);
      return;
    }
    this.#send(asker, packet).catch((error: unknown) => {
      if (isUntold(error)) this.refuse(asker, 'unpackable', error);
      else this.#unsent(asker, error);
    });
  }

  refuse(asker: Asker, refusal: Refusal, thrown?: unknown): void {
    const { post } = this.#commons;
    this.#refuse(
      asker,
      refusalPackets((value) => post.pack(value), refusal, thrown),
    );
  }

  /** The first of these that arrives. */
  #refuse(asker: Asker, packets: Iterator<Packet, void>, before?: unknown): void {
    if (!this.#waits(asker)) return;
    const { value: packet } = packets.next();
    if (packet === undefined) {
      this.#unsent(
        asker,
        before ??
          new PoolError('too-large', `${asker.peer} can't be told why it has no answer: the error is too large`),
      );
      return;
    }
    const queue = numberedQueue(KIND.failure, asker.number);
    this.#commons.post
      .send(asker.peer, packet, { queue, ack: 'delivered', unmetered: true })
      .catch((error: unknown) => {
        if (isUntold(error)) this.#refuse(asker, packets, error);
        else this.#unsent(asker, error);
      });
  }

  #send({ peer, number }: Asker, packet: Packet, limits: WaitOptions = {}): Promise<void> {
    const queue = numberedQueue(KIND.answer, number);
    return this.#commons.post.send(peer, packet, { queue, ack: 'delivered', unmetered: true, ...limits });
  }

  /** Who came back as another instance has asked nothing, and may use the number anew. */
  #waits({ peer, instance }: Asker): boolean {
    const { name, roster, state } = this.#commons;
    if (state !== 'started') return false;
    return peer === name || (roster.isHere(peer) && roster.instance(peer) === instance);
  }

  #unsent(asker: Asker, error: unknown): void {
    if (this.#waits(asker)) this.#commons.complain(error as Error);
  }
}

function isUntold(error: unknown): boolean {
  return error instanceof PoolError && UNTOLD.has(error.code);
}

function askerOf({ from, instance, receipt }: Letter): Asker {
  return { peer: from, instance, number: receipt.correlation ?? 0 };
}
