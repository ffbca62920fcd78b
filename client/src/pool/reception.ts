import type {
  CommunicatorListener,
  LeaveReason,
  LinkState,
  Receipt,
  SignalingState,
} from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import type { LinkKind } from '../links/link.ts';
import type { Packet } from '../packers/packer.ts';
import type { Commons } from './commons.ts';
import type { Meeting } from './meeting.ts';
import { messageId } from './queue-key.ts';

/** Where everything the communicator hears comes in. */
export class Reception implements CommunicatorListener {
  readonly #commons: Commons;
  readonly #meeting: Meeting;
  readonly #stopped: (error: PoolError | undefined) => void;

  constructor(commons: Commons, meeting: Meeting, stopped: (error: PoolError | undefined) => void) {
    this.#commons = commons;
    this.#meeting = meeting;
    this.#stopped = stopped;
  }

  joined(name: string, instance: string): void {
    const { roster, mailbox, listeners, communicator } = this.#commons;
    const back = roster.joined(name, instance);
    const unread = mailbox.admit(name, instance);
    for (const queue of mailbox.wantedFrom(name)) communicator.want(name, queue, true);
    this.#meeting.joined();
    if (back) listeners.emit('restart', { name, instance, unread });
    else listeners.emit('join', { name, instance });
  }

  /** What this throws refuses the message, and rejects the send that carried it. */
  message(from: string, queue: string, packet: Packet, receipt: Receipt): void {
    const { roster, arrivals, settings, taps } = this.#commons;
    const instance = roster.instance(from);
    if (instance === undefined) throw new PoolError('unknown-peer', `${settings.instance} does not know ${from}`);
    if (taps.busy) taps.pass('received', from, queue, packet, receipt.correlation);
    arrivals.arrive({ from, instance, queue, packet, receipt });
  }

  left(name: string, instance: string, reason: LeaveReason): void {
    const { roster, mailbox, listeners } = this.#commons;
    roster.left(name, reason);
    this.#dismiss(name);
    mailbox.depart(name);
    listeners.emit('leave', { name, instance, reason });
  }

  /** Who was not here when it was removed leaves nothing but those who waited for it. Who was, is heard by `left`. */
  removed(name: string): void {
    if (!this.#commons.roster.isHere(name)) this.#dismiss(name);
  }

  link(name: string, state: LinkState, kind: LinkKind | undefined): void {
    this.#commons.listeners.emit('link', { name, state, kind });
  }

  signaling(state: SignalingState): void {
    this.#commons.signaling(state);
  }

  failed(name: string, error: PoolError): void {
    const { roster, joining } = this.#commons;
    const news = roster.failed(name, error);
    if (news) this.#dismiss(name);
    // Who left may be on its way back while it can't be reached; that somebody decided against us will not change by waiting.
    const decided = error.code !== 'unreachable' && roster.isNamed(name) && !roster.isHere(name);
    if (news || decided) this.#meeting.failed(name, error);
    if (!joining || !roster.isNamed(name)) this.#commons.complain(error);
  }

  error(error: PoolError): void {
    this.#commons.complain(error);
  }

  stopped(error?: PoolError): void {
    this.#stopped(error);
  }

  #dismiss(name: string): void {
    const { roster, mailbox, arrivals } = this.#commons;
    const absence = (msgId?: string): PoolError =>
      roster.absence(name, msgId) ?? new PoolError('peer-left', `${name} left`, { peer: name, msgId });
    mailbox.dismiss(name, ({ queue }) => absence(queue === undefined ? undefined : messageId(queue)));
    arrivals.left(name, absence());
  }
}
