import type { Ack, SendOptions as PacketOptions, WaitOptions } from '../communicators/communicator.ts';
import { milliseconds } from '../deadlines.ts';
import { PoolError, type PoolErrorDetails } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import type { Commons } from './commons.ts';
import { checkAck } from './pool-options.ts';
import { checkMessageId, messageQueue } from './queue-key.ts';
import { QuietFailures } from './quiet-failures.ts';
import { withMessageId } from './receive-options.ts';
import { severalErrors } from './several.ts';
import { checkSignal, rejected } from './wait.ts';

/** Of `send`. Without `timeout` there is no limit; with one the message is withdrawn, and the error's `delivery` says whether it can have arrived. */
export interface SendOptions extends WaitOptions {
  readonly msgId?: string | undefined;
  /** When the promise resolves. Default: the pool's. */
  readonly ack?: Ack | undefined;
}

/** Of `broadcast`. */
export interface BroadcastOptions extends SendOptions {
  /** Default: the clients as they are at the call; `[]` is nobody. A name twice is sent to once. */
  readonly recipients?: Iterable<string> | undefined;
}

/** `send` and `broadcast`. Costs one options object a message: no timer, no promise beside the communicator's own. */
export class Sending {
  readonly #commons: Commons;
  readonly #quiet: QuietFailures;

  constructor(commons: Commons) {
    this.#commons = commons;
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
      const { post } = this.#commons;
      post.check('send');
      const sent = post.send(post.recipient(to), post.pack(value), options);
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
      const { post } = this.#commons;
      post.check('broadcast');
      const recipients = post.recipients(options.recipients, 'recipients');
      const packet = post.pack(value);
      await this.#postAll(recipients, packet, packetOptions);
    } catch (error) {
      await this.#failed(ack, this.#commons.name, error);
    }
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
        this.#commons.post.send(recipient, packet, options).then(posted, (error: unknown) => {
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
