import type { Ack } from '../../communicators/communicator.ts';
import { MESSAGE_OVERHEAD } from '../../communicators/communicator.ts';
import { type Delivery, PoolError } from '../../errors.ts';
import type { Packet } from '../../packers/packer.ts';
import type { Outgoing } from '../outgoing.ts';
import { contentOf } from './content.ts';

/** One message as its sender's application knows it, and what is known of it by looking at both sides. */
export class Sent {
  readonly number: number;
  readonly queue: string;
  readonly bytes: number;
  readonly segments: number;
  readonly ack: Ack;
  readonly unmetered: boolean;
  /** Arrives with it. */
  readonly correlation: number | undefined;
  outgoing: Outgoing | undefined;
  /** The session is being told of it. */
  leaving = true;
  /** What its sender was told. */
  outcome: 'well' | PoolError | undefined;
  /** The sender gave up, and was told whether it can have arrived. */
  withdrawn: Delivery | undefined;
  /** Then it was half-way through, and this much had been heard of the other side. */
  cancelled: { readonly heard: number } | undefined;
  /** The other side's application has it. */
  taken = false;
  /** The other side's application refused it, with this code. */
  refused: string | undefined;
  consumed = false;
  /** Whoever sent it goes on when it is settled. */
  onSettled: ((well: boolean) => void) | undefined;
  /** The other side would not take it. */
  tooLarge = false;

  constructor(
    number: number,
    queue: string,
    bytes: number,
    segments: number,
    ack: Ack,
    unmetered: boolean,
    correlation?: number,
  ) {
    this.number = number;
    this.queue = queue;
    this.bytes = bytes;
    this.segments = segments;
    this.ack = ack;
    this.unmetered = unmetered;
    this.correlation = correlation;
  }

  get content(): Packet {
    return contentOf(this.number, this.bytes, this.segments);
  }

  get cost(): number {
    return this.bytes + MESSAGE_OVERHEAD;
  }

  get arrived(): boolean {
    return this.taken || this.refused !== undefined;
  }

  /** Somebody was told that it will not arrive. */
  get absent(): boolean {
    if (this.arrived) return false;
    if (this.tooLarge) return true;
    if (this.outgoing === undefined && this.outcome !== undefined) return !this.leaving;
    return this.withdrawn === 'none' || (this.outcome instanceof PoolError && this.outcome.delivery === 'none');
  }

  /** Whether the sender's side holds its bytes. */
  get held(): boolean {
    const state = this.outgoing?.state;
    return state === 'waiting' || state === 'begun' || state === 'sent';
  }

  /** What it takes of the outbox: it is remembered until it is consumed, where somebody waits for that. */
  get outboxCost(): number {
    if (this.held) return this.cost;
    return this.outgoing?.state === 'delivered' ? MESSAGE_OVERHEAD : 0;
  }

  /** It takes room of the recipient's inbox, or may soon: it was begun, and was not consumed. */
  get charged(): boolean {
    return !this.unmetered && this.begun && !this.consumed && this.refused === undefined && this.withdrawn !== 'none';
  }

  /** Nothing more happens to it, at either side. */
  get over(): boolean {
    if (this.outboxCost > 0 || (this.outcome === undefined && this.withdrawn === undefined)) return false;
    return this.refused !== undefined || this.absent || (this.taken && this.consumed);
  }

  get begun(): boolean {
    return this.outgoing !== undefined && this.outgoing.index >= 0;
  }

  get halfWay(): boolean {
    return this.outgoing?.state === 'begun' && this.outgoing.written > 0;
  }

  /** For people. */
  get text(): string {
    const said = this.outcome instanceof PoolError ? this.outcome.message : (this.outcome ?? 'nothing');
    const where = this.outgoing === undefined ? '' : `, ${this.outgoing.state} in lane ${this.outgoing.lane}`;
    const gave = this.withdrawn === undefined ? '' : `, withdrawn (${this.withdrawn})`;
    return `message ${this.number} (${this.bytes} bytes, queue "${this.queue}", ack ${this.ack}${where}${gave}; its sender heard: ${said})`;
  }
}
