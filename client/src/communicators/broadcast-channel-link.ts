import type { Lane, Link, LinkListener } from '../links/link.ts';
import { randomId } from './random-id.ts';
import { fields } from './signal.ts';
import type { Attempt } from './transport.ts';

/** A channel moves 1 MiB as fast as 256 KiB; smaller packets let other queues in between. In bytes. */
const PACKET_BYTES = 256 * 1024;

/**
 * What may be unanswered in one lane, in bytes. A channel queues without limit and says nothing of it; two lanes of 2 MiB keep a busy receiver
 * supplied, and what a frozen one leaves lying stays at 4 MiB.
 */
const LANE_WINDOW = 2 * 1024 * 1024;

/** The receiver answers when it has taken this much since its last answer, in bytes: seldom, yet long before the sender must stop. */
const ANSWER_STEP = LANE_WINDOW / 4;

/** What a packet counts beside its bytes: a flood of empty ones takes room as well. */
const PACKET_OVERHEAD = 256;

/** `taken`: so much of a lane has been taken in all, in bytes with `PACKET_OVERHEAD` for each packet. */
type LinkMessage =
  | { readonly type: 'open' }
  | { readonly type: 'close' }
  | { readonly type: 'packet'; readonly lane: Lane; readonly bytes: ArrayBuffer }
  | { readonly type: 'taken'; readonly lane: Lane; readonly total: number };

type State =
  | { readonly name: 'invited' }
  | { readonly name: 'waiting' | 'open'; readonly channel: BroadcastChannel }
  | { readonly name: 'closed' };

interface Traffic {
  sent: number;
  /** Of what we sent, what the other side has taken. */
  answered: number;
  taken: number;
  /** Of what we took, what we have told. */
  told: number;
}

/**
 * A channel that only two instances know: its name ends in a key that nobody can guess. The initiator opens it and tells its key; the responder opens it and posts `open`; the initiator answers `open`.
 * So each listens before the other posts a packet.
 */
export class BroadcastChannelLink implements Link, Attempt {
  readonly packetBytes = PACKET_BYTES;
  readonly kind = 'broadcast-channel';
  readonly reachable = true;
  /** The key of the channel, which only its two ends know. */
  binding = { own: '', other: '' };
  readonly #prefix: string;
  readonly #ended: () => void;
  readonly #lanes: readonly [Traffic, Traffic] = [newTraffic(), newTraffic()];
  #state: State = { name: 'invited' };
  #listener: LinkListener | undefined;

  /** `ended` is called once, whoever ends the link. */
  constructor(prefix: string, listener: LinkListener, ended: () => void) {
    this.#prefix = prefix;
    this.#listener = listener;
    this.#ended = ended;
  }

  /** The initiator's beginning; the responder's is the first `negotiate`. */
  invite(negotiate: (data: unknown) => void): void {
    if (this.#state.name === 'closed') return;
    const key = randomId();
    this.#attempt(() => {
      this.#open(key);
      negotiate({ key });
    });
  }

  negotiate(data: unknown): void {
    this.#attempt(() => {
      if (this.#state.name === 'closed') return;
      if (this.#state.name !== 'invited') throw new TypeError('a link is negotiated once');
      const { key } = fields(data, 'key');
      if (typeof key !== 'string' || !/^[0-9a-f]{32}$/.test(key)) throw new TypeError('a link has a key');
      this.#open(key).postMessage({ type: 'open' } satisfies LinkMessage);
    });
  }

  ready(lane: Lane): boolean {
    const { sent, answered } = this.#lanes[lane];
    return this.#state.name === 'open' && sent - answered + PACKET_BYTES + PACKET_OVERHEAD <= LANE_WINDOW;
  }

  send(lane: Lane, packet: Uint8Array): void {
    this.#lanes[lane].sent += packet.byteLength + PACKET_OVERHEAD;
    this.#post({ type: 'packet', lane, bytes: exactBuffer(packet) });
  }

  close(): void {
    this.#listener = undefined;
    this.#post({ type: 'close' });
    this.#release();
  }

  #open(key: string): BroadcastChannel {
    const channel = new BroadcastChannel(`${this.#prefix}/${key}`);
    this.#state = { name: 'waiting', channel };
    this.binding = { own: key, other: key };
    channel.onmessage = (event: MessageEvent<unknown>) => {
      this.#attempt(() => this.#take(parseMessage(event.data)));
    };
    channel.onmessageerror = () => this.#fail(new TypeError('a packet could not be read'));
    return channel;
  }

  #take(message: LinkMessage): void {
    if (this.#state.name === 'invited' || this.#state.name === 'closed') return;
    if (message.type === 'close') return this.#end();
    if (message.type === 'open') {
      if (this.#state.name === 'open') return;
      const { channel } = this.#state;
      this.#state = { name: 'open', channel };
      // For the responder it is one too many, and that is ignored.
      this.#post({ type: 'open' });
      this.#listener?.opened(this);
      return;
    }
    if (this.#state.name !== 'open') throw new TypeError(`a ${message.type} came before the link was open`);
    const traffic = this.#lanes[message.lane];
    if (message.type === 'packet') {
      traffic.taken += message.bytes.byteLength + PACKET_OVERHEAD;
      this.#listener?.packet(message.lane, new Uint8Array(message.bytes));
      if (traffic.taken - traffic.told < ANSWER_STEP) return;
      traffic.told = traffic.taken;
      this.#post({ type: 'taken', lane: message.lane, total: traffic.taken });
    } else {
      if (message.total < traffic.answered || message.total > traffic.sent)
        throw new RangeError('more was taken than sent');
      const wasReady = this.ready(message.lane);
      traffic.answered = message.total;
      if (!wasReady && this.ready(message.lane)) this.#listener?.drained(message.lane);
    }
  }

  #post(message: LinkMessage): void {
    if (this.#state.name !== 'open' && this.#state.name !== 'waiting') return;
    const { channel } = this.#state;
    try {
      channel.postMessage(message);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** What the platform refuses and what the other side does wrong ends the link; it never throws into whoever called. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #end(): void {
    this.#release();
    this.#tell();
  }

  /** The listener may be in the middle of a `send`, so it hears of it a little later. */
  #fail(error: Error): void {
    this.#release();
    queueMicrotask(() => this.#tell(error));
  }

  #tell(error?: Error): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(error);
  }

  #release(): void {
    if (this.#state.name === 'closed') return;
    if (this.#state.name !== 'invited') {
      const { channel } = this.#state;
      channel.onmessage = null;
      channel.onmessageerror = null;
      channel.close();
    }
    this.#state = { name: 'closed' };
    this.#ended();
  }
}

function newTraffic(): Traffic {
  return { sent: 0, answered: 0, taken: 0, told: 0 };
}

/** Posting a view clones all of the buffer it looks at. */
function exactBuffer(packet: Uint8Array): ArrayBuffer {
  const whole = packet.buffer instanceof ArrayBuffer && packet.buffer.byteLength === packet.byteLength;
  return whole ? packet.buffer : packet.slice().buffer;
}

function parseMessage(value: unknown): LinkMessage {
  const { type, lane, bytes, total } = fields(value, 'packet');
  if (type === 'open' || type === 'close') return { type };
  if (lane !== 0 && lane !== 1) throw new TypeError('a link has two lanes');
  if (type === 'packet' && bytes instanceof ArrayBuffer) return { type, lane, bytes };
  if (type === 'taken' && Number.isSafeInteger(total)) return { type, lane, total: total as number };
  throw new TypeError('a link carries packets and what was taken of them');
}
