import type { PeerStatistics } from '../communicators/communicator.ts';
import type { Commons } from './commons.ts';

/** Bytes are packed values, without ids, framing or what was sent again. */
export interface Traffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** A broadcast counts once per recipient. */
  readonly messagesSent: number;
  /** Arrived here, read or not. */
  readonly messagesReceived: number;
  /** Sent, and not yet known to have arrived. */
  readonly inFlight: number;
  /** In the mailbox. */
  readonly unread: number;
  /** Answers that came after nobody waited for them any more. */
  readonly late: number;
}

export interface PeerTraffic extends Traffic, Pick<PeerStatistics, 'roundTripTime' | 'reconnects' | 'link'> {}

/** A snapshot. What one sends to oneself is not traffic. */
export interface PoolStatistics {
  readonly total: Traffic;
  /** Everyone ever met or named. */
  readonly peers: ReadonlyMap<string, PeerTraffic>;
}

type Counters = Pick<
  PeerStatistics,
  'bytesSent' | 'bytesReceived' | 'messagesSent' | 'messagesReceived' | 'reconnects'
>;
const NOTHING: Counters = { bytesSent: 0, bytesReceived: 0, messagesSent: 0, messagesReceived: 0, reconnects: 0 };

/** The communicator counts; this adds what the mailbox knows, and subtracts what was counted before the last reset. */
export class Statistics {
  readonly #commons: Commons;
  readonly #baselines = new Map<string, Counters>();
  readonly #late = new Map<string, number>();

  constructor(commons: Commons) {
    this.#commons = commons;
  }

  read(): PoolStatistics {
    const peers = new Map<string, PeerTraffic>();
    for (const name of this.#commons.roster.everyone()) peers.set(name, this.#peer(name));
    const all = [...peers.values()];
    const sum = (field: keyof Traffic): number => all.reduce((total, peer) => total + peer[field], 0);
    const total: Traffic = {
      bytesSent: sum('bytesSent'),
      bytesReceived: sum('bytesReceived'),
      messagesSent: sum('messagesSent'),
      messagesReceived: sum('messagesReceived'),
      inFlight: sum('inFlight'),
      unread: sum('unread'),
      late: sum('late'),
    };
    return { total, peers };
  }

  /** Counts from zero again. What is in flight or unread stays so. */
  reset(): void {
    for (const name of this.#commons.roster.everyone()) {
      const counted = this.#commons.communicator.peer(name);
      this.#late.set(name, this.#commons.answers.late(name));
      if (counted !== undefined) this.#baselines.set(name, counters(counted));
    }
  }

  #peer(name: string): PeerTraffic {
    const counted = this.#commons.communicator.peer(name);
    const now = counted ?? NOTHING;
    const before = this.#baselines.get(name) ?? NOTHING;
    return {
      bytesSent: now.bytesSent - before.bytesSent,
      bytesReceived: now.bytesReceived - before.bytesReceived,
      messagesSent: now.messagesSent - before.messagesSent,
      messagesReceived: now.messagesReceived - before.messagesReceived,
      inFlight: counted?.inFlight ?? 0,
      unread: this.#commons.mailbox.unread(name).messages,
      late: this.#commons.answers.late(name) - (this.#late.get(name) ?? 0),
      roundTripTime: counted?.roundTripTime,
      reconnects: now.reconnects - before.reconnects,
      link: counted?.link,
    };
  }
}

function counters({ bytesSent, bytesReceived, messagesSent, messagesReceived, reconnects }: Counters): Counters {
  return { bytesSent, bytesReceived, messagesSent, messagesReceived, reconnects };
}
