import { peerName } from '#shared/identifiers';
import { Deadlines } from '../deadlines.ts';
import { type Delivery, PoolError } from '../errors.ts';
import type { LinkListener } from '../links/link.ts';
import { type Packet, packetBytes } from '../packers/packer.ts';
import { Session } from '../session/session.ts';
import type {
  Communicator,
  CommunicatorListener,
  CommunicatorState,
  LeaveReason,
  LinkState,
  PeerStatistics,
  Self,
  SendOptions,
  WaitOptions,
} from './communicator.ts';
import { HANDSHAKES, HandshakeSlots } from './handshake-slots.ts';
import { apart, next, type PairingAction, type PairingEvent, type PairingRules } from './pairing.ts';
import { Peer } from './peer.ts';
import { randomId } from './random-id.ts';
import type { Presence, Signal, Transport, TransportListener } from './transport.ts';

/** Long enough for a slow network and a busy page, short enough that a person is told why nothing happens. */
const CONNECT_TIMEOUT = 15_000;
/** A quiet pair measures its round trip, and agrees on what was consumed, this often. */
const HEARTBEAT = 2_000;
/** How long an orderly shutdown takes at most, when nobody says otherwise. */
const SHUTDOWN_TIMEOUT = 3_000;
/** The other side answers a goodbye within a round trip; who does not is not waited for. */
const GOODBYE_TIMEOUT = 1_000;
/** Failures nobody awaits are told at most this often for each peer. */
const FAILURES_TOLD_EVERY = 1_000;

export interface MeshOptions {
  /** Called once, by `initialize`. */
  readonly transport: () => Transport | Promise<Transport>;
  /** Milliseconds; default 15 s. Bounds joining, and how long a pair tries before it has failed. */
  readonly connectTimeout?: number | undefined;
  /** Messages leave one by one, in the very call that sends them, so that the transport sees their order over all peers. Otherwise they gather until the end of the task's turn. */
  readonly eager?: boolean | undefined;
}

/** The one implementation of `Communicator`: a full mesh of sessions with whoever is in the room, over any `Transport`. */
export class MeshCommunicator implements Communicator {
  readonly #options: MeshOptions;
  readonly #rules: PairingRules;
  readonly #peers = new Map<string, Peer>();
  /** Instances that we removed, or that we have told we do not know them. */
  readonly #shunned = new Set<string>();
  readonly #deadlines = new Deadlines();
  readonly #slots = new HandshakeSlots<Peer>(HANDSHAKES, (peer) => this.#pair(peer, { type: 'slot' }));
  readonly #unflushed = new Set<Session>();
  /** Everybody who was in the room when we came; emptied as each is connected, has failed or left. */
  readonly #awaited = new Set<Peer>();
  #state: CommunicatorState | 'joining' = 'uninitialized';
  #self: Self | undefined;
  #listener: CommunicatorListener | undefined;
  #transport: Transport | undefined;
  #changed: () => void = () => {};
  #abortJoin = new AbortController();
  #ending: Promise<void> | undefined;

  constructor(options: MeshOptions) {
    this.#options = options;
    this.#rules = {
      connectTimeout: options.connectTimeout ?? CONNECT_TIMEOUT,
      ringEvery: 1_000,
      pause: (attempts) => Math.min(100 * 2 ** attempts, 5_000) * (0.5 + Math.random() / 2),
    };
  }

  get state(): CommunicatorState {
    return this.#state === 'joining' ? 'uninitialized' : this.#state;
  }

  addConnection(name: string): void {
    const valid = peerName(name);
    if (this.#state === 'stopped') throw illegal('add a connection', this.#state);
    const known = this.#peers.get(valid);
    if (known?.named === true || valid === this.#self?.name || (known?.session !== undefined && known.presence !== undefined)) {
      throw new PoolError('duplicate-peer', `there is a connection to ${valid} already`, { peer: valid });
    }
    const peer = known ?? new Peer(valid, true);
    peer.named = true;
    this.#peers.set(valid, peer);
    if (peer.presence !== undefined) this.#shunned.delete(peer.presence.instance);
    if (this.#state === 'started') this.#call(peer);
  }

  removeConnection(name: string, reason = ''): void {
    const peer = this.#peers.get(name);
    if (peer === undefined || (!peer.named && peer.session === undefined)) throw unknown(name);
    peer.named = false;
    if (peer.presence !== undefined) this.#shunned.add(peer.presence.instance);
    const text = reason === '' ? `${name} was removed` : reason;
    if (peer.session?.up === true) peer.session.goodbye('removed', reason);
    peer.session?.lost('removed', text);
    if (peer.session === undefined && !peer.joined) this.#pair(peer, { type: 'drop' });
    this.#changed();
  }

  async initialize(self: Self, listener: CommunicatorListener, options: WaitOptions = {}): Promise<void> {
    if (this.#state !== 'uninitialized') throw illegal('initialize', this.#state);
    if (this.#peers.has(self.name)) {
      throw new PoolError('duplicate-peer', `${self.name} is this pool's own name`, { peer: self.name });
    }
    this.#state = 'joining';
    this.#self = self;
    this.#listener = listener;
    const { timeout = Number.POSITIVE_INFINITY, signal } = options;
    const abort = (): void => this.#abortJoin.abort(signal?.reason);
    signal?.addEventListener('abort', abort);
    const whole = this.#deadlines.add(timeout, () => this.#abortJoin.abort(this.#tooLate(timeout)));
    try {
      if (signal?.aborted === true) abort();
      const members = await this.#join(self);
      if (this.#abortJoin.signal.aborted) throw this.#abortJoin.signal.reason;
      this.#enter();
      for (const member of members) {
        const peer = this.#meet(member);
        if (peer !== undefined) this.#awaited.add(peer);
      }
      await this.#everyone();
    } catch (error) {
      await this.#release('goodbye', 'it did not start', false);
      throw error;
    } finally {
      whole.cancel();
      signal?.removeEventListener('abort', abort);
      this.#changed = () => {};
    }
  }

  send(recipient: string, packet: Packet, options: SendOptions): Promise<void> {
    try {
      if (this.#state !== 'started' || this.#self === undefined) throw illegal('send', this.#state);
      const peer = this.#peers.get(recipient);
      if (peer === undefined) throw unknown(recipient);
      const bytes = packetBytes(packet);
      const { maxMessageSize } = this.#self;
      if (bytes > maxMessageSize) {
        throw new PoolError('too-large', `a message of ${bytes} bytes is larger than ${maxMessageSize}`, {
          peer: recipient,
          delivery: 'none',
        });
      }
      const { session } = peer;
      if (session === undefined) throw peer.failure ?? unknown(recipient);
      if (options.timeout !== undefined || options.signal !== undefined) return this.#bounded(recipient, session, packet, options);
      return new Promise((resolve, reject) => {
        session.send(packet, options, (error) => (error === undefined ? resolve() : reject(error)));
      });
    } catch (error) {
      if (options.ack !== 'none' || !(error instanceof PoolError)) return Promise.reject(error);
      this.#failed(this.#peers.get(recipient), error);
      return Promise.resolve();
    }
  }

  want(from: string, queue: string, waiting: boolean): void {
    this.#peers.get(from)?.session?.want(queue, waiting);
  }

  connected(name: string): boolean {
    return this.#peers.get(name)?.connected ?? false;
  }

  ping(name: string, options: WaitOptions = {}): Promise<number> {
    if (this.#state !== 'started') return Promise.reject(illegal('ping', this.#state));
    const peer = this.#peers.get(name);
    if (peer === undefined) return Promise.reject(unknown(name));
    const { session } = peer;
    if (session === undefined) return Promise.reject(peer.failure ?? unknown(name));
    return this.#wait(options, `ping ${name}`, name, (settle) => {
      session.ping(settle);
      return () => {};
    });
  }

  peer(name: string): PeerStatistics | undefined {
    return this.#peers.get(name)?.statistics;
  }

  shutdown({ flush = true, timeout = SHUTDOWN_TIMEOUT }: { flush?: boolean; timeout?: number } = {}): Promise<void> {
    if (this.#state === 'uninitialized') return Promise.reject(illegal('shut down', this.#state));
    this.#ending ??= this.#shutDown(flush, timeout);
    return this.#ending;
  }

  async #join(self: Self): Promise<readonly Presence[]> {
    const { connectTimeout } = this.#rules;
    const deadline = this.#deadlines.add(connectTimeout, () => {
      this.#abortJoin.abort(new PoolError('unreachable', `the room was not reached within ${connectTimeout} ms`));
    });
    const aborted = new Promise<never>((_, reject) => {
      const { signal } = this.#abortJoin;
      signal.addEventListener('abort', () => reject(signal.reason));
      if (signal.aborted) reject(signal.reason);
    });
    try {
      const transport = await Promise.race([this.#options.transport(), aborted]);
      this.#transport = transport;
      const { name, instance } = self;
      return await Promise.race([transport.join({ name, instance }, this.#hear(), this.#abortJoin.signal), aborted]);
    } finally {
      deadline.cancel();
      aborted.catch(() => 'told by the race, or too late to matter');
    }
  }

  #hear(): TransportListener {
    return {
      appeared: (presence) => {
        this.#enter();
        if (this.#state === 'started') this.#meet(presence);
      },
      disappeared: (presence, certain) => this.#miss(presence, certain),
      signal: (from, signal) => {
        this.#enter();
        this.#signal(from, signal);
      },
      state: (state) => this.#listener?.signaling(state),
      error: (error) => this.#listener?.error(error),
      stopped: (error) => {
        if (this.#state === 'joining') this.#abortJoin.abort(error);
        else if (this.#state === 'started') {
          this.#state = 'stopped';
          this.#ending = this.#release('replaced', error.detail, false, error);
        }
      },
    };
  }

  /** We are in the room. The first sign of another member can come before the promise of `join` has told so. */
  #enter(): void {
    if (this.#state !== 'joining') return;
    this.#state = 'started';
    for (const peer of this.#peers.values()) this.#open(peer);
  }

  /** Resolves when `initialize` may: with names given, when all of them are connected; else when all who were there are connected or have failed. */
  #everyone(): Promise<void> {
    const { signal } = this.#abortJoin;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const named = [...this.#peers.values()].filter((peer) => peer.named);
        const failed = named.find((peer) => peer.failure !== undefined && peer.failure.code !== 'peer-left');
        if (signal.aborted) reject(signal.reason);
        else if (failed !== undefined) reject(failed.failure);
        else if (named.length > 0 ? named.every((peer) => peer.connected) : this.#awaited.size === 0) resolve();
      };
      this.#changed = look;
      signal.addEventListener('abort', look);
      look();
    });
  }

  #tooLate(timeout: number): PoolError {
    const missing = [...this.#peers.values()].filter((peer) => (peer.named || this.#awaited.has(peer)) && !peer.connected);
    const names = missing.map((peer) => peer.name);
    const whom = names.length > 0 ? `${names.join(', ')} not connected` : 'the room not reached';
    return new PoolError('timeout', `${whom} within ${timeout} ms`, { missing: names });
  }

  /** Somebody is in the room. */
  #meet(presence: Presence): Peer | undefined {
    if (presence.name === this.#self?.name || this.#shunned.has(presence.instance)) return undefined;
    let peer = this.#peers.get(presence.name);
    if (peer === undefined) {
      if (this.#self?.discover !== true) return undefined;
      peer = new Peer(presence.name, false);
      this.#peers.set(presence.name, peer);
    }
    if (!peer.named && this.#self?.discover !== true) {
      peer.presence = presence;
      return undefined;
    }
    if (peer.presence?.instance === presence.instance) {
      peer.missing = false;
      return peer;
    }
    if (peer.joined) {
      peer.successor = presence;
      if (peer.missing) peer.session?.lost('killed', `${peer.name} is there again as another instance`);
      return peer;
    }
    this.#pair(peer, { type: 'drop' });
    peer.presence = presence;
    peer.pairing = undefined;
    this.#call(peer);
    return peer;
  }

  /** The transport says that somebody is gone. */
  #miss(presence: Presence, certain: boolean): void {
    const peer = this.#peers.get(presence.name);
    if (peer?.successor?.instance === presence.instance) peer.successor = undefined;
    if (peer === undefined || peer.presence?.instance !== presence.instance) return;
    peer.missing = true;
    if (peer.joined) {
      if (certain || peer.successor !== undefined) peer.session?.lost('killed', `${peer.name} is gone`);
      return;
    }
    this.#pair(peer, { type: 'drop' });
    peer.presence = undefined;
    peer.pairing = undefined;
    this.#awaited.delete(peer);
    if (!peer.named) peer.session?.lost('killed', `${peer.name} left before it was connected`);
    this.#changed();
  }

  /** Makes sure that what is sent to the peer has a place, and calls it if it is there. */
  #call(peer: Peer): void {
    this.#open(peer);
    const { presence } = peer;
    if (presence === undefined || peer.missing) return;
    peer.pairing ??= apart(this.#self?.instance ?? '', presence.instance);
    this.#linked(peer, 'connecting');
    this.#pair(peer, { type: 'call' });
  }

  #open(peer: Peer): void {
    const self = this.#self;
    if (self === undefined || peer.session !== undefined) return;
    peer.failure = undefined;
    const { name, instance, packer, inboxLimit, outboxLimit, maxMessageSize } = self;
    const half = randomId();
    const session: Session = new Session(
      { name, instance, peer: peer.name, packer, inboxLimit, outboxLimit, maxMessageSize, half },
      {
        now: () => performance.now(),
        schedule: () => this.#schedule(session),
        joined: (kind) => {
          this.#awaited.delete(peer);
          peer.joined = true;
          this.#pair(peer, { type: 'up' });
          this.#listener?.joined(peer.name, peer.presence?.instance ?? '');
          this.#linked(peer, 'connected', kind);
          this.#beat(peer, session);
          this.#changed();
        },
        message: (queue, packet, receipt) => this.#listener?.message(peer.name, queue, packet, receipt),
        failed: (error) => this.#failed(peer, error),
        quiet: () => this.#changed(),
        ended: (reason, error) => this.#ended(peer, session, reason, error),
      },
    );
    peer.session = session;
  }

  #ended(peer: Peer, session: Session, reason: LeaveReason, error: PoolError): void {
    this.#unflushed.delete(session);
    if (peer.session !== session) return;
    const { joined, presence } = peer;
    peer.joined = false;
    peer.part(error);
    this.#awaited.delete(peer);
    if (peer.pairing?.phase !== 'dialing' || !joined) this.#pair(peer, { type: 'drop' });
    if (reason === 'malformed' || (!joined && this.#state === 'started' && reason !== 'killed' && reason !== 'removed')) {
      this.#listener?.error(error);
    }
    if (joined) this.#listener?.left(peer.name, presence?.instance ?? '', reason);
    if (this.#state === 'started') this.#again(peer, reason);
    this.#changed();
  }

  /** After a session has ended: another instance may be waiting, and a link that broke is no reason to part for good. */
  #again(peer: Peer, reason: LeaveReason): void {
    const { successor } = peer;
    if (successor !== undefined) {
      peer.successor = undefined;
      peer.missing = false;
      this.#meet(successor);
    } else if (peer.missing) {
      peer.presence = undefined;
      peer.pairing = undefined;
    } else if (reason === 'lost' && peer.pairing?.phase !== 'dialing') this.#call(peer);
  }

  #signal(from: Presence, signal: Signal): void {
    if (this.#state !== 'started' || signal.to !== this.#self?.instance) return;
    const calling = signal.type === 'ring' || signal.type === 'negotiate';
    let peer = this.#peers.get(from.name);
    if (calling && (peer === undefined || peer.presence?.instance !== from.instance)) peer = this.#meet(from);
    const wanted = peer !== undefined && (peer.named || this.#self.discover) && !this.#shunned.has(from.instance);
    if (!wanted) {
      if (calling) this.#refuse(from, signal.link);
      return;
    }
    if (peer === undefined || peer.presence?.instance !== from.instance) return;
    switch (signal.type) {
      case 'refuse':
        this.#pair(peer, { type: 'drop' });
        peer.session?.fail(
          'refused',
          new PoolError('refused', `${peer.name} refused: ${signal.message}`, { peer: peer.name, reason: signal.code, delivery: 'none' }),
        );
        return;
      case 'ring':
      case 'negotiate':
        if (peer.session === undefined) this.#call(peer);
        this.#pair(peer, signal);
        return;
      case 'wait':
        this.#pair(peer, signal);
    }
  }

  /** Tells a stranger why not, and the application once. */
  #refuse(stranger: Presence, link: number): void {
    const own = this.#self?.name ?? '';
    const message = `${own} has no client named ${stranger.name}`;
    this.#transport?.signal(stranger, { type: 'refuse', to: stranger.instance, link, code: 'unknown-peer', message });
    if (this.#shunned.has(stranger.instance)) return;
    this.#shunned.add(stranger.instance);
    this.#listener?.error(
      new PoolError('refused', `${stranger.name} wanted to connect, and is no client of ${own}`, { peer: stranger.name, reason: 'unknown-peer' }),
    );
  }

  #pair(peer: Peer, event: PairingEvent): void {
    if (peer.pairing === undefined) return;
    const { pairing, actions } = next(peer.pairing, event, performance.now(), this.#rules);
    peer.pairing = pairing;
    for (const action of actions) this.#act(peer, action);
  }

  #act(peer: Peer, action: PairingAction): void {
    const { presence } = peer;
    if (presence === undefined) return;
    switch (action.do) {
      case 'queue':
        this.#slots.queue(peer);
        break;
      case 'free':
        this.#slots.free(peer);
        break;
      case 'dial':
        this.#dial(peer, presence, action.link);
        break;
      case 'negotiate':
        peer.attempt?.negotiate(action.data);
        break;
      case 'hang-up':
        peer.attempt?.close();
        peer.attempt = undefined;
        break;
      case 'lost':
        peer.session?.lost('lost', `${peer.name} has lost the link`);
        break;
      case 'ring':
      case 'wait':
        this.#transport?.signal(presence, { type: action.do, to: presence.instance, link: action.link });
        break;
      case 'alarm': {
        const { at } = action;
        peer.alarm?.cancel();
        peer.alarm =
          at === undefined
            ? undefined
            : this.#deadlines.add(Math.max(0, at - performance.now()), () => this.#pair(peer, { type: 'alarm' }));
        break;
      }
      case 'fail': {
        const { connectTimeout } = this.#rules;
        const tried = action.attempts === 1 ? '1 attempt' : `${action.attempts} attempts`;
        peer.session?.fail(
          'lost',
          new PoolError('unreachable', `no link to ${peer.name} came about within ${connectTimeout} ms, in ${tried}`, {
            peer: peer.name,
            delivery: 'none',
            cause: peer.attemptError,
          }),
        );
      }
    }
  }

  #dial(peer: Peer, presence: Presence, number: number): void {
    this.#open(peer);
    const inner = peer.session?.attach(presence.instance, number);
    if (inner === undefined || this.#transport === undefined) return;
    const listener: LinkListener = {
      opened: (link) => inner.opened(link),
      packet: (lane, bytes) => inner.packet(lane, bytes),
      drained: (lane) => inner.drained(lane),
      closed: (error) => {
        peer.attemptError = error;
        inner.closed(error);
        if (peer.pairing?.link === number) this.#pair(peer, { type: 'broken' });
      },
    };
    const negotiate = (data: unknown): void =>
      this.#transport?.signal(presence, { type: 'negotiate', to: presence.instance, link: number, data });
    const role = peer.pairing?.role === 'caller' ? 'initiator' : 'responder';
    peer.attempt = this.#transport.dial(presence, role, negotiate, listener);
  }

  #linked(peer: Peer, state: LinkState, kind = peer.session?.kind): void {
    if (peer.linkState === state) return;
    peer.linkState = state;
    this.#listener?.link(peer.name, state, kind);
  }

  #beat(peer: Peer, session: Session): void {
    peer.heartbeat = this.#deadlines.add(HEARTBEAT, () => {
      if (!session.up) return;
      session.ping(() => {});
      this.#beat(peer, session);
    });
  }

  #schedule(session: Session): void {
    if (this.#options.eager === true) {
      session.flush();
      return;
    }
    if (this.#unflushed.size === 0) queueMicrotask(() => this.#flush());
    this.#unflushed.add(session);
  }

  #flush(): void {
    const sessions = [...this.#unflushed];
    this.#unflushed.clear();
    for (const session of sessions) session.flush();
  }

  #failed(peer: Peer | undefined, error: PoolError): void {
    if (peer === undefined) {
      this.#listener?.error(error);
      return;
    }
    peer.untoldFailures++;
    const now = performance.now();
    if (now - peer.failureTold < FAILURES_TOLD_EVERY) return;
    const { code, detail, reason, delivery } = error;
    const more = peer.untoldFailures > 1 ? ` (and ${peer.untoldFailures - 1} more since the last report)` : '';
    peer.failureTold = now;
    peer.untoldFailures = 0;
    this.#listener?.error(new PoolError(code, `${detail}${more}`, { peer: peer.name, reason, delivery, cause: error }));
  }

  /** A send with a timeout or a signal: when either ends the wait, the message is withdrawn as far as it still can be. */
  #bounded(recipient: string, session: Session, packet: Packet, options: SendOptions): Promise<void> {
    return this.#wait(options, `send to ${recipient}`, recipient, (settle) => {
      const message = session.send(packet, options, (error) => settle(error));
      return () => (message === undefined ? 'none' : session.withdraw(message));
    });
  }

  /** Settles with what `begin` says, or with the timeout or the signal's reason, whichever is first. What `begin` returns is then called. */
  #wait<Value>(
    { timeout = Number.POSITIVE_INFINITY, signal }: WaitOptions,
    what: string,
    peer: string,
    begin: (settle: (value: Value | PoolError | undefined) => void) => () => Delivery | void,
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      let give: (() => Delivery | void) | undefined;
      const finish = (): void => {
        deadline.cancel();
        signal?.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        finish();
        give?.();
        reject(signal?.reason);
      };
      const deadline = this.#deadlines.add(timeout, () => {
        finish();
        const delivery = give?.() ?? undefined;
        reject(new PoolError('timeout', `${what} did not end within ${timeout} ms`, { peer, delivery }));
      });
      signal?.addEventListener('abort', abort);
      give = begin((value) => {
        finish();
        if (value instanceof PoolError) reject(value);
        else resolve(value as Value);
      });
    });
  }

  async #shutDown(flush: boolean, timeout: number): Promise<void> {
    if (this.#state === 'joining') {
      this.#abortJoin.abort(new PoolError('closed', 'the pool was shut down while it started'));
      return;
    }
    this.#state = 'stopped';
    this.#abortJoin.abort(new PoolError('closed', 'the pool was shut down while it waited for others'));
    if (flush) await this.#until(timeout, (peer) => peer.session === undefined || peer.session.idle || peer.presence === undefined);
    await this.#release('goodbye', 'the pool was shut down', flush);
  }

  /** Resolves when the test is true of every peer, or when the time is over. */
  #until(timeout: number, test: (peer: Peer) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (![...this.#peers.values()].every(test)) return;
        deadline.cancel();
        this.#changed = () => {};
        resolve();
      };
      const deadline = this.#deadlines.add(timeout, () => {
        this.#changed = () => {};
        resolve();
      });
      this.#changed = look;
      look();
    });
  }

  /** Says goodbye, ends every session, gives everything back. Without waiting, all of it happens within the call, as `pagehide` needs it. */
  async #release(reason: LeaveReason, text: string, wait: boolean, error?: PoolError): Promise<void> {
    this.#state = 'stopped';
    for (const peer of this.#peers.values()) if (peer.session?.up === true) peer.session.goodbye(reason, '');
    if (wait) await this.#until(GOODBYE_TIMEOUT, (peer) => peer.session?.leaving !== true);
    for (const peer of this.#peers.values()) {
      peer.session?.abort('goodbye', text);
      this.#pair(peer, { type: 'drop' });
      peer.alarm?.cancel();
    }
    await this.#transport?.leave();
    this.#listener?.stopped(error);
  }
}

function illegal(action: string, state: string): PoolError {
  return new PoolError('illegal-state', `cannot ${action} while the pool is ${state}`);
}

function unknown(name: string): PoolError {
  return new PoolError('unknown-peer', `there is no peer named ${JSON.stringify(name)}`, { peer: name, delivery: 'none' });
}
