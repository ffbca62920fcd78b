import { Allowance, type Limits } from './limits.ts';

/** One address, and what all who come from it may still do together. */
export class Address {
  readonly name: string;
  readonly arrivals: Allowance;
  readonly joins: Allowance;
  readonly packets: Allowance;
  readonly bytes: Allowance;
  /** Clients that are connected. */
  connections = 0;
  /** The operator has heard that it was turned away. */
  reported = false;

  constructor(name: string, limits: Limits, now: () => number) {
    this.name = name;
    this.arrivals = new Allowance(limits.addressConnectionBurst, limits.addressConnectionsPerSecond, now);
    this.joins = new Allowance(limits.addressJoinBurst, limits.addressJoinsPerSecond, now);
    this.packets = new Allowance(limits.addressPacketBurst, limits.addressPacketsPerSecond, now);
    this.bytes = new Allowance(limits.addressByteBurst, limits.addressBytesPerSecond, now);
  }
}

/**
 * The addresses that are connected, and those that were lately. One is forgotten when it would have everything again
 * that a new one has; or earlier, when too many others have come since.
 */
export class Addresses {
  readonly #known = new Map<string, Address>();
  /** Without connections, and until when each is remembered, the next to be forgotten first. */
  readonly #idle = new Map<Address, number>();
  readonly #limits: Limits;
  readonly #remember: number;
  readonly #now: () => number;

  /** `now`: a clock in milliseconds that never goes back. */
  constructor(limits: Limits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#remember = recovery(limits);
    this.#now = now;
  }

  get size(): number {
    return this.#known.size;
  }

  /** `undefined`: so many are connected that there is no room for one more. */
  find(name: string): Address | undefined {
    this.#forget();
    const known = this.#known.get(name);
    const address = known ?? this.#create(name);
    if (address?.connections === 0) this.#rest(address);
    return address;
  }

  connected(address: Address): void {
    address.connections += 1;
    this.#idle.delete(address);
    this.#known.set(address.name, address);
  }

  disconnected(address: Address): void {
    address.connections -= 1;
    if (address.connections === 0) this.#rest(address);
  }

  #create(name: string): Address | undefined {
    if (this.#known.size >= this.#limits.maxAddresses) {
      const [eldest] = this.#idle.keys();
      if (eldest === undefined) return undefined;
      this.#drop(eldest);
    }
    const address = new Address(name, this.#limits, this.#now);
    this.#known.set(name, address);
    return address;
  }

  /** Behind those who rest already: all rest equally long. */
  #rest(address: Address): void {
    this.#idle.delete(address);
    this.#idle.set(address, this.#now() + this.#remember);
  }

  #forget(): void {
    const now = this.#now();
    for (const [address, until] of this.#idle) {
      if (until > now) return;
      this.#drop(address);
    }
  }

  #drop(address: Address): void {
    this.#idle.delete(address);
    if (this.#known.get(address.name) === address) this.#known.delete(address.name);
  }
}

/** Milliseconds from the deepest debt to a full allowance, of the slowest of the four. */
function recovery(limits: Limits): number {
  const seconds = [
    limits.addressConnectionBurst / limits.addressConnectionsPerSecond,
    limits.addressJoinBurst / limits.addressJoinsPerSecond,
    (2 * limits.addressPacketBurst) / limits.addressPacketsPerSecond,
    (2 * limits.addressByteBurst) / limits.addressBytesPerSecond,
  ];
  return Math.max(...seconds) * 1000;
}
