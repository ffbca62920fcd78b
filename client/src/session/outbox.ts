import type { SendOptions } from '../communicators/communicator.ts';
import { MESSAGE_OVERHEAD, QUEUE_BYTES } from '../communicators/communicator.ts';
import { Deque } from '../deque.ts';
import { PoolError, type Delivery } from '../errors.ts';
import type { Lane } from '../links/link.ts';
import type { Packet } from '../packers/packer.ts';
import { said } from '../said.ts';
import { chargeOf, fits, fitsExempt, SMALL_BYTES } from './credit.ts';
import { encodeText, FrameError, type PacketWriter, varintBytes } from './frames.ts';
import { fragmentBytes, fragmentHeaderBytes, recut, wholeBytes, writeFragment, writeWhole } from './message-frames.ts';
import { type Notice, writeNotice } from './notice.ts';
import { Outgoing, SendQueue } from './outgoing.ts';
import { type Frame, SendLane } from './send-lane.ts';

/** `ack: 'accepted'` resolves while no more than this has yet to leave. */
const ACCEPTED_BYTES = 1024 * 1024;

/** A fragment shorter than this is not worth its header, unless it is the last. */
const LEAST_FRAGMENT = 256;

/** Queues that the other side may name as wanted before anything was sent in them, with those it took back and was not told of yet; beyond it is a flood. */
const MOST_WANTED = 65_536;

/** What the other side takes, known from its hello. */
export interface Recipient {
  readonly name: string;
  readonly inboxLimit: number;
  readonly maxMessageSize: number;
}

export interface OutboxHost {
  /** A message failed whose send has resolved already (`accepted`, `none`). */
  failed(error: PoolError): void;
  /** Nothing is unacknowledged any more. */
  quiet(): void;
}

/** Messages to one peer: in what order they leave, in which lane, how much may be on its way, and what became of each. */
export class Outbox {
  readonly #peer: string;
  readonly #limit: number;
  readonly #host: OutboxHost;
  readonly #lanes = [new SendLane(), new SendLane()] as const;
  readonly #queues = new Map<string, SendQueue>();
  readonly #blocked = new Set<SendQueue>();
  readonly #wanted = new Set<string>();
  /** Answers to `unwant` that were not acknowledged. */
  #unwanted = 0;
  /** Delivered, and the sender waits for `consumed`. */
  readonly #unconsumed = new Map<string, Outgoing>();
  /** Sends that wait until there is room to send more. */
  readonly #unaccepted = new Deque<Outgoing>();
  #recipient: Recipient | undefined;
  #charged = 0;
  /** Of what takes no room over there: under way, and not acknowledged. */
  #exempt = 0;
  #consumed = 0;
  /** There is more room than when `relieved` was asked last. */
  #relieved = false;
  #pendingCost = 0;
  #backlog = 0;
  #pending = 0;
  messagesSent = 0;
  bytesSent = 0;

  constructor(peer: string, limit: number, host: OutboxHost) {
    this.#peer = peer;
    this.#limit = limit;
    this.#host = host;
  }

  /** Messages taken here that the other side has not acknowledged. */
  get inFlight(): number {
    return this.#pending;
  }

  /** The other side is known: what it can't take is refused, the rest may leave. */
  open(recipient: Recipient): void {
    this.#recipient = recipient;
    const tooLarge = [...this.#queues.values()].flatMap((queue) =>
      [...queue.waiting].filter((message) => message.bytes > recipient.maxMessageSize),
    );
    for (const message of tooLarge) {
      // Who is told of one may withdraw another.
      if (message.state === 'waiting') this.#drop(message, this.#tooLarge(message.bytes, recipient));
    }
  }

  add(packet: Packet, options: SendOptions, settle: (error?: PoolError) => void): Outgoing | undefined {
    const queue = this.#queue(options.queue);
    const message = new Outgoing(queue, packet, options, settle);
    const problem = this.#problem(message);
    if (problem !== undefined) {
      // A queue with nothing in it goes.
      this.#place(queue);
      this.#reject(message, problem);
      return undefined;
    }
    this.#pending++;
    this.#pendingCost += message.cost;
    this.#backlog += message.cost;
    queue.waiting.push(message);
    this.#place(queue);
    if (message.ack === 'none') message.settle();
    else if (message.ack === 'accepted') {
      if (this.#backlog <= ACCEPTED_BYTES) message.settle();
      else this.#unaccepted.push(message);
    }
    return message;
  }

  /** The sender has given up: what has not left never leaves, what left in part is cancelled. Says which. */
  withdraw(message: Outgoing): Delivery {
    message.abandon();
    switch (message.state) {
      case 'waiting':
        this.#finish(message);
        message.queue.withdrawn();
        this.#replace(message.queue);
        return 'none';
      case 'begun':
        message.queue.active = undefined;
        this.#finish(message);
        this.#lanes[message.lane].notices.push({ kind: 'cancel', message });
        this.#place(message.queue);
        return 'none';
      case 'sent':
        return 'unknown';
      case 'delivered':
      case 'done':
        // Who hears that there is room again may withdraw what that room is of.
        return message.refused ? 'none' : 'delivered';
    }
  }

  notify(notice: Exclude<Notice, { kind: 'cancel' }>): void {
    this.#lanes[0].notices.push(notice);
  }

  /** Whether a notice is still to be written in lane 0, or to be written again. */
  get refusing(): boolean {
    return this.#lanes[0].notices.length > 0 || this.#lanes[0].resending;
  }

  /**
   * There is a new link, and the other side has so many frames of each lane: the rest is sent again, as it was where the packets of this link are as large. What became of the messages in them is not said by this, but by the
   * acknowledgement that follows the refusals. The writer's packet is empty.
   * @throws FrameError when it has what was never sent, or has forgotten what it acknowledged
   */
  resume(frames: readonly [number, number], writer: PacketWriter): void {
    for (const lane of [0, 1] as const) {
      const state = this.#lanes[lane];
      const written = frames[lane] - state.acknowledged;
      if (written < 0 || written > state.frames.length) throw new FrameError('it resumes where this session never was');
      state.written = written;
      state.cut((frame) => recut(frame, writer));
    }
  }

  /** Whether the lane has something that may leave now. */
  pending(lane: Lane): boolean {
    const { notices, ready, resending } = this.#lanes[lane];
    return resending || notices.length > 0 || ready.length > 0;
  }

  /** Writes what is not a message. False when not all of it fitted into the packet: an acknowledgement could belie a refusal that is still to come. */
  notices(lane: Lane, writer: PacketWriter): boolean {
    const state = this.#lanes[lane];
    while (state.resending) {
      const frame = state.frames.at(state.written);
      if (frame === undefined || !this.#rewrite(frame, writer)) return false;
      state.written++;
    }
    for (let notice = state.notices.first; notice !== undefined; notice = state.notices.first) {
      if (!writeNotice(notice, writer)) return false;
      state.notices.shift();
      state.push(notice);
    }
    return true;
  }

  /** Writes as much of the messages as fits into the packet. */
  messages(lane: Lane, writer: PacketWriter): void {
    const state = this.#lanes[lane];
    for (let queue = state.ready.first; queue !== undefined; queue = state.ready.first) {
      const message = queue.next;
      if (message !== undefined && message.state === 'waiting' && laneOf(message) > lane) {
        // What stood before it was withdrawn, and it belongs in the other lane.
        state.ready.shift();
        queue.place = 'idle';
        this.#place(queue);
        continue;
      }
      if (message !== undefined && message.state === 'waiting' && !this.#mayBegin(message)) {
        state.ready.shift();
        queue.place = 'blocked';
        this.#blocked.add(queue);
        continue;
      }
      if (message !== undefined && !this.#write(message, state, lane, writer)) return;
      state.ready.shift();
      queue.place = 'idle';
      this.#place(queue);
    }
  }

  /**
   * Everything before this frame has arrived, and every message that ended there was taken unless it was refused.
   * @throws FrameError when it was never sent
   */
  acknowledge(lane: Lane, count: number): void {
    const state = this.#lanes[lane];
    if (count > state.acknowledged + state.frames.length) throw new FrameError('it acknowledges what was never sent');
    this.#relieved ||= count > state.acknowledged;
    while (state.acknowledged < count) {
      const frame = state.shift();
      if (frame === undefined) break;
      if (frame instanceof Outgoing) this.#delivered(frame);
      else if (frame.kind === 'fragment') {
        if (frame.to === frame.message.bodyBytes && frame.message.written === frame.to) this.#delivered(frame.message);
      } else if (frame.kind === 'cancel') {
        frame.message.release();
        this.#left(frame.message);
      } else if ('acknowledged' in frame) frame.acknowledged();
    }
    state.forget();
  }

  /** The message arrived and was not taken. Said again after a broken link, so it may be known already. */
  refused(lane: Lane, index: number, code: string, text: string): void {
    const state = this.#lanes[lane];
    if (index >= state.begun) throw new FrameError('it refuses what was never sent');
    const message = state.message(index);
    if (message === undefined || message.state !== 'sent') return;
    message.refused = true;
    this.#finish(message);
    this.#reject(message, refusal(this.#peer, code, text));
  }

  consumed(lane: Lane, index: number): void {
    const state = this.#lanes[lane];
    if (index >= state.begun) throw new FrameError('it consumed what was never sent');
    const message = this.#unconsumed.get(`${lane}/${index}`) ?? state.message(index);
    if (message === undefined) return;
    if (message.state === 'sent') message.consumed = true;
    else if (message.state === 'delivered') {
      this.#unconsumed.delete(`${lane}/${index}`);
      message.state = 'done';
      this.#pendingCost -= MESSAGE_OVERHEAD;
      message.settle();
    }
  }

  /** The other side has consumed so much since the session began; more may be sent. */
  credit(consumed: number): void {
    if (consumed > this.#charged) throw new FrameError('it consumed more than was sent');
    if (consumed <= this.#consumed) return;
    this.#consumed = consumed;
    this.#relieved = true;
  }

  /** What was blocked may leave. Looked at once a packet: one of many small credits would else be as many walks over all that is blocked. Returns whether there was any relief. */
  relieved(): boolean {
    if (!this.#relieved) return false;
    this.#relieved = false;
    for (const queue of this.#blocked) {
      const message = queue.next;
      if (message === undefined || this.#fits(message)) this.#replace(queue);
    }
    return true;
  }

  /** Somebody over there waits for this queue: its next message passes whatever lies unread. */
  want(key: string): void {
    if (this.#wanted.size + this.#unwanted >= MOST_WANTED) throw new FrameError('it wants too many queues at once');
    this.#wanted.add(key);
    const queue = this.#queues.get(key);
    if (queue?.place === 'blocked') this.#replace(queue);
  }

  /** Nobody waits for it any more. Says so when no message of it has begun meanwhile. */
  unwant(key: string): void {
    if (!this.#wanted.delete(key)) return;
    this.#unwanted++;
    this.notify({ kind: 'unwanted', acknowledged: this.#unwantedTold });
  }

  readonly #unwantedTold = (): void => void this.#unwanted--;

  /** The session is over. `taken`: the other side said exactly what it took, so that whatever it did not acknowledge did not arrive. */
  end(error: (delivery: Delivery) => PoolError, taken: boolean): void {
    const messages = new Set<Outgoing>(this.#unconsumed.values());
    for (const lane of this.#lanes) for (const message of lane.messages) messages.add(message);
    for (const queue of this.#queues.values()) for (const message of queue.waiting) messages.add(message);
    this.#unaccepted.clear();
    for (const message of messages) {
      if (message.state === 'done') continue;
      const delivery =
        message.state === 'delivered' ? 'delivered' : message.state === 'waiting' || taken ? 'none' : 'unknown';
      if (message.state === 'delivered') message.state = 'done';
      else this.#finish(message);
      this.#reject(message, error(delivery));
    }
    this.#queues.clear();
    this.#unconsumed.clear();
  }

  #queue(key: string): SendQueue {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const keyBytes = encodeText(key);
      if (keyBytes.length > QUEUE_BYTES) throw new RangeError(`a message id has at most ${QUEUE_BYTES} bytes of UTF-8`);
      queue = new SendQueue(key, keyBytes);
      this.#queues.set(key, queue);
    }
    return queue;
  }

  #problem(message: Outgoing): PoolError | undefined {
    const recipient = this.#recipient;
    if (recipient !== undefined && message.bytes > recipient.maxMessageSize)
      return this.#tooLarge(message.bytes, recipient);
    if (this.#pendingCost === 0 || this.#pendingCost + message.cost <= this.#limit) return undefined;
    return new PoolError(
      'refused',
      `${this.#pendingCost} bytes wait to be taken by ${this.#peer}; with another ${message.cost} the outboxLimit of ${this.#limit} would be passed: await sends`,
      { peer: this.#peer, reason: 'outbox-full', delivery: 'none' },
    );
  }

  #tooLarge(bytes: number, recipient: Recipient): PoolError {
    return new PoolError(
      'too-large',
      `a message of ${bytes} bytes is larger than ${recipient.name} takes: raise its maxMessageSize (${recipient.maxMessageSize}), or use sendStream`,
      { peer: recipient.name, delivery: 'none' },
    );
  }

  /** Puts a queue where its next message can leave from. */
  #place(queue: SendQueue): void {
    if (queue.place === 'ready' || queue.place === 'blocked') return;
    const message = queue.next;
    if (message === undefined) {
      queue.place = 'idle';
      if (queue.unacknowledged === 0) this.#queues.delete(queue.key);
      return;
    }
    if (message.state === 'waiting') {
      const lane = laneOf(message);
      if (queue.unacknowledged === 0) queue.lane = lane;
      else if (lane > queue.lane) {
        // Behind unacknowledged small messages a large one must not clog their lane, nor overtake them in its own.
        queue.place = 'switching';
        return;
      }
    }
    queue.place = 'ready';
    this.#lanes[queue.lane].ready.push(queue);
  }

  /** What held the queue back may be over. */
  #replace(queue: SendQueue): void {
    if (queue.place === 'ready') return;
    this.#blocked.delete(queue);
    queue.place = 'idle';
    this.#place(queue);
  }

  #fits(message: Outgoing): boolean {
    const limit = this.#recipient?.inboxLimit ?? 0;
    if (message.unmetered) return fitsExempt(message.bytes, this.#exempt, limit);
    return fits(message.bytes, this.#charged - this.#consumed, limit);
  }

  #mayBegin(message: Outgoing): boolean {
    const wanted = this.#wanted.size > 0 && this.#wanted.has(message.queue.key);
    return wanted || this.#fits(message);
  }

  /** Writes a message or a part of it. False when the packet is full, and the queue stays where it is. */
  #write(message: Outgoing, state: SendLane, lane: Lane, writer: PacketWriter): boolean {
    if (message.state === 'waiting' && message.layout === undefined) {
      if (wholeBytes(message, writer) <= writer.room) {
        this.#begin(message, state, lane);
        writeWhole(message, writer);
        state.push(message);
        this.#advance(message, message.bodyBytes);
        return true;
      }
      if (message.bytes <= SMALL_BYTES && writer.length > 0) return false;
    }
    const from = message.written;
    const room = writer.room - fragmentHeaderBytes(message, from);
    const left = message.bodyBytes - from;
    if (room < varintBytes(writer.capacity) + Math.min(LEAST_FRAGMENT, left)) return false;
    if (message.state === 'waiting') this.#begin(message, state, lane);
    const length = Math.min(left, room - varintBytes(room));
    writeFragment(message, from, length, writer);
    state.push({ kind: 'fragment', message, from, to: from + length });
    this.#advance(message, length);
    return true;
  }

  /** A frame that left by an earlier link leaves again: the other side counts frames. */
  #rewrite(frame: Frame, writer: PacketWriter): boolean {
    if (frame instanceof Outgoing) {
      if (wholeBytes(frame, writer) > writer.room) return false;
      writeWhole(frame, writer);
      return true;
    }
    if (frame.kind !== 'fragment') return writeNotice(frame, writer);
    const { message, from, to } = frame;
    if (fragmentBytes(frame) > writer.room) return false;
    writeFragment(message, from, to - from, writer);
    return true;
  }

  #begin(message: Outgoing, state: SendLane, lane: Lane): void {
    message.queue.waiting.shift();
    message.queue.unacknowledged++;
    message.queue.active = message;
    message.state = 'begun';
    message.lane = lane;
    message.index = state.begun++;
    state.messages.push(message);
    if (this.#wanted.size > 0) message.wanted = this.#wanted.delete(message.queue.key);
    const charge = chargeOf(message.bytes, this.#recipient?.inboxLimit ?? 0);
    if (message.unmetered) this.#exempt += charge;
    else this.#charged += charge;
  }

  #advance(message: Outgoing, length: number): void {
    message.written += length;
    if (message.written < message.bodyBytes) return;
    message.state = 'sent';
    message.queue.active = undefined;
    this.messagesSent++;
    this.bytesSent += message.bytes;
    this.#leave(message);
  }

  /** It does not stand in the way of further sends any more. */
  #leave(message: Outgoing): void {
    this.#backlog -= message.cost;
    while (this.#unaccepted.first !== undefined && this.#backlog <= ACCEPTED_BYTES) this.#unaccepted.shift()?.settle();
  }

  #delivered(message: Outgoing): void {
    message.release();
    this.#left(message);
    if (message.state !== 'sent') return;
    this.#finish(message);
    if (message.ack !== 'consumed' || message.consumed || message.settled) message.settle();
    else {
      message.state = 'delivered';
      // It is remembered until it is consumed.
      this.#pendingCost += MESSAGE_OVERHEAD;
      this.#unconsumed.set(`${message.lane}/${message.index}`, message);
    }
  }

  /** One message fewer of this queue is on its way. */
  #left({ queue, unmetered, bytes }: Outgoing): void {
    queue.unacknowledged--;
    if (unmetered) this.#exempt -= chargeOf(bytes, this.#recipient?.inboxLimit ?? 0);
    if (queue.unacknowledged === 0 && queue.place !== 'blocked') this.#replace(queue);
  }

  #finish(message: Outgoing): void {
    const { state } = message;
    message.state = 'done';
    this.#pending--;
    this.#pendingCost -= message.cost;
    if (state === 'waiting') message.release();
    // Whoever may send again for it may call back in.
    if (state === 'waiting' || state === 'begun') this.#leave(message);
    if (this.#pending === 0) this.#host.quiet();
  }

  #drop(message: Outgoing, error: PoolError): void {
    message.refused = true;
    this.#finish(message);
    message.queue.withdrawn();
    this.#reject(message, error);
  }

  #reject(message: Outgoing, error: PoolError): void {
    if (message.abandoned) return;
    if (message.settled || message.ack === 'none') {
      message.settle();
      this.#host.failed(error);
    } else message.settle(error);
  }
}

function laneOf({ layout, bytes }: Outgoing): Lane {
  return layout === undefined && bytes <= SMALL_BYTES ? 0 : 1;
}

const REFUSAL_CODES = new Set([
  'malformed',
  'unpackable',
  'too-large',
  'refused',
  'unsupported',
  'untrusted',
  'closed',
  'remote',
]);

/** What the other side said of a message it did not take, as this side's error. A code it may not use becomes `refused`. */
function refusal(peer: string, code: string, text: string): PoolError {
  const known = REFUSAL_CODES.has(code) ? (code as PoolError['code']) : 'refused';
  return new PoolError(known, `${peer} could not take it: ${said(text)}`, {
    peer,
    reason: said(code),
    delivery: 'none',
  });
}
