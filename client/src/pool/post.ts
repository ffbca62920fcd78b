import { peerName } from '#shared/identifiers';
import type { SendOptions } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import type { Commons } from './commons.ts';
import { Loopback } from './loopback.ts';
import { pack } from './packing.ts';

/** What leaves: packed, to somebody who is known, by the communicator or to oneself. */
export class Post {
  readonly #commons: Commons;
  readonly #loopback: Loopback;

  constructor(commons: Commons) {
    this.#commons = commons;
    this.#loopback = new Loopback(commons);
  }

  /** @throws PoolError `illegal-state` */
  check(action: string): void {
    if (this.#commons.state !== 'started') throw this.#commons.illegal(action);
  }

  /** @throws TypeError, RangeError for what is no name; PoolError `unknown-peer` */
  recipient(to: string): string {
    if (this.#commons.roster.presence(to) !== undefined) return to;
    const name = peerName(to);
    if (this.#commons.roster.presence(name) !== undefined) return name;
    throw unknownPeers([name]);
  }

  /** Each once; with none given, all clients. */
  recipients(given: Iterable<string> | undefined, what: string): readonly string[] {
    const { roster } = this.#commons;
    if (given === undefined) return [...roster.clients];
    if (typeof given === 'string') throw new TypeError(`${what} are several names`);
    const names = [...new Set(Array.from(given, (name) => roster.resolve(name)))];
    const unknown = names.filter((name) => roster.presence(name) === undefined);
    if (unknown.length > 0) throw unknownPeers(unknown);
    return names;
  }

  /** @throws PoolError `unpackable`, `too-large` */
  pack(value: unknown): Packet {
    const { packer, maxMessageSize } = this.#commons.settings;
    return pack(packer, value, maxMessageSize);
  }

  send(recipient: string, packet: Packet, options: SendOptions): Promise<void> {
    if (recipient === this.#commons.name) return this.#loopback.post(packet, options);
    const { taps, communicator } = this.#commons;
    if (taps.busy) taps.pass('sent', recipient, options.queue, packet, options.correlation);
    return communicator.send(recipient, packet, options);
  }

  close(cause: unknown): void {
    this.#loopback.close(cause);
  }
}

function unknownPeers(names: readonly string[]): PoolError {
  const details = { missing: names, delivery: 'none' } as const;
  const [peer] = names;
  const which = names.map((name) => JSON.stringify(name)).join(', ');
  return new PoolError(
    'unknown-peer',
    `there is no client ${which}: name it by addClient, or waitFor it`,
    names.length === 1 ? { ...details, peer } : details,
  );
}
