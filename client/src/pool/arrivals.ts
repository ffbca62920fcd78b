import type { Receipt } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import { kindOf } from './queue-key.ts';

/** A packet that came in. Its head is valid during the call only. */
export interface Arrival {
  readonly from: string;
  readonly instance: string;
  readonly queue: string;
  readonly packet: Packet;
  readonly receipt: Receipt;
}

/** Takes the packets of some kinds, and hears who goes. */
export interface Desk {
  /** What this throws refuses the packet, and rejects the send that carried it. */
  arrive(arrival: Arrival): void;
  /** Nothing more will come from there, as things stand. */
  left?(name: string, error: PoolError): void;
  /** The pool has stopped. */
  close?(cause: unknown): void;
}

/** Who takes what, by the kind of its queue key. */
export class Arrivals {
  readonly #desks = new Map<string, Desk>();

  open(kinds: readonly string[], desk: Desk): void {
    for (const kind of kinds) this.#desks.set(kind, desk);
  }

  /** @throws PoolError `malformed` for a kind nobody knows; whatever the desk refuses it with */
  arrive(arrival: Arrival): void {
    const kind = kindOf(arrival.queue);
    const desk = this.#desks.get(kind);
    if (desk !== undefined) desk.arrive(arrival);
    else
      throw new PoolError(
        'malformed',
        `this end does not know packets of kind ${JSON.stringify(kind)}: the other's peerpool may be newer`,
      );
  }

  left(name: string, error: PoolError): void {
    for (const desk of new Set(this.#desks.values())) desk.left?.(name, error);
  }

  close(cause: unknown): void {
    for (const desk of new Set(this.#desks.values())) desk.close?.(cause);
  }
}
