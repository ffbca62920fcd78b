import type { Deadline, Deadlines } from '../deadlines.ts';
import type { ConnectionDiagnosis } from '../connection-diagnosis.ts';
import { PoolError } from '../errors.ts';
import type { LinkListener } from '../links/link.ts';
import { Session } from '../session/session.ts';
import { AttemptLog } from './attempt-log.ts';
import type { CommunicatorListener, LeaveReason, LinkState, PeerStatistics, Self } from './communicator.ts';
import { FailureReports } from './failure-reports.ts';
import type { Flushes } from './flushes.ts';
import type { HandshakeSlots } from './handshake-slots.ts';
import type { LivenessRules } from './liveness.ts';
import { SLEPT_AFTER } from './patience.ts';
import { apart, next, type Pairing, type PairingAction, type PairingEvent, type PairingRules } from './pairing.ts';
import { randomId } from './random-id.ts';
import { Successor } from './successor.ts';
import type { Attempt, Disappearance, Presence, Signal, Transport } from './transport.ts';
import { Vigil } from './vigil.ts';

/** How long a link under way is still listened to when its other end is gone as far as the transport knows, in ms. */
const LAST_WORDS = 1_000;

/** Somebody who is in the room and could not be connected is tried again after so many ms: a network that lets nothing through may do so a little later. */
const TRY_AGAIN_AFTER = [30_000, 60_000, 120_000, 240_000] as const;

/** What a peer needs of its communicator. */
export interface PeerHost {
  readonly self: Self;
  readonly listener: CommunicatorListener;
  readonly transport: Transport;
  readonly deadlines: Deadlines;
  readonly slots: HandshakeSlots<Peer>;
  readonly rules: PairingRules;
  readonly liveness: LivenessRules;
  /** Nobody is called. */
  readonly stopping: boolean;
  readonly flushes: Flushes;
  /** The peer's state changed; somebody may wait for that. */
  changed(): void;
}

/** What a communicator knows of one name: which life of it is in the room, the session with it, and how a link to it comes about. */
export class Peer {
  readonly name: string;
  /** Added by `addConnection`, and so kept whether it is there or not. */
  named: boolean;
  /** The one key it may have, where one was given for it. */
  trusted: string | undefined;
  /** The life of it that broke the protocol, or says that we did. It is not heard again. */
  barred: string | undefined;
  readonly #host: PeerHost;
  /** The life of it that we deal with. */
  #presence: Presence | undefined;
  /** Another life of it, met while the session with the old one still stands. */
  #successor: Successor | undefined;
  /** Holds what is sent to it, also before it is there. Gone once the peer left or failed, until it is met again. */
  #session: Session | undefined;
  /** Why there is no session. */
  #failure: PoolError | undefined;
  #pairing: Pairing | undefined;
  /** The instance that the pairing is with. */
  #paired: string | undefined;
  #attempt: Attempt | undefined;
  /** The number of the link that the session was given last. */
  #attached = 0;
  readonly #log = new AttemptLog();
  #alarm: Deadline | undefined;
  /** Tries again to connect it. */
  #retry: Deadline | undefined;
  #retries = 0;
  /** The alarm before came so late that we must have slept. */
  #woken = false;
  readonly #vigil: Vigil;
  #reconnects = 0;
  /** Gone as far as the transport knows, while a link to it is being made. */
  #farewell: Deadline | undefined;
  /** The listener has heard `joined` and not yet `left`. */
  #joined = false;
  #linkState: LinkState | undefined;
  readonly #failures: FailureReports;
  #roundTripTime: number | undefined;
  /** Of sessions that have ended. */
  #past = { bytesSent: 0, bytesReceived: 0, messagesSent: 0, messagesReceived: 0 };

  constructor(name: string, named: boolean, host: PeerHost, trusted?: string) {
    this.name = name;
    this.trusted = trusted;
    this.named = named;
    this.#host = host;
    this.#vigil = this.#newVigil();
    this.#failures = new FailureReports(name, (error) => host.listener.error(error));
    if (named) this.#open();
  }

  get connected(): boolean {
    return this.#session?.up ?? false;
  }

  /** Gone, as the transport says. Its link may know better. */
  get missing(): boolean {
    return this.#vigil.missing;
  }

  /** Met, and not left. */
  get joined(): boolean {
    return this.#joined;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Why there is nobody to send to. */
  get failure(): PoolError | undefined {
    return this.#failure;
  }

  /** Why it is not connected, as far as the attempts at that have shown. */
  get diagnosis(): ConnectionDiagnosis | undefined {
    if (!this.connected) this.#log.note(this.#attempt);
    return this.#log.diagnosis;
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
      const back = this.missing;
      this.#vigil.back();
      this.#farewell?.cancel();
      // It has `reconnectTimeout` again to find a link, and no longer the little time of one who is gone.
      if (back && this.#joined && !this.connected) this.#vigil.wait();
      this.nudge();
      if (this.#session === undefined || this.#pairing?.phase === 'apart') this.call();
      return;
    }
    if (this.#joined) {
      // Whoever still answers is not replaced on hearsay; who is gone, as the transport says, and does not answer, is.
      if (this.#successor?.presence.instance !== presence.instance) this.#successor = new Successor(presence);
      if (this.missing) this.#vigil.giveUp('closed', 'killed', `${this.name} is there again as another instance`);
      return;
    }
    this.#farewell?.cancel();
    this.#pair({ type: 'drop' });
    this.#presence = presence;
    this.#vigil.back();
    // The one before may have welcomed us, and was waited for.
    this.#vigil.end();
    this.#retries = 0;
    // Who comes back has not forgotten the number of the last link.
    if (this.#paired !== presence.instance) this.#pairing = undefined;
    this.call();
  }

  /** The transport says that a life of this name is gone. */
  miss(presence: Presence, how: Disappearance): void {
    if (this.#successor?.presence.instance === presence.instance) this.#successor = undefined;
    if (this.#presence?.instance !== presence.instance) return;
    this.#vigil.gone();
    if (this.#joined) {
      if (how === 'ended') this.#session?.lost('killed', `${this.name} is gone`);
      else if (how === 'left') this.#vigil.giveUp(how, 'goodbye', `${this.name} left`);
      else if (this.#successor !== undefined) this.#vigil.giveUp(how, 'killed', `${this.name} is gone`);
      else if (!this.connected) this.#vigil.wait();
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
    if (presence === undefined || this.missing) return;
    this.#pairing ??= apart(this.#host.self.instance, presence.instance);
    this.#paired = presence.instance;
    if (!this.connected) this.#link('connecting');
    this.#pair({ type: 'call' });
  }

  /** What the life we deal with says outside of any link. */
  signal(signal: Signal): void {
    switch (signal.type) {
      case 'refuse': {
        const { name: peer } = this;
        // It answers an earlier call.
        if (signal.link < (this.#pairing?.link ?? 0)) return;
        this.#pair({ type: 'drop' });
        const details = { peer, reason: signal.code, delivery: 'none' } as const;
        this.#session?.fail('refused', new PoolError('refused', `${peer} refused: ${signal.message}`, details));
        return;
      }
      case 'ring':
      case 'negotiate':
        if (this.past(signal)) return;
        if (this.#session === undefined) this.call();
        this.#pair(signal);
        return;
      case 'wait':
        this.#pair(signal);
    }
  }

  /** A signal of a link that has been: the last candidates trickle in when the pair has parted. */
  past({ type, link }: Signal): boolean {
    return type === 'negotiate' && this.#session === undefined && link <= (this.#pairing?.link ?? 0);
  }

  /** Something changed for the better: a pair that waits for its next try makes it now. */
  nudge(): void {
    this.#pair({ type: 'nudge' });
  }

  /** Signals pass again. */
  audible(): void {
    this.#pair({ type: 'audible' });
  }

  /** The page was woken, or has a network again. */
  wake(sign: 'online' | 'shown'): void {
    const session = this.#session;
    if (session?.up !== true) this.nudge();
    // The network is another one now, and a link that has lost the other end hardly finds it there.
    else if (sign === 'online' && !session.reachable) session.sever(new Error('the network changed'));
    else session.ping(() => {});
  }

  /** Another instance calls under this name. It is told no while the one we deal with answers, and is heard when that is gone. */
  contest(claimant: Presence, call: Signal): void {
    const { name: peer } = this;
    const successor = this.#successor;
    if (successor?.presence.instance !== claimant.instance || !successor.called(call)) return;
    this.#session?.ping((answer) => {
      successor.answered();
      if (typeof answer !== 'number' || this.#successor !== successor) return;
      const message = `${this.#host.self.name} is connected to another instance of ${peer}, which answers`;
      const { link } = call;
      const code = 'duplicate-peer';
      this.#host.transport.signal(claimant, { type: 'refuse', to: claimant.instance, link, code, message });
    });
  }

  /** Our handshake slot is free. */
  granted(): void {
    this.#pair({ type: 'slot' });
  }

  /** Tells it, and ends the session. Returns the instance that waited for its end. */
  remove(reason: string): Presence | undefined {
    const successor = this.#successor;
    this.named = false;
    this.#successor = undefined;
    this.#retry?.cancel();
    if (this.connected) this.#session?.goodbye('removed', reason);
    this.#pair({ type: 'drop' });
    this.#session?.lost('removed', reason === '' ? `${this.name} was removed` : reason);
    return successor?.presence;
  }

  /** The communicator ends, or goes away for a while: what is left of the session goes, and with it every timer. */
  release(text: string): void {
    this.#session?.abort('goodbye', text);
    this.#forget();
    // We come back as another instance, to whom all counting begins anew.
    this.#pairing = undefined;
    this.#successor = undefined;
    this.#vigil.back();
  }

  /** A send failed that nobody waits for. */
  failed(error: PoolError): void {
    this.#failures.tell(error);
  }

  #open(): void {
    if (this.#session !== undefined) return;
    this.#retry?.cancel();
    this.#failure = undefined;
    this.#log.clear();
    const { name, instance, packer, inboxLimit, outboxLimit, maxMessageSize, identity } = this.#host.self;
    const publicKey = this.trusted;
    const trust = identity || publicKey ? { identity, publicKey } : undefined;
    const session: Session = new Session(
      { name, instance, peer: this.name, packer, inboxLimit, outboxLimit, maxMessageSize, random: randomId, trust },
      {
        now: () => performance.now(),
        schedule: () => this.#host.flushes.soon(session),
        acknowledge: () => this.#host.flushes.acknowledge(session),
        agreed: () => this.#agreed(),
        joined: () => this.#up(session),
        severed: (cause) => this.#severed(cause),
        resumed: () => this.#resumed(),
        unfit: (error) => this.#broken(error),
        message: (queue, packet, receipt) => this.#host.listener.message(this.name, queue, packet, receipt),
        failed: (error) => this.failed(error),
        quiet: () => this.#host.changed(),
        ended: (reason, error) => this.#ended(session, reason, error),
      },
    );
    this.#session = session;
  }

  /** If this link breaks the other side may wait for the next as long as we would. */
  #agreed(): void {
    if (this.#pairing === undefined || this.#pairing.standing) return;
    this.#pair({ type: 'agreed' });
    this.#vigil.wait();
  }

  #up(session: Session): void {
    this.#farewell?.cancel();
    this.#retries = 0;
    this.#joined = true;
    this.#log.clear();
    this.#pair({ type: 'up' });
    this.#vigil.linked();
    this.#host.listener.joined(this.name, this.#presence?.instance ?? '');
    if (session.up) this.#link('connected');
    this.#host.changed();
  }

  /** The link broke, and the session stands: the pair looks for the next link. */
  #severed(cause: Error | undefined): void {
    this.#vigil.unlinked();
    this.#link('connecting');
    this.#broken(cause);
    this.#host.changed();
  }

  #resumed(): void {
    this.#reconnects++;
    this.#log.clear();
    this.#pair({ type: 'up' });
    this.#vigil.linked();
    this.#link('connected');
    this.#host.changed();
  }

  #newVigil(): Vigil {
    const { name } = this;
    const { deadlines, liveness, rules } = this.#host;
    const session = (): Session | undefined => this.#session;
    return new Vigil({
      name,
      deadlines,
      liveness,
      reconnectTimeout: rules.reconnectTimeout,
      get session() {
        return session();
      },
      judged: (state) => this.#link(state),
      woken: () => this.nudge(),
      late: (reason, text) => this.#late(reason, text),
    });
  }

  /** The time for a link is over. */
  #late(reason: LeaveReason, text: string): void {
    this.#log.note(this.#attempt);
    if (!this.#joined) return this.#session?.fail(reason, this.#log.unreachable(this.name, text));
    // Who is dead is out of reach for that reason.
    const said = reason === 'killed' ? text : this.#log.explained(text);
    this.#session?.lost(reason, said, this.#log.details);
  }

  #broken(cause: Error | undefined): void {
    this.#log.error = cause;
    this.#pair({ type: 'broken', link: this.#attached });
  }

  #ended(session: Session, reason: LeaveReason, error: PoolError): void {
    const { listener } = this.#host;
    const joined = this.#joined;
    const instance = this.#presence?.instance ?? '';
    this.#host.flushes.drop(session);
    this.#joined = false;
    this.#part(error);
    this.#pair({ type: 'drop' });
    // In a first greeting anybody may have spoken in its place.
    if (joined && reason === 'malformed') {
      this.barred = instance;
      listener.error(error);
    }
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
      this.meet(successor.presence);
      for (const call of successor.calls) this.signal(call);
    } else if (this.missing) this.#forget();
    else if (reason === 'lost' && this.#failure?.code === 'peer-left') this.call();
    else if (this.#failure?.code === 'unreachable') this.#tryAgainLater();
  }

  #tryAgainLater(): void {
    const after = TRY_AGAIN_AFTER[this.#retries++];
    if (after === undefined) return;
    this.#retry = this.#host.deadlines.add(after, () => {
      if (!this.#host.stopping) this.call();
    });
  }

  /** It was gone before it was connected. */
  #vanish(): void {
    this.#forget();
    if (!this.named) this.#session?.lost('killed', `${this.name} left before it was connected`);
    this.#host.changed();
  }

  #forget(): void {
    this.#pair({ type: 'drop' });
    this.#vigil.end();
    this.#farewell?.cancel();
    this.#retry?.cancel();
    this.#presence = undefined;
    this.#linkState = undefined;
  }

  /** The session is over; what it counted stays. */
  #part(failure: PoolError): void {
    const { bytesSent, bytesReceived, messagesSent, messagesReceived, roundTripTime } = this.statistics;
    this.#past = { bytesSent, bytesReceived, messagesSent, messagesReceived };
    this.#roundTripTime = roundTripTime;
    this.#session = undefined;
    this.#failure = failure;
    this.#linkState = undefined;
    this.#vigil.end();
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
        this.#log.note(this.#attempt);
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
    this.#alarm = this.#host.deadlines.add(Math.max(0, at - performance.now()), () => {
      // A page whose timers are always late would try for ever.
      this.#woken = !this.#woken && performance.now() - at > SLEPT_AFTER;
      this.#pair({ type: this.#woken ? 'woken' : 'alarm' });
    });
  }

  #fail(attempts: number): void {
    const { name: peer } = this;
    const within = `within ${this.#host.rules.connectTimeout} ms`;
    const tried = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
    const text =
      attempts === 0
        ? `${peer} is in the room and did not call ${within}: its page may stand still, or what it signals gets lost`
        : `no link to ${peer} came about ${within}, in ${tried}`;
    this.#session?.fail('lost', this.#log.unreachable(peer, text));
  }

  #dial(presence: Presence, link: number): void {
    this.#open();
    const inner = this.#session?.attach(presence.instance, link);
    // To end the link before may have ended the session, and with it the attempt.
    if (inner === undefined || this.#pairing?.phase !== 'dialing') return;
    this.#attached = link;
    const { transport } = this.#host;
    const listener: LinkListener = {
      ...inner,
      packet: (lane, bytes) => {
        this.#vigil.heard();
        inner.packet(lane, bytes);
      },
      closed: (error) => {
        this.#log.note(this.#attempt);
        this.#log.error = error;
        inner.closed(error);
        if (this.missing && !this.#joined) this.#vanish();
        else this.#pair({ type: 'broken', link });
      },
    };
    const negotiate = (data: unknown): void =>
      transport.signal(presence, { type: 'negotiate', to: presence.instance, link, data });
    const role = this.#pairing?.role === 'caller' ? 'initiator' : 'responder';
    this.#attempt = transport.dial(presence, role, negotiate, listener);
  }
}
