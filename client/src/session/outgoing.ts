import type { Ack, SendOptions } from '../communicators/communicator.ts';
import { MESSAGE_OVERHEAD } from '../communicators/communicator.ts';
import { Deque } from '../deque.ts';
import type { PoolError } from '../errors.ts';
import type { Lane } from '../links/link.ts';
import { type Packet, packetBytes } from '../packers/packer.ts';
import { type PacketWriter, varintBytes } from './frames.ts';

const NOTHING: Packet = { head: new Uint8Array(0), segments: [] };

/**
 * `waiting` in its queue · `begun`: a part has left · `sent`: all of it has left · `delivered`: the other side has it, and may still owe its `consumed` ·
 * `done`: nothing more happens to it.
 */
type OutgoingState = 'waiting' | 'begun' | 'sent' | 'delivered' | 'done';

/** One message on its way to one peer. */
export class Outgoing {
  readonly queue: SendQueue;
  readonly ack: Ack;
  readonly unmetered: boolean;
  readonly correlation: number | undefined;
  /** As `stats()` counts it. */
  readonly bytes: number;
  /** As `outboxLimit` counts it. */
  readonly cost: number;
  /** On the wire: the layout of segments if there are any, the head, the segments. */
  readonly layout: Uint8Array | undefined;
  readonly bodyBytes: number;
  state: OutgoingState = 'waiting';
  lane: Lane = 0;
  /** Counts the messages begun in its lane. */
  index = -1;
  /** Bytes of the body that have left. */
  written = 0;
  /** It is what the other side waited for by name. */
  wanted = false;
  /** The other side said `consumed` before its acknowledgement came. */
  consumed = false;
  /** It is done, and was not taken. */
  refused = false;
  /** The sender has given up, was told whether it can have arrived, and asks no more. */
  abandoned = false;
  /** Rejects with an error, else resolves; gone once it was called. */
  #settle: ((error?: PoolError) => void) | undefined;
  #packet: Packet;

  constructor(
    queue: SendQueue,
    packet: Packet,
    { ack, unmetered, correlation }: Pick<SendOptions, 'ack' | 'unmetered' | 'correlation'>,
    settle: ((error?: PoolError) => void) | undefined,
  ) {
    this.queue = queue;
    this.#packet = packet;
    this.ack = ack;
    this.unmetered = unmetered ?? false;
    this.correlation = correlation;
    this.bytes = packetBytes(packet);
    this.cost = this.bytes + MESSAGE_OVERHEAD;
    this.layout = packet.segments.length > 0 ? encodeLayout(packet.segments) : undefined;
    this.bodyBytes = this.bytes + (this.layout?.length ?? 0);
    this.#settle = settle;
  }

  get settled(): boolean {
    return this.#settle === undefined;
  }

  /** The sender is told, once; later calls do nothing. */
  settle(error?: PoolError): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(error);
  }

  /** The sender is told nothing any more. */
  abandon(): void {
    this.abandoned = true;
    this.#settle = undefined;
  }

  /** Its bytes are not needed any more. */
  release(): void {
    this.#packet = NOTHING;
  }

  /** Copies a part of the body. */
  write(writer: PacketWriter, from: number, length: number): void {
    if (this.layout === undefined && from === 0 && length === this.#packet.head.length) {
      writer.bytes(this.#packet.head);
      return;
    }
    let start = 0;
    const end = from + length;
    for (const part of this.#parts()) {
      const partEnd = start + part.length;
      if (partEnd > from && start < end) {
        writer.bytes(part.subarray(Math.max(0, from - start), Math.min(part.length, end - start)));
      }
      start = partEnd;
      if (start >= end) return;
    }
  }

  *#parts(): Iterable<Uint8Array> {
    if (this.layout !== undefined) yield this.layout;
    yield this.#packet.head;
    yield* this.#packet.segments;
  }
}

/** The messages of one key, to one peer. They begin in the order in which they were sent, and keep to one lane while any is unacknowledged. */
export class SendQueue {
  readonly key: string;
  readonly keyBytes: Uint8Array;
  readonly waiting = new Deque<Outgoing>();
  /** Half-way through. */
  active: Outgoing | undefined;
  lane: Lane = 0;
  /** Begun in `lane` and not acknowledged. */
  unacknowledged = 0;
  /** `switching`: its next message belongs in the other lane, once this one is acknowledged. `blocked`: for want of credit. */
  place: 'idle' | 'ready' | 'switching' | 'blocked' = 'idle';
  #withdrawn = 0;

  constructor(key: string, keyBytes: Uint8Array) {
    this.key = key;
    this.keyBytes = keyBytes;
  }

  /** What to send next, without taking it. */
  get next(): Outgoing | undefined {
    if (this.active !== undefined) return this.active;
    while (this.waiting.first?.state === 'done') {
      this.waiting.shift();
      this.#withdrawn--;
    }
    return this.waiting.first;
  }

  /** A waiting message became `done`. A queue that never moves does not gather what was withdrawn from it. */
  withdrawn(): void {
    this.#withdrawn++;
    if (this.#withdrawn <= 32 || this.#withdrawn * 2 < this.waiting.length) return;
    this.waiting.retain((message) => message.state !== 'done');
    this.#withdrawn = 0;
  }
}

function encodeLayout(segments: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const segment of segments) size += varintBytes(segment.length);
  const layout = new Uint8Array(size);
  let position = 0;
  for (const segment of segments) {
    let length = segment.length;
    while (length >= 0x80) {
      layout[position++] = (length % 0x80) | 0x80;
      length = Math.floor(length / 0x80);
    }
    layout[position++] = length;
  }
  return layout;
}
