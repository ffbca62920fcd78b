import { peerName } from '#shared/identifiers';
import type { Ack, SendOptions as PacketOptions, WaitOptions } from '../communicators/communicator.ts';
import { milliseconds } from '../deadlines.ts';
import { PoolError, type PoolErrorDetails } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import type { Commons } from './commons.ts';
import { Loopback } from './loopback.ts';
import { pack } from './packing.ts';
import { checkAck } from './pool-options.ts';
import { checkMessageId, messageQueue } from './queue-key.ts';
import { QuietFailures } from './quiet-failures.ts';
import { withMessageId } from './receive-options.ts';
import { severalErrors } from './several.ts';
import { checkSignal, rejected } from './wait.ts';

export interface SendOptions extends WaitOptions {
  readonly msgId?: string | undefined;
  /** When the promise resolves. Default: the pool's. */
  readonly ack?: Ack | undefined;
}

export interface BroadcastOptions extends SendOptions {
  /** Default: the clients as they are at the call; `[]` is nobody. A name twice is sent to once. */
  readonly recipients?: Iterable<string> | undefined;
}

/** `send` and `broadcast`. Costs one options object a message: no timer, no promise beside the communicator's own. */
export class Sending {
  readonly #commons: Commons;
  readonly #loopback: Loopback;
  readonly #quiet: QuietFailures;

  constructor(commons: Commons) {
    this.#commons = commons;
    this.#loopback = new Loopback(commons);
    this.#quiet = new QuietFailures((error) => commons.complain(error));
  }

  /** Options, then state, then recipient, then value are checked; nothing has happened when one is wrong. */
  send(to: string, value: unknown, given: string | SendOptions | undefined): Promise<void> {
    let ack: Ack = this.#commons.settings.ack;
    let msgId: string | undefined;
    try {
      const chosen = withMessageId<SendOptions>(given);
      const options = this.#packetOptions(chosen);
      ack = options.ack;
      msgId = chosen.msgId;
      if (this.#commons.state !== 'started') throw this.#commons.illegal('send');
      const recipient = this.#recipient(to);
      const sent = this.#post(recipient, this.#pack(value), options);
      // Who gives a limit wants to know which of its sends met it; the others cost no promise more.
      return options.timeout === undefined ? sent : sent.catch((error: unknown) => rejected(about(error, { msgId })));
    } catch (error) {
      return this.#failed(ack, to, about(error, { peer: to, msgId, delivery: 'none' }));
    }
  }

  async broadcast(value: unknown, given: string | BroadcastOptions | undefined): Promise<void> {
    let ack: Ack = this.#commons.settings.ack;
    try {
      const options: BroadcastOptions = withMessageId(given);
      const packetOptions = this.#packetOptions(options);
      ack = packetOptions.ack;
      if (this.#commons.state !== 'started') throw this.#commons.illegal('broadcast');
      const { clients } = this.#commons.roster;
      const recipients = options.recipients === undefined ? [...clients] : this.#recipients(options.recipients);
      const packet = this.#pack(value);
      await this.#postAll(recipients, packet, packetOptions);
    } catch (error) {
      await this.#failed(ack, this.#commons.name, error);
    }
  }

  close(cause: unknown): void {
    this.#loopback.close(cause);
  }

  #pack(value: unknown): Packet {
    const { packer, maxMessageSize } = this.#commons.settings;
    return pack(packer, value, maxMessageSize);
  }

  #post(recipient: string, packet: Packet, options: PacketOptions): Promise<void> {
    if (recipient === this.#commons.name) return this.#loopback.post(packet, options);
    return this.#commons.communicator.send(recipient, packet, options);
  }

  /** Ends when the last has ended. Costs one promise a recipient beside the communicator's own. */
  #postAll(recipients: readonly string[], packet: Packet, options: PacketOptions): Promise<void> {
    const errors = new Map<string, PoolError>();
    const strange: unknown[] = [];
    return new Promise((resolve, reject) => {
      let left = recipients.length;
      const end = (): void => {
        if (strange.length > 0) reject(strange[0]);
        else if (errors.size > 0) reject(severalErrors(`not sent to ${[...errors.keys()].join(', ')}`, errors));
        else resolve();
      };
      const posted = (): void => {
        if (--left === 0) end();
      };
      if (left === 0) end();
      for (const recipient of recipients) {
        this.#post(recipient, packet, options).then(posted, (error: unknown) => {
          if (error instanceof PoolError && !options.signal?.aborted) errors.set(recipient, error);
          else strange.push(error);
          posted();
        });
      }
    });
  }

  #packetOptions({ msgId, ack, timeout, signal }: SendOptions): PacketOptions {
    return {
      queue: messageQueue(checkMessageId(msgId)),
      ack: ack === undefined ? this.#commons.settings.ack : checkAck(ack),
      timeout: timeout === undefined ? undefined : milliseconds(timeout, 'timeout'),
      signal: checkSignal(signal),
    };
  }

  #recipient(to: string): string {
    if (this.#commons.roster.presence(to) !== undefined) return to;
    const name = peerName(to);
    if (this.#commons.roster.presence(name) !== undefined) return name;
    throw unknownPeers([name]);
  }

  #recipients(given: Iterable<string>): readonly string[] {
    if (typeof given === 'string') throw new TypeError('recipients are several names');
    const { roster } = this.#commons;
    const names = [...new Set(Array.from(given, (name) => roster.resolve(name)))];
    const unknown = names.filter((name) => roster.presence(name) === undefined);
    if (unknown.length > 0) throw unknownPeers(unknown);
    return names;
  }

  /** A send nobody awaits doesn't reject; only wrong arguments do. */
  #failed(ack: Ack, peer: string, error: unknown): Promise<void> {
    if (ack !== 'none' || !(error instanceof PoolError)) return rejected(error);
    this.#quiet.failed(peer, error);
    return Promise.resolve();
  }
}

/** Nothing has left when a send fails before it is one; and the error says of which message it speaks. */
function about(error: unknown, details: PoolErrorDetails): unknown {
  return error instanceof PoolError ? error.with(details) : error;
}

function unknownPeers(names: readonly string[]): PoolError {
  const details = { missing: names, delivery: 'none' } as const;
  const [peer] = names;
  const which = names.map((name) => JSON.stringify(name)).join(', ');
  return new PoolError(
    'unknown-peer',
    `there is no client ${which}`,
    names.length === 1 ? { ...details, peer } : details,
  );
}
