import type { Socket } from 'socket.io';
import type { Refusal } from '#shared/signaling';
import type { Address } from './addresses.ts';
import { Allowance, type Limits, type Verdict } from './limits.ts';
import { refusal } from './refusal.ts';

type EngineSocket = Socket['conn'];

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
  #client: Warned | undefined;
  #warned = false;
  /** Bytes that wait for the client to read. */
  #unread = 0;

  constructor(conn: EngineSocket, address: Address, limits: Limits) {
    this.address = address;
    this.#conn = conn;
    this.#limits = limits;
    this.#packets = new Allowance(limits.packetBurst, limits.packetsPerSecond);
    this.#bytes = new Allowance(limits.byteBurst, limits.bytesPerSecond);
    this.#joins = new Allowance(limits.joinBurst, limits.joinsPerSecond);
    conn.on('packet', ({ data }: { data?: string | Buffer }) => this.#charge(data?.length ?? 0));
    conn.on('packetCreate', ({ data }: { data?: string | Buffer }) => this.#wait(data?.length ?? 0));
    conn.on('flush', () => (this.#unread = 0));
  }

  /** From here on `client` hears of what is too much; before, the connection is cut without a word. */
  accompany(client: Warned): void {
    this.#client = client;
  }

  /** For a join or a renewal: each asks others, who may be slow. */
  join(): Verdict {
    const own = this.#joins.charge(1);
    return own === 'granted' && !this.address.joins.take(1) ? 'overdrawn' : own;
  }

  /** Ends it, also against a client that neither reads nor closes. */
  cut(): void {
    const conn = this.#conn;
    conn.close();
    if (conn.readyState === 'closed') return;
    const timer = setTimeout(() => {
      const { socket } = conn.transport as { readonly socket?: { terminate?: () => void } };
      if (socket?.terminate === undefined) conn.close(true);
      else socket.terminate();
    }, CUT_GRACE);
    conn.once('close', () => clearTimeout(timer));
  }

  #charge(bytes: number): void {
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
    this.#unread += bytes;
    if (this.#unread <= this.#limits.maxUnreadBytes) return;
    this.#unread = 0;
    this.#end(refusal('rate-limited', `it has not read ${this.#limits.maxUnreadBytes} bytes that were for it`));
  }

  #end(refused: Refusal): void {
    if (this.#client === undefined) this.cut();
    else this.#client.end(refused);
  }
}

const VERDICTS: readonly Verdict[] = ['granted', 'overdrawn', 'exhausted'];

function worse(one: Verdict, other: Verdict): Verdict {
  return VERDICTS.indexOf(one) > VERDICTS.indexOf(other) ? one : other;
}
