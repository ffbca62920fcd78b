/** What one client, and one address, may ask of the server. Every number has a default; all are positive. */
export interface Limits {
  /** Members of one room. */
  readonly maxPeersPerRoom: number;
  /** Rooms that have a member. */
  readonly maxRooms: number;
  /** One signal, in bytes: its strings and keys in UTF-8, its binary, 8 for each other value. */
  readonly maxSignalBytes: number;
  /** What waits for one client, in bytes, because it does not read. */
  readonly maxUnreadBytes: number;
  /** Milliseconds from a socket's arrival to its successful `join`; and for `authorize` to answer. */
  readonly joinDeadline: number;
  /** Packets that a socket may send at once, and how many a second it earns anew. */
  readonly packetBurst: number;
  readonly packetsPerSecond: number;
  /** The same for their bytes. */
  readonly byteBurst: number;
  readonly bytesPerSecond: number;
  /** The same for `join`, which may be repeated after a refusal. */
  readonly joinBurst: number;
  readonly joinsPerSecond: number;
  /** Clients that are connected from one address. */
  readonly maxConnectionsPerAddress: number;
  /** New connections of one address at once, and how many a second it earns anew; so too the next six. */
  readonly addressConnectionBurst: number;
  readonly addressConnectionsPerSecond: number;
  readonly addressJoinBurst: number;
  readonly addressJoinsPerSecond: number;
  /** Packets of all its sockets, and requests by long polling. */
  readonly addressPacketBurst: number;
  readonly addressPacketsPerSecond: number;
  readonly addressByteBurst: number;
  readonly addressBytesPerSecond: number;
  /** Addresses that are connected, or were so lately that they have not earned everything anew. */
  readonly maxAddresses: number;
}

export const DEFAULT_LIMITS: Limits = {
  /**
   * A page of Chromium has at most 500 peer connections, closed ones counting until collected; a full mesh of 128
   * leaves room for three reconnects of each.
   */
  maxPeersPerRoom: 128,
  /**
   * An empty room costs nothing and one with a member about a kilobyte, so this bounds what strangers make the server
   * hold to some 16 MB.
   */
  maxRooms: 16_384,
  /**
   * An offer with two data channels has about 2.5 kB, a candidate 0.2 kB. The rest is room for sealing them and for
   * what a custom `rtcConfiguration` adds.
   */
  maxSignalBytes: 64 * 1024,
  /** A client that computes for a minute in a room of 128 that all come back has 0.6 MB to read after that. */
  maxUnreadBytes: 4 * 1024 * 1024,
  /** As long as others give a handshake (field notes, section 4); a client joins in its first round trip. */
  joinDeadline: 10_000,
  /**
   * Who comes into a room of 127 says to each an offer and some ten candidates, 1,400 packets; half as much again for a
   * bad day.
   */
  packetBurst: 2048,
  /** Ten handshakes a second, for ever. */
  packetsPerSecond: 128,
  /** The same 127 handshakes have about 0.7 MB. */
  byteBurst: 2 * 1024 * 1024,
  /** As `packetsPerSecond`, were every packet an offer. */
  bytesPerSecond: 320 * 1024,
  /** A person who tries names until one is free is not stopped; a program that does is. */
  joinBurst: 16,
  joinsPerSecond: 1,
  /** A classroom of 128 behind one address, each with two tabs, whose old sockets have not all been seen to break. */
  maxConnectionsPerAddress: 512,
  /** The same classroom, that opens its pages at one word, or loses its server and comes back. */
  addressConnectionBurst: 512,
  /** Many reload a page all the time; who guesses names of rooms gets no further with this than with any other. */
  addressConnectionsPerSecond: 16,
  addressJoinBurst: 512,
  addressJoinsPerSecond: 16,
  /**
   * A full mesh of 128 takes some 180,000 packets and 75 MB of signals. With twice the burst, which may be overdrawn,
   * it has them when it takes a quarter of a minute; and one socket alone comes nowhere near.
   */
  addressPacketBurst: 65_536,
  addressPacketsPerSecond: 4096,
  addressByteBurst: 32 * 1024 * 1024,
  addressBytesPerSecond: 2 * 1024 * 1024,
  /** An address is less than a kilobyte; as many as rooms. */
  maxAddresses: 16_384,
};

/**
 * The defaults where nothing else is said.
 * @throws RangeError for what is not a positive number; counts and bytes are whole
 */
export function limits(given: Partial<Limits>): Limits {
  const named = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
  const chosen = named.map((name) => [name, given[name] ?? DEFAULT_LIMITS[name]] as const);
  for (const [name, value] of chosen) {
    const whole = !name.endsWith('PerSecond');
    if (!(value > 0) || !Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) {
      throw new RangeError(`${name} is a positive ${whole ? 'whole number' : 'number'}, not ${String(value)}`);
    }
  }
  return Object.fromEntries(chosen) as unknown as Limits;
}

/** One function for all: there are three allowances for each peer. */
const CLOCK = (): number => performance.now();

/**
 * A token bucket that may be overdrawn by its own size: `granted` while there is something in it, then `overdrawn`, and
 * `exhausted` for who goes on. What comes in slower than `perSecond` is always granted in the end.
 */
export class Allowance {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #level: number;
  #at: number;

  /** `now`: a clock in milliseconds that never goes back. */
  constructor(burst: number, perSecond: number, now: () => number = CLOCK) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#level = burst;
    this.#at = now();
  }

  /** For what is here already. The debt has a bound, so that who falls silent is forgiven. */
  charge(cost: number): Verdict {
    this.#level = Math.max(this.#earned() - cost, -this.#burst);
    if (this.#level >= 0) return 'granted';
    return this.#level > -this.#burst ? 'overdrawn' : 'exhausted';
  }

  /** For what can still be turned away: it is paid at once, or not at all. */
  take(cost: number): boolean {
    const level = this.#earned();
    if (level < cost) return false;
    this.#level = level - cost;
    return true;
  }

  #earned(): number {
    const now = this.#now();
    this.#level = Math.min(this.#burst, this.#level + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    return this.#level;
  }
}

export type Verdict = 'granted' | 'overdrawn' | 'exhausted';
