import type { Deadline, Deadlines } from '../deadlines.ts';
import { PoolError } from '../errors.ts';
import type { LinkListener } from '../links/link.ts';
import { Session } from '../session/session.ts';
import type { CommunicatorListener, LeaveReason, LinkState, PeerStatistics, Self } from './communicator.ts';
import type { HandshakeSlots } from './handshake-slots.ts';
import { apart, next, type Pairing, type PairingAction, type PairingEvent, type PairingRules } from './pairing.ts';
import { randomId } from './random-id.ts';
import type { Attempt, Disappearance, Presence, Signal, Transport } from './transport.ts';

/** A quiet pair measures its round trip, and agrees on what was consumed, this often. */
const HEARTBEAT = 2_000;

/** How long a link under way is still listened to when its other end is gone as far as the transport knows, in ms. */
const LAST_WORDS = 1_000;

/** How long somebody without a link whose socket the server saw closing may take to come back, in ms: a reload does not, a network that changes does. */
const GONE_AFTER = 5_000;

/** Failures nobody awaits are told at most this often for each peer. */
const FAILURES_TOLD_EVERY = 1_000;

/** What a peer needs of its communicator. */
export interface PeerHost {
  readonly self: Self;
  readonly listener: CommunicatorListener;
  readonly transport: Transport;
  readonly deadlines: Deadlines;
  readonly slots: HandshakeSlots<Peer>;
  readonly rules: PairingRules;
  /** Nobody is called any more. */
  readonly stopping: boolean;
  schedule(session: Session): void;
  unschedule(session: Session): void;
  /** The peer's state changed; somebody may wait for that. */
  changed(): void;
}

/** What a communicator knows of one name: which life of it is in the room, the session with it, and how a link to it comes about. */
export class Peer {
  readonly name: string;
  /** Added by `addConnection`, and so kept whether it is there or not. */
  named: boolean;
  readonly #host: PeerHost;
  /** The life of it that we deal with. */
  #presence: Presence | undefined;
  /** Another life of it, met while the session with the old one still stands. */
  #successor: Presence | undefined;
  /** The transport said that `presence` is gone. Its link may know better. */
  #missing = false;
  /** Holds what is sent to it, also before it is there. Gone once the peer left or failed, until it is met again. */
  #session: Session | undefined;
  /** Why there is no session. */
  #failure: PoolError | undefined;
  #pairing: Pairing | undefined;
  #attempt: Attempt | undefined;
  #attemptError: Error | undefined;
  #alarm: Deadline | undefined;
  #heartbeat: Deadline | undefined;
  /** Without a link until then, the peer is given up. */
  #patience: Deadline | undefined;
  #reconnects = 0;
  /** Gone as far as the transport knows, while a link to it is being made. */
  #farewell: Deadline | undefined;
  /** The listener has heard `joined` and not yet `left`. */
  #joined = false;
  #linkState: LinkState | undefined;
  #untoldFailures = 0;
  #failureTold = Number.NEGATIVE_INFINITY;
  #roundTripTime: number | undefined;
  /** Of sessions that have ended. */
  #past = { bytesSent: 0, bytesReceived: 0, messagesSent: 0, messagesReceived: 0 };

  constructor(name: string, named: boolean, host: PeerHost) {
    this.name = name;
    this.named = named;
    this.#host = host;
    if (named) this.#open();
  }

  get connected(): boolean {
    return this.#session?.up ?? false;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Why there is nobody to send to. */
  get failure(): PoolError | undefined {
    return this.#failure;
  }

  get presence(): Presence | undefined {
    return this.#presence;
  }

  get statistics(): PeerStatistics {
    const now = this.#session?.statistics;
    return {
      bytesSent: this.#past.bytesSent + (now?.bytesSent ?? 0),
      bytesReceived: this.#past.bytesReceived + (now?.bytesReceived ?? 0),
      messagesSent: this.#past.messagesSent + (now?.messagesSent ?? 0),
      messagesReceived: this.#past.messagesReceived + (now?.messagesReceived ?? 0),
      inFlight: now?.inFlight ?? 0,
      roundTripTime: this.#session?.roundTripTime ?? this.#roundTripTime,
      reconnects: this.#reconnects,
      link: this.#linkState === undefined ? undefined : { state: this.#linkState, kind: this.#session?.kind },
    };
  }

  /** A life of this name is in the room, and wanted. */
  meet(presence: Presence): void {
    if (this.#presence?.instance === presence.instance) {
      const back = this.#missing;
      this.#missing = false;
      this.#farewell?.cancel();
      // It is waited for as long as anybody again, and no longer as somebody who is gone.
      if (back && this.#joined && !this.connected) this.#wait();
      this.nudge();
      if (this.#session === undefined || this.#pairing?.phase === 'apart') this.call();
      return;
    }
    if (this.#joined) {
      // Whoever still answers is not replaced on hearsay; once the transport has said that the old one is gone, it is.
      this.#successor = presence;
      if (this.#missing) this.#session?.lost('killed', `${this.name} is there again as another instance`);
      return;
    }
    this.#farewell?.cancel();
    this.#pair({ type: 'drop' });
    this.#presence = presence;
    this.#missing = false;
    this.#pairing = undefined;
    this.call();
  }

  /** The transport says that a life of this name is gone. */
  miss(presence: Presence, how: Disappearance): void {
    if (this.#successor?.instance === presence.instance) this.#successor = undefined;
    if (this.#presence?.instance !== presence.instance) return;
    this.#missing = true;
    if (this.#joined) {
      if (how === 'ended' || this.#successor !== undefined) this.#session?.lost('killed', `${this.name} is gone`);
      else if (!this.connected) this.#wait();
      return;
    }
    // What it said last, a refusal perhaps, may still be on its way through the link that is being made.
    if (this.#pairing?.phase !== 'dialing') this.#vanish();
    else this.#farewell = this.#host.deadlines.add(LAST_WORDS, () => this.#vanish());
  }

  /** Makes sure that what is sent to the peer has a place, and calls it if it is there. */
  call(): void {
    this.#open();
    const presence = this.#presence;
    if (presence === undefined || this.#missing) return;
    this.#pairing ??= apart(this.#host.self.instance, presence.instance);
    if (!this.connected) this.#link('connecting');
    this.#pair({ type: 'call' });
  }

  /** What the life we deal with says outside of any link. */
  signal(signal: Signal): void {
    switch (signal.type) {
      case 'refuse': {
        const { name: peer } = this;
        this.#pair({ type: 'drop' });
        const details = { peer, reason: signal.code, delivery: 'none' } as const;
        this.#session?.fail('refused', new PoolError('refused', `${peer} refused: ${signal.message}`, details));
        return;
      }
      case 'ring':
      case 'negotiate':
        if (this.#session === undefined) this.call();
        this.#pair(signal);
        return;
      case 'wait':
        this.#pair(signal);
    }
  }

  /** Something changed for the better: a pair that waits for its next try makes it now. */
  nudge(): void {
    this.#pair({ type: 'nudge' });
  }

  /** Our handshake slot is free. */
  granted(): void {
    this.#pair({ type: 'slot' });
  }

  /** Tells it, and ends the session. */
  remove(reason: string): void {
    this.named = false;
    if (this.connected) this.#session?.goodbye('removed', reason);
    this.#session?.lost('removed', reason === '' ? `${this.name} was removed` : reason);
    this.#pair({ type: 'drop' });
  }

  /** The communicator ends: what is left of the session goes, and with it every timer. */
  release(text: string): void {
    this.#farewell?.cancel();
    this.#session?.abort('goodbye', text);
    this.#pair({ type: 'drop' });
  }

  /** A send failed that nobody waits for. */
  failed(error: PoolError): void {
    this.#untoldFailures++;
    const now = performance.now();
    if (now - this.#failureTold < FAILURES_TOLD_EVERY) return;
    const { code, detail, reason, delivery } = error;
    const more = this.#untoldFailures > 1 ? ` (and ${this.#untoldFailures - 1} more since the last report)` : '';
    this.#failureTold = now;
    this.#untoldFailures = 0;
    this.#host.listener.error(
      new PoolError(code, `${detail}${more}`, { peer: this.name, reason, delivery, cause: error }),
    );
  }

  #open(): void {
    if (this.#session !== undefined) return;
    this.#failure = undefined;
    const { name, instance, packer, inboxLimit, outboxLimit, maxMessageSize } = this.#host.self;
    const session: Session = new Session(
      { name, instance, peer: this.name, packer, inboxLimit, outboxLimit, maxMessageSize, random: randomId },
      {
        now: () => performance.now(),
        schedule: () => this.#host.schedule(session),
        joined: () => this.#up(session),
        severed: (cause) => this.#severed(cause),
        resumed: () => this.#resumed(session),
        unfit: (error) => this.#broken(error),
        message: (queue, packet, receipt) => this.#host.listener.message(this.name, queue, packet, receipt),
        failed: (error) => this.failed(error),
        quiet: () => this.#host.changed(),
        ended: (reason, error) => this.#ended(session, reason, error),
      },
    );
    this.#session = session;
  }

  #up(session: Session): void {
    this.#farewell?.cancel();
    this.#joined = true;
    this.#attemptError = undefined;
    this.#pair({ type: 'up' });
    this.#host.listener.joined(this.name, this.#presence?.instance ?? '');
    this.#link('connected');
    this.#beat(session);
    this.#host.changed();
  }

  /** The link broke, and the session stands: the pair looks for the next link. */
  #severed(cause: Error | undefined): void {
    this.#heartbeat?.cancel();
    this.#link('connecting');
    this.#wait();
    this.#broken(cause);
    this.#host.changed();
  }

  #resumed(session: Session): void {
    this.#patience?.cancel();
    this.#reconnects++;
    this.#attemptError = undefined;
    this.#pair({ type: 'up' });
    this.#link('connected');
    this.#beat(session);
    this.#host.changed();
  }

  /** Somebody who is gone as far as the server knows is not waited for as long as somebody whose network is. */
  #wait(): void {
    const { rules, deadlines } = this.#host;
    const [reason, ms] = this.#missing
      ? (['killed', GONE_AFTER] as const)
      : (['lost', rules.reconnectTimeout] as const);
    this.#patience?.cancel();
    this.#patience = deadlines.add(ms, () => {
      this.#session?.lost(reason, `${this.name} had no link for ${ms} ms`, this.#attemptError);
    });
  }

  #broken(cause: Error | undefined): void {
    this.#attemptError = cause;
    if (this.#pairing !== undefined) this.#pair({ type: 'broken', link: this.#pairing.link });
  }

  #beat(session: Session): void {
    this.#heartbeat = this.#host.deadlines.add(HEARTBEAT, () => {
      session.ping(() => {});
      this.#beat(session);
    });
  }

  #ended(session: Session, reason: LeaveReason, error: PoolError): void {
    const { listener } = this.#host;
    const joined = this.#joined;
    const instance = this.#presence?.instance ?? '';
    this.#host.unschedule(session);
    this.#joined = false;
    this.#part(error);
    // While the caller dials anew, only the session ends, not the attempt that takes its place.
    if (!joined || this.#pairing?.phase !== 'dialing') this.#pair({ type: 'drop' });
    if (joined && reason === 'malformed') listener.error(error);
    if (joined) listener.left(this.name, instance, reason);
    else if (error.code !== 'closed' && error.code !== 'peer-left') listener.failed(this.name, error);
    if (!this.#host.stopping) this.#again(reason);
    this.#host.changed();
  }

  /** Another instance may be waiting; and a link that broke is no reason to part for good. */
  #again(reason: LeaveReason): void {
    const successor = this.#successor;
    if (successor !== undefined) {
      this.#successor = undefined;
      this.meet(successor);
    } else if (this.#missing) this.#forget();
    else if (reason === 'lost' && this.#failure?.code === 'peer-left' && this.#pairing?.phase !== 'dialing')
      this.call();
  }

  /** It was gone before it was connected. */
  #vanish(): void {
    this.#pair({ type: 'drop' });
    this.#forget();
    if (!this.named) this.#session?.lost('killed', `${this.name} left before it was connected`);
    this.#host.changed();
  }

  #forget(): void {
    this.#farewell?.cancel();
    this.#presence = undefined;
    this.#pairing = undefined;
  }

  /** The session is over; what it counted stays. */
  #part(failure: PoolError): void {
    const { bytesSent, bytesReceived, messagesSent, messagesReceived, roundTripTime } = this.statistics;
    this.#past = { bytesSent, bytesReceived, messagesSent, messagesReceived };
    this.#roundTripTime = roundTripTime;
    this.#session = undefined;
    this.#failure = failure;
    this.#linkState = undefined;
    this.#heartbeat?.cancel();
    this.#patience?.cancel();
  }

  #link(state: LinkState): void {
    if (this.#linkState === state) return;
    this.#linkState = state;
    this.#host.listener.link(this.name, state, this.#session?.kind);
  }

  #pair(event: PairingEvent): void {
    if (this.#pairing === undefined) return;
    const { pairing, actions } = next(this.#pairing, event, performance.now(), this.#host.rules);
    this.#pairing = pairing;
    for (const action of actions) this.#act(action);
  }

  #act(action: PairingAction): void {
    const { slots, transport } = this.#host;
    const presence = this.#presence;
    if (presence === undefined) return;
    switch (action.do) {
      case 'queue':
        slots.queue(this);
        break;
      case 'free':
        slots.free(this);
        break;
      case 'dial':
        this.#dial(presence, action.link);
        break;
      case 'negotiate':
        this.#attempt?.negotiate(action.data);
        break;
      case 'hang-up':
        this.#attempt?.close();
        this.#attempt = undefined;
        break;
      case 'sever':
        this.#session?.sever();
        break;
      case 'ring':
      case 'wait':
        transport.signal(presence, { type: action.do, to: presence.instance, link: action.link });
        break;
      case 'alarm':
        this.#setAlarm(action.at);
        break;
      case 'fail':
        this.#fail(action.attempts);
    }
  }

  #setAlarm(at: number | undefined): void {
    this.#alarm?.cancel();
    if (at === undefined) return;
    this.#alarm = this.#host.deadlines.add(Math.max(0, at - performance.now()), () => this.#pair({ type: 'alarm' }));
  }

  #fail(attempts: number): void {
    const { name: peer } = this;
    const tried = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
    const text = `no link to ${peer} came about within ${this.#host.rules.connectTimeout} ms, in ${tried}`;
    this.#session?.fail(
      'lost',
      new PoolError('unreachable', text, { peer, delivery: 'none', cause: this.#attemptError }),
    );
  }

  #dial(presence: Presence, link: number): void {
    this.#open();
    const inner = this.#session?.attach(presence.instance, link);
    if (inner === undefined) return;
    const { transport } = this.#host;
    const listener: LinkListener = {
      ...inner,
      closed: (error) => {
        this.#attemptError = error;
        inner.closed(error);
        if (this.#missing && !this.#joined) this.#vanish();
        else this.#pair({ type: 'broken', link });
      },
    };
    const negotiate = (data: unknown): void =>
      transport.signal(presence, { type: 'negotiate', to: presence.instance, link, data });
    const role = this.#pairing?.role === 'caller' ? 'initiator' : 'responder';
    this.#attempt = transport.dial(presence, role, negotiate, listener);
  }
}
