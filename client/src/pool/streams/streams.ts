import { PoolError } from '../../errors.ts';
import { said } from '../../said.ts';
import type { Arrival, Desk } from '../arrivals.ts';
import type { Commons } from '../commons.ts';
import { Mailbox } from '../mailbox.ts';
import type { Letter } from '../message.ts';
import { unpack } from '../packing.ts';
import { KIND, kindOf, messageId, numberedQueue, offeredQueue, queueNumber } from '../queue-key.ts';
import { closedError } from '../receive-errors.ts';
import { textOf } from '../thrown.ts';
import { Intake } from './intake.ts';
import { type Offer, OutgoingStream } from './outgoing-stream.ts';
import { type ProgressListener, tellProgress } from './progress.ts';
import { readHeader, type StreamHeader } from './stream-header.ts';
import type { IncomingStream } from './stream-options.ts';

/** Of a reason to give a stream up, in characters. As long as our own are. */
const MOST_REASON = 1000;

/** A stream of somebody's: offered and in the mailbox, or taken. */
interface Incoming {
  readonly from: string;
  readonly number: number;
  readonly header: StreamHeader;
  readonly letter: Letter;
  intake: Intake | undefined;
}

/** All streams of a pool, and where what comes of them goes. */
export class Streams implements Desk {
  /** The offers nobody has taken yet. They take no room of the other mailbox, and little of their own: the communicator bounds them. */
  readonly offers: Mailbox;
  readonly #commons: Commons;
  readonly #outgoing = new Map<number, OutgoingStream>();
  readonly #incoming = new Map<string, Incoming>();
  #sent = 0;

  constructor(commons: Commons) {
    const { inboxLimit, slots } = commons.settings;
    this.#commons = commons;
    this.offers = new Mailbox(inboxLimit, slots, { wanted() {}, dropped() {} });
    commons.arrivals.open([KIND.stream, KIND.chunk, KIND.abort, KIND.cancel], this);
  }

  /** Offers it at once. */
  send(offer: Omit<Offer, 'number'>): Promise<void> {
    const number = ++this.#sent;
    const stream = new OutgoingStream(
      this.#commons,
      { ...offer, number },
      {
        over: () => this.#outgoing.delete(number),
        tell: (reason) => this.#tell(offer.peer, KIND.abort, number, reason, () => {}),
      },
    );
    this.#outgoing.set(number, stream);
    return stream.done;
  }

  /** Of an offer that was taken: from here on its sender sends. */
  open(letter: Letter, onProgress: ProgressListener | undefined): IncomingStream {
    const incoming = this.#incoming.get(keyOf(letter.from, letter.receipt.correlation));
    if (incoming === undefined) throw new PoolError('illegal-state', 'the stream has ended, or was taken already');
    const { from, number, header } = incoming;
    const over = (): void => {
      // Another life of its sender may use the number again.
      if (this.#incoming.get(keyOf(from, number)) === incoming) this.#incoming.delete(keyOf(from, number));
    };
    const intake = new Intake(from, header.size, {
      want: (waiting) => this.#want(incoming, waiting),
      progress: (bytes) => tellProgress(this.#commons, onProgress, { peer: from, bytes, size: header.size }),
      cancelled: (reason) => this.#tell(from, KIND.cancel, number, reason, over),
      over,
    });
    incoming.intake = intake;
    const { stream } = intake;
    return { sender: from, senderInstance: letter.instance, msgId: messageId(letter.queue), ...header, stream };
  }

  arrive(arrival: Arrival): void {
    switch (kindOf(arrival.queue)) {
      case KIND.stream:
        this.#offered(arrival);
        break;
      case KIND.chunk:
        this.#chunk(arrival);
        break;
      default:
        this.#givenUp(arrival);
    }
  }

  left(name: string, error: PoolError): void {
    for (const stream of this.#outgoing.values()) if (stream.peer === name) stream.failed(error);
    for (const incoming of this.#incoming.values()) if (incoming.from === name) this.#cut(incoming, error);
    this.offers.dismiss(name, ({ queue }) => error.with({ msgId: queue === undefined ? undefined : messageId(queue) }));
    this.offers.depart(name);
  }

  close(cause: unknown): void {
    for (const stream of this.#outgoing.values()) stream.failed(closedError(cause));
    for (const incoming of this.#incoming.values()) this.#cut(incoming, closedError(cause));
    this.offers.dismissAll((taker) => closedError(cause, taker));
  }

  #offered({ from, instance, queue, packet, receipt }: Arrival): void {
    const number = receipt.correlation;
    const key = keyOf(from, number);
    if (number === undefined || this.#incoming.has(key))
      throw new PoolError('malformed', 'a stream without a number of its own');
    const header = readHeader(unpack(this.#commons.settings.packer, packet));
    const letter = { from, instance, queue: offeredQueue(queue), value: header, bytes: 0, receipt, arrival: 0 };
    this.#incoming.set(key, { from, number, header, letter, intake: undefined });
    this.offers.admit(from, instance);
    this.offers.deliver(letter);
  }

  #chunk(arrival: Arrival): void {
    const incoming = this.#incoming.get(keyOf(arrival.from, queueNumber(arrival.queue)));
    if (incoming?.intake === undefined) throw new PoolError('refused', 'nobody reads this stream any more');
    incoming.intake.arrive(arrival);
  }

  /** By its sender, or by its reader. Who gives up what is over already is not wrong: that may have been under way. */
  #givenUp({ from, queue, packet, receipt }: Arrival): void {
    const number = queueNumber(queue);
    const reason = unpack(this.#commons.settings.packer, packet);
    if (typeof reason !== 'string') throw new PoolError('malformed', 'a stream given up without a reason');
    if (reason.length > MOST_REASON) throw new PoolError('malformed', 'a stream given up for too long a reason');
    receipt.consumed();
    if (kindOf(queue) === KIND.cancel) {
      const stream = this.#outgoing.get(number);
      if (stream?.peer === from) stream.cancelled(reason);
      return;
    }
    const incoming = this.#incoming.get(keyOf(from, number));
    if (incoming === undefined) return;
    const msgId = messageId(incoming.letter.queue);
    const error = new PoolError('remote', `${from} gave up the stream: ${said(reason, MOST_REASON)}`, {
      peer: from,
      msgId,
      reason,
    });
    if (incoming.intake === undefined) this.#cut(incoming, error);
    else incoming.intake.abort(error);
  }

  /** Nothing more comes of it. What nobody has taken is gone. */
  #cut({ from, number, letter, intake }: Incoming, error: PoolError): void {
    if (intake !== undefined) {
      intake.cut(error.with({ peer: from, msgId: messageId(letter.queue) }));
      return;
    }
    this.#incoming.delete(keyOf(from, number));
    this.offers.withdraw(letter);
  }

  #tell(peer: string, kind: typeof KIND.abort | typeof KIND.cancel, number: number, reason: unknown, told: () => void) {
    this.#say(peer, numberedQueue(kind, number), textOf(reason)).then(told, told);
  }

  /** Says it at once. A reason that is too long for either side is left out. */
  async #say(peer: string, queue: string, reason: string): Promise<void> {
    const { post, name, roster } = this.#commons;
    const here = (): boolean => this.#commons.state === 'started' && (peer === name || roster.isHere(peer));
    for (const text of [reason, '']) {
      if (!here()) return;
      try {
        await post.send(peer, post.pack(text), { queue, ack: 'delivered', unmetered: true });
        return;
      } catch (error) {
        if (error instanceof PoolError && error.code === 'too-large') continue;
        if (here()) this.#commons.complain(error as Error);
        return;
      }
    }
  }

  #want({ from, number }: Incoming, waiting: boolean): void {
    const { communicator, name, roster, state } = this.#commons;
    if (state !== 'started' || from === name || !roster.isHere(from)) return;
    communicator.want(from, numberedQueue(KIND.chunk, number), waiting);
  }
}

/** Numbers are the sender's own. */
function keyOf(from: string, number: number | undefined): string {
  return `${number} ${from}`;
}
