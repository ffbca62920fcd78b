import { roomName } from '#shared/identifiers';
import { Deque } from '../../deque.ts';
import { PoolError } from '../../errors.ts';
import type { Presence, Signal, TransportListener } from '../transport.ts';

/** Deliveries in one task, so that two parties that never stop answering each other leave timers their turn. */
const DELIVERIES_A_TURN = 1_000;

const hubs = new Map<string, Hub>();

/**
 * The hub of an id: the same object for the same id, until `clearHubs`.
 * @throws TypeError, RangeError when the id is no room name: a non-empty string without `/`
 */
export function getHub(id: string): Hub {
  const name = roomName(id);
  let hub = hubs.get(name);
  if (hub === undefined) {
    hub = new Hub(name);
    hubs.set(name, hub);
  }
  return hub;
}

/** For tests: forgets all hubs. Live pools keep theirs and go on working; the next `getHub` makes a fresh one. */
export function clearHubs(): void {
  hubs.clear();
}

interface Member {
  readonly presence: Presence;
  readonly listener: TransportListener;
}

/**
 * A room in one process. Everything that passes between its members goes through one queue, in the order in which it was sent, and arrives later, never within the sending call:
 * the same program has the same trace on every run.
 */
export class Hub {
  /** As given to `getHub`, after NFC. */
  readonly id: string;
  readonly #members = new Map<string, Member>();
  readonly #deliveries = new Deque<() => void>();
  #delivering = false;
  #delivered = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** @throws PoolError `duplicate-peer` */
  join(presence: Presence, listener: TransportListener): readonly Presence[] {
    const { name } = presence;
    if (this.#members.has(name)) {
      throw new PoolError('duplicate-peer', `the name ${name} is taken in ${this.id}`, { peer: name });
    }
    const others = [...this.#members.values()];
    this.#members.set(name, { presence, listener });
    for (const other of others) this.deliver(() => this.#tell(other, (hears) => hears.appeared(presence)));
    return others.map((other) => other.presence);
  }

  /** The others hear of it. Without effect for who is not there, or is another instance. */
  leave(presence: Presence): void {
    if (this.#members.get(presence.name)?.presence !== presence) return;
    this.#members.delete(presence.name);
    for (const other of this.#members.values()) {
      this.deliver(() => this.#tell(other, (hears) => hears.disappeared(presence, 'ended')));
    }
  }

  /** Dropped when that instance is not there any more. */
  signal(from: Presence, to: Presence, signal: Signal): void {
    this.deliver(() => {
      const member = this.#members.get(to.name);
      if (member?.presence.instance === to.instance) member.listener.signal(from, signal);
    });
  }

  /** Runs later, after everything that was asked for before. */
  deliver(delivery: () => void): void {
    this.#deliveries.push(delivery);
    if (this.#delivering) return;
    this.#delivering = true;
    queueMicrotask(() => this.#next());
  }

  #next(): void {
    try {
      this.#deliveries.shift()?.();
    } finally {
      this.#delivered++;
      if (this.#deliveries.length === 0) this.#delivering = false;
      else if (this.#delivered % DELIVERIES_A_TURN === 0) setTimeout(() => this.#next());
      else queueMicrotask(() => this.#next());
    }
  }

  #tell(member: Member, say: (listener: TransportListener) => void): void {
    if (this.#members.get(member.presence.name) === member) say(member.listener);
  }
}
