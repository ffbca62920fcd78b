import { peerName } from '#shared/identifiers';
import { Deadlines } from '../deadlines.ts';
import { PoolError } from '../errors.ts';
import { type Packet, packetBytes } from '../packers/packer.ts';
import { checkPublicKey } from '../trust/identity.ts';
import { bounded } from './bounded.ts';
import type {
  Communicator,
  CommunicatorListener,
  CommunicatorState,
  PeerConnection,
  PeerStatistics,
  Self,
  SendOptions,
  WaitOptions,
} from './communicator.ts';
import { Flushes } from './flushes.ts';
import { HANDSHAKES, HandshakeSlots } from './handshake-slots.ts';
import type { LivenessRules } from './liveness.ts';
import { livenessRules, type MeshTimes, pairingRules } from './mesh-times.ts';
import type { PairingRules } from './pairing.ts';
import { Circle } from './circle.ts';
import type { Peer, PeerHost } from './peer.ts';
import { Stay } from './stay.ts';
import type { Transport, TransportListener } from './transport.ts';
import { onWake } from './wake.ts';

/** How long an orderly shutdown takes at most, when nobody says otherwise. */
const SHUTDOWN_TIMEOUT = 3_000;
/** The other side answers a goodbye within a round trip; who does not is not waited for. */
const GOODBYE_TIMEOUT = 1_000;

export interface MeshOptions extends MeshTimes {
  /** Called once, by `initialize`. */
  readonly transport: () => Transport | Promise<Transport>;
  /** Messages leave one by one, in the very call that sends them, so that the transport sees their order over all peers. Otherwise they gather until the end of the turn. */
  readonly eager?: boolean | undefined;
}

/** The one implementation of `Communicator`: a full mesh of sessions with whoever is in the room, over any `Transport`. */
export class MeshCommunicator implements Communicator<PeerConnection> {
  readonly #rules: PairingRules;
  readonly #liveness: LivenessRules;
  /** Names added before the start. */
  readonly #names = new Map<string, PeerConnection>();
  /** Who was in the room when we came, until connected, failed or gone. */
  readonly #awaited = new Set<Peer>();
  readonly #deadlines = new Deadlines();
  readonly #slots = new HandshakeSlots<Peer>(HANDSHAKES, (peer) => peer.granted());
  readonly #flushes: Flushes;
  readonly #abortStart = new AbortController();
  readonly #stay: Stay;
  /** `leaving`: stopped for whoever calls, while what was sent still finds its way. */
  #state: CommunicatorState | 'joining' | 'leaving' = 'uninitialized';
  #suspended = false;
  #self: Self | undefined;
  #circle: Circle | undefined;
  #listener: CommunicatorListener | undefined;
  /** Looks again whether what is waited for has come true. */
  #look: () => void = () => {};
  #starting: Promise<void> | undefined;
  #unwake: (() => void) | undefined;
  #released: Promise<void> | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: MeshOptions) {
    this.#flushes = new Flushes(options.eager ?? false);
    this.#rules = pairingRules(options);
    this.#liveness = livenessRules(options);
    this.#stay = new Stay(options.transport, this.#rules, this.#deadlines, this.#abortStart.signal);
  }

  /** `started` once in the room, `stopped` from the call of `shutdown` on. */
  get state(): CommunicatorState {
    if (this.#state === 'leaving') return 'stopped';
    return this.#state === 'joining' ? 'uninitialized' : this.#state;
  }

  addConnection(name: string, connection: PeerConnection = {}): void {
    const valid = peerName(name);
    const checked = checkConnection(connection);
    if (this.state === 'stopped') throw illegal('add a connection', this.state);
    const known = this.#circle?.get(valid);
    if (this.#names.has(valid) || known?.named === true || known?.session !== undefined || valid === this.#self?.name) {
      throw new PoolError('duplicate-peer', `there is a connection to ${valid} already`, { peer: valid });
    }
    if (this.#circle === undefined || this.#state !== 'started') this.#names.set(valid, checked);
    else this.#circle.add(valid, checked);
  }

  removeConnection(name: string, reason = ''): void {
    const peer = this.#circle?.get(name);
    if (this.#names.delete(name)) return;
    if (peer === undefined || (!peer.named && peer.session === undefined)) throw unknown(name);
    this.#circle?.remove(peer, reason);
    this.#awaited.delete(peer);
    this.#look();
  }

  initialize(self: Self, listener: CommunicatorListener, options: WaitOptions = {}): Promise<void> {
    if (this.#state !== 'uninitialized') return Promise.reject(illegal('initialize', this.state));
    if (this.#names.has(self.name)) {
      return Promise.reject(
        new PoolError('duplicate-peer', `${self.name} is this pool's own name`, { peer: self.name }),
      );
    }
    this.#state = 'joining';
    this.#self = self;
    this.#listener = listener;
    this.#starting = this.#start(self, listener, options);
    return this.#starting;
  }

  send(recipient: string, packet: Packet, options: SendOptions): Promise<void> {
    try {
      if (this.#state !== 'started') throw illegal('send', this.state);
      const peer = this.#circle?.get(recipient);
      if (peer === undefined) throw unknown(recipient);
      this.#checkSize(packet, recipient);
      const { session } = peer;
      if (session === undefined) throw peer.failure === undefined ? unknown(recipient) : unsent(peer.failure);
      if (options.timeout === undefined && options.signal === undefined) {
        return new Promise((resolve, reject) => {
          session.send(packet, options, (error) => (error === undefined ? resolve() : reject(error)));
        });
      }
      return bounded<void>(this.#deadlines, options, { action: 'send to', peer: recipient }, (settle) => {
        const message = session.send(packet, options, (error) => (error === undefined ? settle() : settle(error)));
        return () => (message === undefined ? 'none' : session.withdraw(message));
      });
    } catch (error) {
      if (options.ack !== 'none' || !(error instanceof PoolError)) return Promise.reject(error);
      const peer = this.#circle?.get(recipient);
      if (peer === undefined) this.#listener?.error(error);
      else peer.failed(error);
      return Promise.resolve();
    }
  }

  want(from: string, queue: string, waiting: boolean): void {
    this.#circle?.get(from)?.session?.want(queue, waiting);
  }

  connected(name: string): boolean {
    return this.#circle?.get(name)?.connected ?? false;
  }

  ping(name: string, options: WaitOptions = {}): Promise<number> {
    if (this.#state !== 'started') return Promise.reject(illegal('ping', this.state));
    const peer = this.#circle?.get(name);
    const session = peer?.session;
    if (session === undefined) return Promise.reject(peer?.failure ?? unknown(name));
    return bounded<number>(this.#deadlines, options, { action: 'ping', peer: name }, (settle) => {
      session.ping(settle);
      return () => undefined;
    });
  }

  publicKey(name: string): string | undefined {
    return this.#circle?.get(name)?.session?.publicKey;
  }

  peer(name: string): PeerStatistics | undefined {
    return this.#circle?.get(name)?.statistics;
  }

  suspend(): void {
    if (this.#state !== 'started' || this.#suspended) return;
    this.#suspended = true;
    this.#circle?.part('the page was put away');
    this.#stay.transport?.leave(true).catch((cause: unknown) => {
      this.#listener?.error(new PoolError('unreachable', 'the room could not be left', { cause }));
    });
  }

  rejoin(instance: string): void {
    const listener = this.#listener;
    if (this.#state !== 'started' || !this.#suspended || this.#self === undefined || listener === undefined) return;
    this.#suspended = false;
    this.#self = { ...this.#self, instance };
    for (const peer of this.#everybody) if (peer.named) peer.call();
    const now = this.#self;
    const current = (): boolean => !this.#away && this.#self === now;
    this.#stay.joinAgain(now, this.#hear(listener), current).then(
      (members) => {
        for (const member of members) this.#circle?.meet(member);
      },
      (cause: unknown) => {
        if (!current()) return;
        const error = cause instanceof PoolError ? cause : new PoolError('closed', 'joining again failed', { cause });
        this.#ending ??= this.#release(error.detail, error);
      },
    );
  }

  shutdown(
    options: { readonly flush?: boolean | undefined; readonly timeout?: number | undefined } = {},
  ): Promise<void> {
    if (this.#state === 'uninitialized') return Promise.reject(illegal('shut down', this.state));
    this.#ending ??= this.#shutDown(options.flush ?? true, options.timeout ?? SHUTDOWN_TIMEOUT);
    return this.#ending;
  }

  async #start(
    self: Self,
    listener: CommunicatorListener,
    { timeout = Number.POSITIVE_INFINITY, signal }: WaitOptions,
  ): Promise<void> {
    const abort = (): void => this.#abortStart.abort(signal?.reason);
    signal?.addEventListener('abort', abort);
    const whole = this.#deadlines.add(timeout, () => this.#abortStart.abort(this.#tooLate(timeout)));
    try {
      if (signal?.aborted === true) abort();
      const members = await this.#stay.join(self, this.#hear(listener), (transport) => {
        this.#circle = new Circle(this.#hostOf(self, listener, transport));
      });
      this.#abortStart.signal.throwIfAborted();
      this.#enter();
      for (const member of members) {
        const peer = this.#circle?.meet(member);
        if (peer !== undefined && !peer.connected) this.#awaited.add(peer);
      }
      await this.#everyone();
    } catch (error) {
      await this.#release('it did not start');
      throw error;
    } finally {
      whole.cancel();
      signal?.removeEventListener('abort', abort);
    }
  }

  get #everybody(): readonly Peer[] {
    return this.#circle?.peers ?? [];
  }

  /** Nobody is met at this moment. */
  get #away(): boolean {
    return this.#state !== 'started' || this.#suspended;
  }

  #hostOf(self: Self, listener: CommunicatorListener, transport: Transport): PeerHost {
    const away = (): boolean => this.#away;
    const now = (): { self: Self; transport: Transport } => ({
      self: this.#self ?? self,
      transport: this.#stay.transport ?? transport,
    });
    return {
      get self() {
        return now().self;
      },
      listener,
      get transport() {
        return now().transport;
      },
      deadlines: this.#deadlines,
      slots: this.#slots,
      rules: this.#rules,
      liveness: this.#liveness,
      get stopping() {
        return away();
      },
      flushes: this.#flushes,
      changed: () => this.#look(),
    };
  }

  #hear(listener: CommunicatorListener): TransportListener {
    return {
      appeared: (presence) => {
        this.#enter();
        this.#circle?.appeared(presence);
      },
      disappeared: (presence, how) => this.#circle?.disappeared(presence, how),
      signal: (from, signal) => {
        this.#enter();
        this.#circle?.signal(from, signal);
      },
      state: (state) => {
        listener.signaling(state);
        if (state === 'connected') for (const peer of this.#everybody) peer.audible();
      },
      error: (error) => listener.error(error),
      hasPeers: () => this.#everybody.some((peer) => peer.joined),
      stopped: (error) => {
        if (this.#state === 'joining') this.#abortStart.abort(error);
        else if (this.#state === 'started') this.#ending ??= this.#release(error.detail, error);
      },
    };
  }

  /** We are in the room. The first sign of another member can come before the promise of `join` has told so. */
  #enter(): void {
    if (this.#state !== 'joining' || this.#circle === undefined) return;
    this.#state = 'started';
    for (const [name, connection] of this.#names) this.#circle.add(name, connection);
    this.#names.clear();
    this.#unwake = onWake((sign) => {
      this.#stay.transport?.wake();
      for (const peer of this.#everybody) peer.wake(sign);
    });
  }

  /** Resolves when `initialize` may: with names given, when all of them are connected; else when all who were there are connected, have failed or are gone. */
  #everyone(): Promise<void> {
    const { signal } = this.#abortStart;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#look = () => {};
        settle();
      };
      this.#look = () => {
        const named = this.#everybody.filter((peer) => peer.named);
        const failed = named
          .map((peer) => peer.failure)
          .find((error) => error !== undefined && error.code !== 'peer-left');
        for (const peer of this.#awaited) {
          if (peer.connected || peer.session === undefined) this.#awaited.delete(peer);
        }
        if (signal.aborted) end(() => reject(signal.reason));
        else if (failed !== undefined) end(() => reject(failed));
        else if (named.length > 0 ? named.every((peer) => peer.connected) : this.#awaited.size === 0) end(resolve);
      };
      signal.addEventListener('abort', () => this.#look());
      this.#look();
    });
  }

  #tooLate(timeout: number): PoolError {
    const absent = this.#everybody.filter((peer) => (peer.named || this.#awaited.has(peer)) && !peer.connected);
    const missing = this.#state === 'joining' ? [...this.#names.keys()] : absent.map((peer) => peer.name);
    const what = this.#state === 'joining' ? 'the room was not reached' : `${missing.join(', ')} did not connect`;
    return new PoolError('timeout', `${what} within ${timeout} ms`, { missing });
  }

  #checkSize(packet: Packet, recipient: string): void {
    const bytes = packetBytes(packet);
    const limit = this.#self?.maxMessageSize ?? 0;
    if (bytes <= limit) return;
    const details = { peer: recipient, delivery: 'none' } as const;
    throw new PoolError('too-large', `a message of ${bytes} bytes is larger than ${limit}`, details);
  }

  async #shutDown(flush: boolean, timeout: number): Promise<void> {
    const joining = this.#state === 'joining';
    this.#abortStart.abort(new PoolError('closed', 'the pool was shut down while it started'));
    if (joining) {
      // What went wrong is told by `initialize`.
      await this.#starting?.catch(() => {});
      return;
    }
    this.#state = 'leaving';
    if (flush) {
      await this.#until(
        timeout,
        ({ session, presence }) => session === undefined || session.idle || presence === undefined,
      );
      for (const { session } of this.#everybody) if (session?.up === true) session.goodbye('goodbye', '');
      await this.#until(GOODBYE_TIMEOUT, ({ session }) => session?.leaving !== true);
    }
    await this.#release('the pool was shut down');
  }

  /** Resolves when the test is true of every peer, or when the time is over. */
  #until(timeout: number, test: (peer: Peer) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        deadline.cancel();
        this.#look = () => {};
        resolve();
      };
      const deadline = this.#deadlines.add(timeout, end);
      this.#look = () => {
        if (this.#everybody.every(test)) end();
      };
      this.#look();
    });
  }

  /** Says goodbye where it was not said, ends every session, gives everything back; all but the waiting within the call, as `pagehide` needs it. */
  #release(text: string, error?: PoolError): Promise<void> {
    this.#state = 'stopped';
    this.#released ??= this.#giveBack(text, error);
    return this.#released;
  }

  async #giveBack(text: string, error: PoolError | undefined): Promise<void> {
    this.#unwake?.();
    this.#circle?.part(text);
    await this.#stay.transport?.leave();
    this.#listener?.stopped(error);
  }
}

function illegal(action: string, state: string): PoolError {
  return new PoolError('illegal-state', `cannot ${action} while the communicator is ${state}`);
}

function unknown(name: string): PoolError {
  return new PoolError('unknown-peer', `there is no peer named ${JSON.stringify(name)}`, {
    peer: name,
    delivery: 'none',
  });
}

/** What ended the session, for a message that came after it. */
function unsent(failure: PoolError): PoolError {
  const { code, detail, peer, reason } = failure;
  return new PoolError(code, detail, { peer, reason, delivery: 'none', cause: failure });
}

/** A copy: what is changed by the caller later is not ours. */
function checkConnection(connection: PeerConnection): PeerConnection {
  const given: unknown = connection;
  if (typeof given !== 'object' || given === null) throw new TypeError('a connection is an object: { publicKey }');
  const { publicKey } = connection;
  return publicKey === undefined ? {} : { publicKey: checkPublicKey(publicKey) };
}
