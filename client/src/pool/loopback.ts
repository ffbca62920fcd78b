import type { Receipt, SendOptions } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import type { Commons } from './commons.ts';
import { waitLimits } from './receive-options.ts';
import { Wait, type WaitLimits } from './wait.ts';

/** Sends to oneself: through the packer and in again, so that values are copies there too. Metered against nothing. */
export class Loopback {
  readonly #commons: Commons;
  readonly #unconsumed = new Set<Wait<void>>();
  #sent = 0;

  constructor(commons: Commons) {
    this.#commons = commons;
  }

  /** Rejects with what it is refused with; with the signal's reason when it is already aborted. */
  async post(packet: Packet, options: SendOptions): Promise<void> {
    const { name, settings, arrivals } = this.#commons;
    const limits = waitLimits(options, Infinity);
    const consumed = options.ack === 'consumed' ? this.#consumed(limits) : undefined;
    const serial = this.#sent++;
    const receipt: Receipt = {
      identity: `${settings.instance}:${serial}`,
      serial: serial >>> 0,
      correlation: options.correlation,
      consumed: () => {
        if (consumed !== undefined && this.#unconsumed.delete(consumed)) consumed.resolve();
      },
    };
    const { instance } = settings;
    try {
      arrivals.arrive({ from: name, instance, queue: options.queue, packet, receipt });
    } catch (error) {
      if (consumed === undefined) throw error;
      this.#unconsumed.delete(consumed);
      consumed.reject(error);
    }
    await consumed?.promise;
  }

  /** The pool has stopped: nobody says any more when what is unread was consumed. */
  close(cause: unknown): void {
    const delivered = { peer: this.#commons.name, delivery: 'delivered', cause } as const;
    for (const wait of this.#unconsumed) wait.reject(new PoolError('closed', 'the pool has stopped', delivered));
  }

  #consumed(limits: WaitLimits): Wait<void> {
    const details = { peer: this.#commons.name, delivery: 'delivered' } as const;
    const late = (): PoolError =>
      new PoolError('timeout', `nobody took this message of ours to ourselves within ${limits.timeout} ms`, details);
    const wait: Wait<void> = new Wait<void>(this.#commons.clock, limits, late, () => this.#unconsumed.delete(wait));
    this.#unconsumed.add(wait);
    return wait;
  }
}
