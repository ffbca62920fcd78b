import type { Receipt } from '../communicators/communicator.ts';
import { QUEUE_BYTES } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import type { Lane } from '../links/link.ts';
import type { Packet } from '../packers/packer.ts';
import { chargeOf, crowded, tellEvery } from './credit.ts';
import { encodeReason, FLAG, FrameError, LastText, type PacketReader } from './frames.ts';
import type { Notice } from './notice.ts';
import { Reassembly } from './reassembly.ts';

/** Fragments are acknowledged in steps of this many bytes, so that the sender can forget them; the end of a message at once. */
const ACKNOWLEDGE_BYTES = 256 * 1024;

/** Passes that come back: we asked, and do not wait any more. An honest peer keeps none of them for longer than a round trip, so whoever keeps more is not asked again before it gives some back. */
const MOST_RETURNING = 64;

/** What one lane has received. */
class ReceiveLane {
  /** Counted frames. */
  frames = 0;
  /** Messages begun. */
  messages = 0;
  readonly partial = new Map<number, Reassembly>();
  readonly key = new LastText();
}

export interface InboxHost {
  /** Throws what refuses the message. */
  message(queue: string, packet: Packet, receipt: Receipt): void;
  notify(notice: Exclude<Notice, { kind: 'cancel' }>): void;
  /** There is something to tell, soon. */
  tell(): void;
}

export interface InboxOptions {
  /** Names the sender's instance and the session, and so makes each message's identity unique. */
  readonly origin: string;
  /** What its messages are counted from. */
  readonly firstSerial: number;
  readonly inboxLimit: number;
  readonly maxMessageSize: number;
}

/** Messages from one peer: whole again, each handed on once, and how much more may come. */
export class Inbox {
  readonly #host: InboxHost;
  readonly #options: InboxOptions;
  readonly #lanes = [new ReceiveLane(), new ReceiveLane()] as const;
  /** Queues that somebody waits for. */
  readonly #awaited = new Set<string>();
  /** Of those, the ones asked for by name. */
  readonly #asked = new Set<string>();
  /** How many messages may yet pass the limit: one for each time we asked, until the peer says by a flag that it was that one, or gives it back. */
  #passes = 0;
  /** Charged for messages that passed so, and are unread. */
  #granted = 0;
  #charged = 0;
  /** Of messages that take no room of the sender's: unread, and bounded like the others. */
  #exempt = 0;
  #consumed = 0;
  #told = 0;
  #serial = 0;
  #unacknowledgedBytes = 0;
  /** The frame being read completes something that the sender waits to hear of. */
  #completed = false;
  /** The lane of the message that is being handed on. */
  #handing: Lane | undefined;
  /** The frames that were received when nothing more was taken. */
  #closed: readonly [number, number] | undefined;
  messagesReceived = 0;
  bytesReceived = 0;

  constructor(host: InboxHost, options: InboxOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Counted frames received so far, by lane; of a closed inbox those that were received before. */
  get frames(): readonly [number, number] {
    return this.#closed ?? [this.#lanes[0].frames, this.#lanes[1].frames];
  }

  get consumed(): number {
    return this.#consumed;
  }

  /** What was consumed and the other side does not know of. */
  get untold(): boolean {
    return this.#consumed > this.#told;
  }

  /** The other side is being told what was consumed. */
  told(): void {
    this.#told = this.#consumed;
  }

  /** There is a new link: whatever the last one was told may not have arrived. */
  resume(): void {
    this.#told = -1;
  }

  /** Goodbye is said: nothing is taken any more. Who says so from within the call that hands it a message has that message. */
  close(): void {
    if (this.#closed !== undefined) return;
    const [small, bulk] = this.frames;
    this.#closed = [small + Number(this.#handing === 0), bulk + Number(this.#handing === 1)];
  }

  /** A counted frame that is no part of a message. What it says is kept over there until it is acknowledged. */
  counted(lane: Lane): void {
    this.#lanes[lane].frames++;
    this.#host.tell();
  }

  message(lane: Lane, flags: number, reader: PacketReader): void {
    const queue = (flags & FLAG.again) === 0 ? this.#queue(lane, flags, reader) : reader.key;
    if (queue === undefined) throw new FrameError('it repeats a queue key that stands nowhere');
    const correlation = correlationOf(flags, reader);
    const length = reader.varint();
    this.#check(length);
    const index = this.#begin(lane, queue, flags, length);
    const head = reader.bytes(length);
    const arriving = { queue, flags, correlation, bytes: length };
    this.#hand(lane, index, arriving, { head, segments: [] });
    this.#count(lane);
  }

  first(lane: Lane, flags: number, reader: PacketReader): void {
    const queue = this.#queue(lane, flags, reader);
    const correlation = correlationOf(flags, reader);
    const total = reader.varint();
    const layout = (flags & FLAG.segments) === 0 ? 0 : reader.varint();
    const message = new Reassembly(queue, flags, correlation, total, layout);
    this.#check(message.bytes);
    const index = this.#begin(lane, queue, flags, message.bytes);
    this.#lanes[lane].partial.set(index, message);
    this.#add(lane, index, message, reader);
    this.#count(lane);
  }

  #queue(lane: Lane, flags: number, reader: PacketReader): string {
    if ((flags & FLAG.queue) === 0) return '';
    reader.key = reader.text(QUEUE_BYTES, this.#lanes[lane].key);
    return reader.key;
  }

  more(lane: Lane, reader: PacketReader): void {
    const index = reader.varint();
    const message = this.#lanes[lane].partial.get(index);
    if (message === undefined) throw new FrameError('it continues a message that it has not begun');
    this.#add(lane, index, message, reader);
    this.#count(lane);
  }

  cancel(lane: Lane, reader: PacketReader): void {
    this.#lanes[lane].frames++;
    const index = reader.varint();
    const message = this.#lanes[lane].partial.get(index);
    if (message === undefined) throw new FrameError('it cancels a message that is not under way');
    this.#lanes[lane].partial.delete(index);
    this.#free(chargeOf(message.bytes, this.#options.inboxLimit), message.flags);
    this.#host.tell();
  }

  /**
   * The frame may be acknowledged from here on, and not before: whoever is handed a message may send in that very call, and an acknowledgement that goes with it must not cover
   * what is still to be refused.
   */
  #count(lane: Lane): void {
    this.#lanes[lane].frames++;
    if (!this.#completed) return;
    this.#completed = false;
    this.#host.tell();
  }

  /** Somebody waits for the queue, or does not any more. */
  want(queue: string, waiting: boolean): void {
    if (!waiting) {
      this.#awaited.delete(queue);
      this.#askNoMore(queue);
      return;
    }
    this.#awaited.add(queue);
    if (crowded(this.#charged - this.#consumed, this.#options.inboxLimit)) this.#ask(queue);
  }

  /** The sender has heard that nobody waits any more, and had not used what it was allowed. */
  unwanted(): void {
    this.#usePass();
    this.#askAll();
  }

  #usePass(): void {
    if (this.#passes === 0) throw new FrameError('it uses or gives back what it was not given');
    this.#passes--;
  }

  #check(bytes: number): void {
    if (bytes > this.#options.maxMessageSize) {
      throw new FrameError(`it sends ${bytes} bytes in one message, ${this.#options.maxMessageSize} are allowed`);
    }
  }

  #begin(lane: Lane, queue: string, flags: number, bytes: number): number {
    const limit = this.#options.inboxLimit;
    const wanted = (flags & FLAG.wanted) !== 0;
    if (wanted) this.#usePass();
    if ((flags & FLAG.unmetered) === 0) {
      const charge = chargeOf(bytes, limit);
      // The sender knows of no more consumption than we do, and what passed can be here before what fitted: lanes may overtake each other. So what fitted is measured by its kin alone, and of the
      // share for small messages nothing is checked.
      const unread = this.#charged - this.#consumed - this.#granted;
      if (wanted) this.#granted += charge;
      else if (unread > 0 && unread + charge > limit) throw new FrameError('it sends more than it has credit for');
      this.#charged += charge;
    } else {
      this.#exempt += chargeOf(bytes, limit);
      if (this.#exempt > 2 * limit) throw new FrameError('what takes no room takes more than there is');
    }
    if (this.#awaited.delete(queue)) {
      // What began before the peer had heard of it, or was asked for before: the pass of this time is to come back.
      if (wanted && this.#passes < this.#asked.size) this.#asked.delete(queue);
      else this.#askNoMore(queue);
    }
    this.#askAll();
    return this.#lanes[lane].messages++;
  }

  /** It has not given back what it was allowed for those who wait no more. */
  get #keeping(): boolean {
    return this.#passes - this.#asked.size >= MOST_RETURNING;
  }

  /** Whoever waits is asked for by name, when there is so much unread that it may have to be. */
  #askAll(): void {
    if (this.#asked.size === this.#awaited.size || this.#keeping) return;
    if (!crowded(this.#charged - this.#consumed, this.#options.inboxLimit)) return;
    for (const queue of this.#awaited) this.#ask(queue);
  }

  #ask(queue: string): void {
    if (this.#asked.has(queue) || this.#keeping) return;
    this.#asked.add(queue);
    this.#passes++;
    this.#host.notify({ kind: 'want', queue });
    this.#host.tell();
  }

  #askNoMore(queue: string): void {
    if (!this.#asked.delete(queue)) return;
    this.#host.notify({ kind: 'unwant', queue });
    this.#host.tell();
  }

  #add(lane: Lane, index: number, message: Reassembly, reader: PacketReader): void {
    const bytes = reader.bytes(reader.varint());
    message.add(bytes);
    this.#unacknowledgedBytes += bytes.length;
    if (this.#unacknowledgedBytes >= ACKNOWLEDGE_BYTES) {
      this.#unacknowledgedBytes = 0;
      this.#completed = true;
    }
    if (!message.complete) return;
    this.#lanes[lane].partial.delete(index);
    this.#hand(lane, index, message, message.take());
  }

  /** What is to be said of a message costs memory until it is acknowledged: only then its charge is free. */
  #hand(lane: Lane, index: number, { queue, flags, correlation, bytes }: Arriving, packet: Packet): void {
    if (this.#closed !== undefined) return;
    const charge = chargeOf(bytes, this.#options.inboxLimit);
    const { origin, firstSerial } = this.#options;
    const place = { origin, lane, index, serial: (firstSerial + this.#serial) >>> 0, correlation };
    const receipt = new InboundReceipt(place, charge, flags, this.#consume);
    this.#serial = (this.#serial + 1) >>> 0;
    this.#completed = true;
    this.#handing = lane;
    try {
      if ((flags & FLAG.unmetered) !== 0 && this.#exempt > this.#options.inboxLimit && this.#exempt > charge) {
        throw new PoolError('refused', 'too many calls, requests and answers lie unread');
      }
      this.#host.message(queue, packet, receipt);
      receipt.taken();
    } catch (cause) {
      receipt.close();
      this.#refuse(lane, index, this.#keptOf(charge, flags), flags, cause);
      return;
    } finally {
      this.#handing = undefined;
    }
    this.messagesReceived++;
    this.bytesReceived += bytes;
  }

  /** Apart from where it is caught: a closure made there holds the error, and all that it quotes. */
  #refuse(lane: Lane, index: number, kept: number, flags: number, cause: unknown): void {
    const error = cause instanceof PoolError ? cause : new PoolError('remote', String(cause), { cause });
    const { code } = error;
    const text = encodeReason(error.detail);
    this.#host.notify({ kind: 'refused', lane, index, code, text, acknowledged: () => this.#free(kept, flags) });
  }

  /** A refused message that takes no room is gone but for what is to be said of it; others like it must not be taken for too much meanwhile. */
  #keptOf(charge: number, flags: number): number {
    if ((flags & FLAG.unmetered) === 0) return charge;
    const kept = chargeOf(0, this.#options.inboxLimit);
    this.#exempt -= charge - kept;
    return kept;
  }

  readonly #consume = ({ lane, index, charge, flags }: InboundReceipt): void => {
    if ((flags & FLAG.receipt) === 0) {
      this.#free(charge, flags);
      return;
    }
    const acknowledged = (): void => this.#free(charge, flags);
    this.#host.notify({ kind: 'consumed', lane, index, acknowledged });
    this.#host.tell();
  };

  #free(charge: number, flags: number): void {
    if ((flags & FLAG.unmetered) !== 0) {
      this.#exempt -= charge;
      return;
    }
    if ((flags & FLAG.wanted) !== 0) this.#granted -= charge;
    this.#consumed += charge;
    if (this.#consumed - this.#told >= tellEvery(this.#options.inboxLimit)) this.#host.tell();
  }
}

/** What is known of a message from its first frame on. */
type Arriving = Pick<Reassembly, 'queue' | 'flags' | 'correlation' | 'bytes'>;

function correlationOf(flags: number, reader: PacketReader): number | undefined {
  return (flags & FLAG.correlated) === 0 ? undefined : reader.varint();
}

interface Place {
  readonly origin: string;
  readonly lane: Lane;
  readonly index: number;
  readonly serial: number;
  readonly correlation: number | undefined;
}

class InboundReceipt implements Receipt {
  readonly serial: number;
  readonly correlation: number | undefined;
  readonly lane: Lane;
  readonly index: number;
  readonly charge: number;
  readonly flags: number;
  readonly #origin: string;
  readonly #consumed: (receipt: InboundReceipt) => void;
  /** `handed`: whoever gets it may still refuse it; `read`: and has consumed it meanwhile, which counts for nothing if it does. */
  #state: 'handed' | 'read' | 'open' | 'closed' = 'handed';

  constructor(
    { origin, lane, index, serial, correlation }: Place,
    charge: number,
    flags: number,
    consumed: (receipt: InboundReceipt) => void,
  ) {
    this.#origin = origin;
    this.lane = lane;
    this.index = index;
    this.serial = serial;
    this.correlation = correlation;
    this.charge = charge;
    this.flags = flags;
    this.#consumed = consumed;
  }

  get identity(): string {
    return `${this.#origin}/${this.lane}.${this.index}`;
  }

  consumed(): void {
    if (this.#state === 'handed') this.#state = 'read';
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    this.#consumed(this);
  }

  /** It was not refused. */
  taken(): void {
    const read = this.#state === 'read';
    this.#state = 'open';
    if (read) this.consumed();
  }

  /** Nothing more can be said of it. */
  close(): void {
    this.#state = 'closed';
  }
}
