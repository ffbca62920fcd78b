import type { LinkKind, LinkState, Pool } from '../src/index.ts';

/** A client of the pool. The same object for as long as nothing of it changes. */
export interface Peer {
  readonly name: string;
  /** Of the way to it. `awaited`: it was named, and is not here. */
  readonly state: LinkState | 'awaited';
  /** How it is reached; `undefined` until that is known. */
  readonly kind: LinkKind | undefined;
}

const EVENTS = ['join', 'leave', 'restart', 'link', 'state'] as const;

export const NOBODY: readonly Peer[] = Object.freeze([]);

/** The clients of one pool as an external store of React's: one array for as long as nothing changes. */
export class PeerList {
  readonly #pool: Pool;
  #peers = NOBODY;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    const offs = EVENTS.map((event) => this.#pool.on(event, changed));
    return () => {
      for (const off of offs) off();
    };
  };

  readonly read = (): readonly Peer[] => {
    const before = this.#peers;
    const links = this.#pool.stats().peers;
    const now = [...this.#pool.clients].map((name, index): Peer => {
      const link = links.get(name)?.link;
      const peer: Peer = { name, state: link?.state ?? 'awaited', kind: link?.kind };
      const known = before[index]?.name === name ? before[index] : before.find((one) => one.name === name);
      return known !== undefined && same(known, peer) ? known : peer;
    });
    const changed = now.length !== before.length || now.some((peer, index) => peer !== before[index]);
    if (changed) this.#peers = Object.freeze(now);
    return this.#peers;
  };
}

function same(one: Peer, other: Peer): boolean {
  return one.state === other.state && one.kind === other.kind;
}
