import { History } from './history.ts';
import type { InspectedPool } from './inspected-pool.ts';
import type { Journal } from './journal.ts';
import { type FarLink, farLinks } from './mesh-graph.ts';
import { type PeerFigures, peerFigures } from './peer-figures.ts';
import { Neighbours } from './shared-links.ts';
import { Tally } from './tally.ts';

/** Milliseconds between two turns: one looks, the next one pings. What is pinged in the turn of a look waits for what the look draws. */
const TURN = 500;
/** Milliseconds between two pings of one peer: a link that carries messages is not pinged by the pool itself. */
const PING = 4000;
/** Milliseconds that a ping may take. */
const PATIENCE = 10_000;

/** Watches a pool while somebody looks: counts what passes, measures, and tells once a second that there is something new. */
export class Observation {
  readonly tally = new Tally();
  /** Of the whole pool; its round-trip time is the slowest peer's. */
  readonly total = new History();
  readonly histories = new Map<string, History>();
  peers: readonly PeerFigures[] = [];
  far: readonly FarLink[] = [];
  readonly #pool: InspectedPool;
  readonly #journal: Journal;
  #neighbours: Neighbours | undefined;
  readonly #looked: () => void;
  readonly #pinged = new Map<string, number>();
  readonly #end = new AbortController();
  readonly #untap: () => void;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(pool: InspectedPool, journal: Journal, share: boolean, looked: () => void) {
    this.#pool = pool;
    this.#journal = journal;
    this.#looked = looked;
    this.setShare(share);
    const { tally } = this;
    this.#untap = pool.tap({ sent: (passage) => tally.sent(passage), received: (passage) => tally.received(passage) });
    let turn = 0;
    this.#timer = setInterval(() => (turn++ % 2 === 0 ? this.#pingAll() : this.#look()), TURN);
    this.#read();
  }

  /** Whether others are asked for their links. */
  setShare(on: boolean): void {
    this.#neighbours?.end();
    this.#neighbours = on ? new Neighbours(this.#pool) : undefined;
    this.far = [];
  }

  end(): void {
    clearInterval(this.#timer);
    this.#untap();
    this.#neighbours?.end();
    this.#end.abort();
  }

  #look(): void {
    this.#read();
    this.#looked();
  }

  #read(): void {
    const now = Date.now();
    this.peers = peerFigures(this.#pool, this.#journal.departed);
    const started = this.#pool.state === 'started';
    if (started) this.#neighbours?.ask(now, this.peers);
    this.far = farLinks(this.#pool.name, this.peers, this.#neighbours?.links ?? new Map());
    const here = this.peers.filter(({ state }) => state !== 'left');
    for (const peer of here) {
      this.#history(peer.name).add(now, peer, peer.state === 'connected' ? peer.roundTripTime : undefined);
    }
    const shown = new Set(here.map(({ name }) => name));
    for (const name of this.histories.keys()) if (!shown.has(name)) this.histories.delete(name);
    const times = here.map(({ roundTripTime }) => roundTripTime).filter((time) => time !== undefined);
    this.total.add(now, this.#pool.stats().total, times.length === 0 ? undefined : Math.max(...times));
  }

  #history(name: string): History {
    const known = this.histories.get(name);
    if (known !== undefined) return known;
    const made = new History();
    this.histories.set(name, made);
    return made;
  }

  #pingAll(): void {
    if (this.#pool.state !== 'started') return;
    const now = Date.now();
    for (const { name, state } of this.peers) if (state === 'connected') this.#ping(now, name);
  }

  /** One at a time. What comes of it is in the statistics; that nothing came of it, in the state of the link. */
  #ping(now: number, name: string): void {
    if (now < (this.#pinged.get(name) ?? 0)) return;
    this.#pinged.set(name, Infinity);
    this.#pool.ping(name, { timeout: PATIENCE, signal: this.#end.signal }).then(
      () => this.#pinged.set(name, now + PING - TURN),
      () => this.#pinged.set(name, now + PING - TURN),
    );
  }
}
