import type { IceServers } from '#shared/signaling';
import type { Permit } from '../admission/authorization.ts';
import { Expiry } from '../admission/expiry.ts';
import type { Ice } from './ice-options.ts';
import { turnCredential, turnUser } from './turn-credential.ts';

/** Whom it is for. */
interface Customer {
  readonly room: string;
  readonly name: string;
}

/**
 * What one visit is handed: at its join, and anew before the credentials expire, at a quarter of their time; at most one
 * timer.
 */
export class IceSupply {
  readonly #ice: Ice;
  readonly #hand: (servers: IceServers) => void;
  readonly #expiry: Expiry;
  #customer: Customer | undefined;
  #relayed = false;

  constructor(ice: Ice, hand: (servers: IceServers) => void) {
    this.#ice = ice;
    this.#hand = hand;
    const renew = (): void => this.#renew();
    // Expired: the machine slept.
    this.#expiry = new Expiry({ expiring: renew, expired: renew });
  }

  /** What goes into the reply to a join; from here on it is kept fresh. */
  open({ room, name }: Customer, { capabilities }: Permit): { readonly ice?: IceServers } {
    this.#customer = { room, name };
    this.#relayed = capabilities.has('turn');
    const servers = this.#servers();
    return servers === undefined ? {} : { ice: servers };
  }

  /** After a renewal. What it was handed before can't be taken back, and is good until it expires. */
  renewed({ capabilities }: Permit): void {
    const relayed = capabilities.has('turn');
    if (relayed === this.#relayed) return;
    this.#relayed = relayed;
    if (this.#ice.turn !== undefined) this.#renew();
  }

  stop(): void {
    this.#expiry.stop();
  }

  #renew(): void {
    const servers = this.#servers();
    if (servers !== undefined) this.#hand(servers);
  }

  /** Fresh ones, and the time at which the next are due. */
  #servers(): IceServers | undefined {
    this.#expiry.stop();
    if (this.#customer === undefined) return undefined;
    const { stun, turn } = this.#ice;
    const servers = stun.length === 0 ? [] : [{ urls: stun }];
    if (turn === undefined || !this.#relayed) return { servers };
    const { urls, secret, ttl } = turn;
    const { room, name } = this.#customer;
    const now = Date.now();
    const holds = ttl * 1000;
    this.#expiry.set(now + holds);
    const credential = turnCredential(secret, turnUser(secret, room, name), Math.ceil((now + holds) / 1000));
    return { servers: [...servers, { urls, ...credential }], holds };
  }
}
