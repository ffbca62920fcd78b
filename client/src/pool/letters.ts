import { packetBytes } from '../packers/packer.ts';
import type { Arrival, Desk } from './arrivals.ts';
import type { Commons } from './commons.ts';
import { unpack } from './packing.ts';

/** Messages, on their way into the mailbox. */
export class Letters implements Desk {
  readonly #commons: Commons;

  constructor(commons: Commons) {
    this.#commons = commons;
  }

  arrive({ from, instance, queue, packet, receipt }: Arrival): void {
    const value = unpack(this.#commons.settings.packer, packet);
    this.#commons.mailbox.deliver({ from, instance, queue, value, bytes: packetBytes(packet), receipt, arrival: 0 });
  }
}
