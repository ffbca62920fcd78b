import { PoolError } from '../../errors.ts';
import type { CommunicatorListener, LeaveReason, SendOptions } from '../communicator.ts';
import { MeshCommunicator } from '../mesh.ts';
import type { Presence, Signal } from '../transport.ts';
import type { Coverage, Sight } from './coverage.ts';
import type { Correspondent, Ledger } from './ledger.ts';
import { SimulatedTransport, type TransportPage, type TransportWorld } from './simulated-transport.ts';
import { SignalWatch, type Situation } from './signal-watch.ts';
import type { SlotBook } from './slot-watch.ts';

export interface TabWorld extends TransportWorld {
  readonly coverage: Coverage<Sight>;
  readonly ledger: Ledger;
  /** Something broke a promise. */
  fail(text: string): void;
  log(tab: Tab, text: string): void;
  /** A peer is connected to another bearer of this tab's name. */
  contested(tab: Tab): void;
  /** The pool of a tab did not start, or stopped by itself. */
  stopped(tab: Tab, error: unknown): void;
}

export interface TabOptions {
  readonly name: string;
  readonly instance: string;
  readonly secret: string;
  /** Whom it names before it starts. */
  readonly names: readonly string[];
  readonly discover: boolean;
}

/** What an application does not get over by itself: it has to ask again. */
const FINAL: readonly LeaveReason[] = ['removed', 'refused', 'unresponsive'];
/** How sends and pings may fail in a room where everything happens. */
const EXPECTED = ['unknown-peer', 'peer-left', 'unreachable', 'refused', 'closed', 'illegal-state'];
const DEFECTS: readonly LeaveReason[] = ['malformed', 'replaced'];

/** One life of a page: a communicator, an application that writes down what it hears, and what it wants. */
export class Tab implements TransportPage, Correspondent {
  readonly name: string;
  readonly instance: string;
  readonly secret: string;
  readonly discover: boolean;
  readonly names: Set<string>;
  readonly communicator: MeshCommunicator;
  readonly transport: SimulatedTransport;
  readonly slots: SlotBook = new Map();
  readonly signals: SignalWatch;
  /** Whom the listener has heard joining and not leaving, by name. */
  readonly members = new Map<string, string>();
  /** Names that it can't reach any more unless it asks again. */
  readonly givenUp = new Set<string>();
  /** The instance that it removed, by name. */
  readonly removed = new Map<string, string>();
  alive = true;
  killed = false;
  timersLateUntil = 0;
  frozenUntil = 0;
  /** Its pool has started, and has not begun to stop. */
  started = false;
  leaving = false;
  /** `joined` and `left`, counted. */
  changes = 0;
  /** Links that it began, at either end, by the other's instance. */
  readonly dialed = new Map<string, number>();
  /** What it asked for besides messages and waits for. */
  waiting = 0;
  readonly #world: TabWorld;
  #stopped = false;

  constructor(world: TabWorld, { name, instance, secret, names, discover }: TabOptions) {
    this.#world = world;
    this.name = name;
    this.instance = instance;
    this.secret = secret;
    this.discover = discover;
    this.names = new Set(names);
    this.signals = new SignalWatch(world.coverage);
    this.transport = new SimulatedTransport(world, this);
    this.communicator = new MeshCommunicator({ transport: () => this.transport, eager: world.luck.chance(0.3) });
  }

  /** `timeout` in ms, for the whole start. */
  start(timeout: number): void {
    const { name, instance, discover, communicator } = this;
    const limits = { inboxLimit: 2 ** 20, outboxLimit: 2 ** 22, maxMessageSize: 2 ** 20 };
    for (const other of this.names) communicator.addConnection(other);
    this.waiting++;
    communicator
      .initialize({ name, instance, discover, packer: 'test', ...limits }, this.#listener(), { timeout })
      .then(
        () => {
          this.waiting--;
          this.started = true;
          this.#log('initialized');
        },
        (error: unknown) => {
          this.waiting--;
          this.#log(`did not start: ${String(error)}`);
          this.#gone();
          this.#world.stopped(this, error);
        },
      );
  }

  /** In a turn of its own, ends, and is gone when its promise has come true. */
  leave(flush: boolean): void {
    this.leaving = true;
    this.#log(`leaves${flush ? '' : ' at once'}`);
    this.communicator.shutdown({ flush }).then(
      () => this.#gone(),
      (error: unknown) => this.#world.fail(`${this.instance} could not shut down: ${String(error)}`),
    );
  }

  /** Without a word; the server notices after so many ms. */
  kill(noticed?: number): void {
    this.#log('is killed');
    this.alive = false;
    this.killed = true;
    this.transport.vanish(noticed);
  }

  /** `told` hears whether it was delivered. */
  send(
    to: string,
    queue: string,
    bytes: number,
    ack: SendOptions['ack'],
    told: (delivered: boolean) => void = () => {},
  ): void {
    const { packet, settle } = this.#world.ledger.write(this, to, queue, bytes);
    this.communicator.send(to, packet, { queue, ack }).then(
      () => {
        settle('delivered');
        told(true);
      },
      (error: unknown) => {
        settle(error instanceof PoolError ? (error.delivery ?? 'unknown') : 'unknown');
        this.#expect(error);
        told(false);
      },
    );
  }

  ping(to: string): void {
    this.waiting++;
    this.communicator.ping(to).then(
      () => this.waiting--,
      (error: unknown) => {
        this.waiting--;
        this.#expect(error);
      },
    );
  }

  /** Asks for a peer, for the first time or again. */
  call(name: string): void {
    if (this.leaving || this.communicator.state !== 'started') return;
    this.#log(`calls ${name}`);
    this.givenUp.delete(name);
    if (this.names.has(name)) this.communicator.removeConnection(name);
    try {
      this.communicator.addConnection(name);
    } catch (error) {
      // Another life of it has been met meanwhile.
      if (!(error instanceof PoolError && error.code === 'duplicate-peer')) throw error;
      return;
    }
    this.names.add(name);
    this.removed.delete(name);
  }

  remove(name: string, instance: string): void {
    this.#log(`removes ${name}`);
    this.communicator.removeConnection(name);
    this.names.delete(name);
    this.removed.set(name, instance);
  }

  wants({ name, instance }: Presence): boolean {
    return (this.discover || this.names.has(name)) && this.removed.get(name) !== instance;
  }

  hears(from: Presence, signal: Signal): () => void {
    this.#log(`hears ${signal.type} ${signal.link} from ${from.instance}`);
    return this.signals.hears(from, signal, this.instance < from.instance ? this.#situation(from.name) : undefined);
  }

  says(to: Presence, signal: Signal): void {
    this.#log(`says ${signal.type} ${signal.link} to ${to.instance}`);
    this.signals.says(to, signal);
  }

  dials(peer: Presence, role: 'initiator' | 'responder'): void {
    this.#log(`dials ${peer.instance} as ${role}`);
    this.dialed.set(peer.instance, (this.dialed.get(peer.instance) ?? 0) + 1);
    if (role === 'initiator') this.slots.set(peer.name, 'holding');
  }

  #situation(name: string): Situation {
    if (this.communicator.connected(name)) return 'joined';
    const slot = this.slots.get(name);
    if (slot === undefined) return 'pausing or apart';
    return slot === 'waiting' ? 'queued' : 'dialing';
  }

  #listener(): CommunicatorListener {
    const { ledger, coverage } = this.#world;
    const heard = (text: string): void => {
      this.#log(text);
      if (this.#stopped) this.#world.fail(`${this.instance} heard "${text}" after it had stopped`);
    };
    return {
      joined: (peer, instance) => {
        heard(`joined ${instance}`);
        if (this.members.has(peer))
          this.#world.fail(`${this.instance} heard that ${instance} joined while ${this.members.get(peer)} was there`);
        this.members.set(peer, instance);
        this.givenUp.delete(peer);
        this.changes++;
      },
      left: (peer, instance, reason) => {
        heard(`left ${instance} ${reason}`);
        if (this.members.get(peer) !== instance)
          this.#world.fail(`${this.instance} heard that ${instance} left, which was not there`);
        if (DEFECTS.includes(reason)) this.#world.fail(`${this.instance} heard that ${instance} left: ${reason}`);
        this.members.delete(peer);
        if (FINAL.includes(reason)) this.givenUp.add(peer);
        if (reason === 'lost') coverage.saw('session lost');
        if (reason === 'refused') this.#world.contested(this);
        this.changes++;
      },
      message: (from, queue, packet, receipt) => {
        const instance = this.members.get(from);
        if (this.#stopped || instance === undefined)
          this.#world.fail(`${this.instance} heard a message of ${from}, which was not there`);
        else ledger.read(this, { name: from, instance }, queue, packet);
        receipt.consumed();
      },
      link: (peer, state) => {
        heard(`link ${peer} ${state}`);
        if (state === 'connecting') this.givenUp.delete(peer);
        if (state === 'connected' && (this.communicator.peer(peer)?.reconnects ?? 0) > 0)
          coverage.saw('session resumed');
      },
      signaling: (state) => heard(`signaling ${state}`),
      failed: (peer, error) => {
        heard(`failed ${peer}: ${error.message}`);
        this.givenUp.add(peer);
        if (error.reason === 'duplicate-peer') this.#world.contested(this);
      },
      error: (error) => {
        heard(`error: ${error.message}`);
        if (error.code === 'refused' && error.reason === 'unknown-peer') coverage.saw('refused stranger');
        else if (error.code === 'duplicate-peer') coverage.saw('own name disputed');
        else this.#world.fail(`${this.instance} heard of an error: ${error.message}`);
      },
      stopped: (error) => {
        heard(`stopped ${error?.message ?? ''}`);
        this.#stopped = true;
        if (error !== undefined && this.started) {
          this.leave(true);
          this.#world.stopped(this, error);
        }
      },
    };
  }

  #gone(): void {
    if (!this.alive) return;
    this.#log('is gone');
    this.alive = false;
    const timers = this.#world.clock.timersOf(this);
    if (timers > 0) this.#world.fail(`${this.instance} has shut down and left ${timers} timers`);
    if (this.transport.links.length > 0) this.#world.fail(`${this.instance} has shut down and left a link`);
    if (this.slots.size > 0) this.#world.fail(`${this.instance} has shut down and left a handshake slot taken`);
    if (this.members.size > 0)
      this.#world.fail(
        `${this.instance} has shut down and did not hear that ${[...this.members.values()].join(', ')} left`,
      );
  }

  #expect(error: unknown): void {
    if (error instanceof PoolError && EXPECTED.includes(error.code)) return;
    this.#world.fail(`${this.instance} was told ${String(error)}`);
  }

  #log(text: string): void {
    this.#world.log(this, text);
  }
}
