/** What one client may ask of the server. Every number has a default; all are positive. */
export interface Limits {
  /** Members of one room. */
  readonly maxPeersPerRoom: number;
  /** Rooms that have a member. */
  readonly maxRooms: number;
  /** One signal, in bytes: its strings and keys in UTF-8, its binary, 8 for each other value. */
  readonly maxSignalBytes: number;
  /** Milliseconds from a socket's arrival to its successful `join`. */
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
  constructor(burst: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#level = burst;
    this.#at = now();
  }

  charge(cost: number): 'granted' | 'overdrawn' | 'exhausted' {
    const now = this.#now();
    this.#level = Math.min(this.#burst, this.#level + ((now - this.#at) / 1000) * this.#perSecond) - cost;
    this.#at = now;
    if (this.#level >= 0) return 'granted';
    return this.#level > -this.#burst ? 'overdrawn' : 'exhausted';
  }
}
