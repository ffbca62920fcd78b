import type { Socket } from 'socket.io';
import type { Refusal } from '#shared/signaling';
import type { Address } from './admission/addresses.ts';
import { Allowance, type Limits, type Verdict } from './admission/limits.ts';
import type { Counters } from './figures.ts';
import { refusal } from './refusal.ts';

type EngineSocket = Socket['conn'];

/** Of ws, as engine.io holds it. */
interface WebSocket {
  readonly readyState: number;
  readonly CLOSED: number;
  terminate(): void;
  once(event: 'close', listener: () => void): void;
}

/**
 * Milliseconds for the next poll of a client that is being closed. They come one after the other, and engine.io would
 * wait 30 s for one that stays away.
 */
const POLL_GRACE = 500;
/** Milliseconds for a client to hear why its connection ends, and to close its side. */
const CUT_GRACE = 1000;

/** What becomes of a client that sends too much, once it is known to socket.io. */
export interface Warned {
  slowDown(refused: Refusal): void;
  end(refused: Refusal): void;
}

/**
 * An engine.io connection, from its first byte: what it sends is charged to it and to its address, whether socket.io can
 * make sense of it or not, and what it does not read is bounded.
 */
export class Connection {
  readonly address: Address;
  readonly #conn: EngineSocket;
  readonly #limits: Limits;
  readonly #packets: Allowance;
  readonly #bytes: Allowance;
  readonly #joins: Allowance;
  readonly #turnedAway: (refused: Refusal) => void;
  readonly #counters: Counters;
  /** Only until it is accompanied: what is not held, an idle peer does not cost. */
  #silence: NodeJS.Timeout | undefined;
  #client: Warned | undefined;
  #warned = false;
  /** Bytes that wait for the client to read. */
  #unread = 0;

  /** `turnedAway` hears why it ends before it is a socket; `counters` are those of the server. */
  constructor(
    conn: EngineSocket,
    address: Address,
    limits: Limits,
    turnedAway: (refused: Refusal) => void,
    counters: Counters,
  ) {
    this.address = address;
    this.#conn = conn;
    this.#limits = limits;
    this.#turnedAway = turnedAway;
    this.#counters = counters;
    this.#packets = new Allowance(limits.packetBurst, limits.packetsPerSecond);
    this.#bytes = new Allowance(limits.byteBurst, limits.bytesPerSecond);
    this.#joins = new Allowance(limits.joinBurst, limits.joinsPerSecond);
    if ('closeTimeout' in conn.transport) conn.transport.closeTimeout = POLL_GRACE;
    conn.on('packet', ({ data }: { data?: string | Buffer }) => this.#charge(data?.length ?? 0));
    conn.on('packetCreate', ({ data }: { data?: string | Buffer }) => this.#wait(data?.length ?? 0));
    conn.on('flush', () => (this.#unread = 0));
    this.#silence = setTimeout(() => {
      this.#end(refusal('not-joined', `a connection that is no socket within ${limits.joinDeadline} ms is closed`));
    }, limits.joinDeadline);
    // Closes once; `once` would keep a wrapper for each peer.
    conn.on('close', () => this.#closed());
  }

  /** From here on `client` hears of what is too much; before, the connection is cut without a word. */
  accompany(client: Warned): void {
    this.#client = client;
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }

  /** For a join or a renewal: each asks others, who may be slow. */
  join(): Verdict {
    const own = this.#joins.charge(1);
    return own === 'granted' && !this.address.joins.take(1) ? 'overdrawn' : own;
  }

  /** Ends it, when what was said to it has left; a moment later also against who does not read that. */
  cut(): void {
    const conn = this.#conn;
    conn.close();
    if (conn.readyState === 'closed') return;
    const timer = setTimeout(() => conn.close(true), CUT_GRACE);
    conn.once('close', () => clearTimeout(timer));
  }

  /** engine.io is done with it then, and ws would wait for 30 s that the other side closes its half. */
  #closed(): void {
    clearTimeout(this.#silence);
    const { socket } = this.#conn.transport as { readonly socket?: WebSocket };
    if (socket?.terminate === undefined || socket.readyState === socket.CLOSED) return;
    const timer = setTimeout(() => socket.terminate(), CUT_GRACE);
    socket.once('close', () => clearTimeout(timer));
  }

  #charge(bytes: number): void {
    this.#counters.bytesIn += bytes;
    const { packets, bytes: volume } = this.address;
    const own = worse(this.#packets.charge(1), this.#bytes.charge(bytes));
    const shared = worse(packets.charge(1), volume.charge(bytes));
    const verdict = worse(own, shared);
    if (verdict === 'granted') return;
    if (verdict === 'exhausted') {
      const whose = own === 'exhausted' ? 'it' : 'its address';
      this.#end(refusal('rate-limited', `${whose} went on although it had been told to slow down`));
    } else if (!this.#warned) {
      this.#warned = true;
      const { packetsPerSecond, bytesPerSecond, addressPacketsPerSecond, addressBytesPerSecond } = this.#limits;
      const pace =
        own === 'overdrawn'
          ? `${packetsPerSecond} packets and ${bytesPerSecond} bytes a second`
          : `${addressPacketsPerSecond} packets and ${addressBytesPerSecond} bytes a second of one address`;
      this.#client?.slowDown(refusal('rate-limited', `slow down to ${pace}, or the socket will be closed`));
    }
  }

  #wait(bytes: number): void {
    this.#counters.bytesOut += bytes;
    this.#unread += bytes;
    if (this.#unread <= this.#limits.maxUnreadBytes) return;
    this.#unread = 0;
    this.#end(refusal('rate-limited', `it has not read ${this.#limits.maxUnreadBytes} bytes that were for it`));
  }

  #end(refused: Refusal): void {
    if (this.#client !== undefined) return this.#client.end(refused);
    if (this.#conn.readyState !== 'open') return;
    this.#turnedAway(refused);
    this.cut();
  }
}

const VERDICTS: readonly Verdict[] = ['granted', 'overdrawn', 'exhausted'];

function worse(one: Verdict, other: Verdict): Verdict {
  return VERDICTS.indexOf(one) > VERDICTS.indexOf(other) ? one : other;
}
