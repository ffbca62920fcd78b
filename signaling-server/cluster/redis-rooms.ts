import { setTimeout as pause } from 'node:timers/promises';
import type { PeerName, RoomName } from '#shared/identifiers';
import type { Refusal } from '#shared/signaling';
import { refusal } from '../refusal.ts';
import {
  type Claim,
  type Contested,
  HELD_FOR,
  no,
  type RoomCounts,
  type RoomLimits,
  type Rooms,
  type RoomsListener,
  type Seat,
  type Taken,
} from '../rooms/rooms.ts';
import type { ChangeStream } from './change-stream.ts';
import type { RedisNeighbours } from './redis-neighbours.ts';
import { type Entry, type Occupant, RoomView } from './room-view.ts';
import { inTime, type Store } from './store.ts';

/** How often a node says that it lives, in ms. */
const BEAT = 1000;
/** And while nobody can join here. */
const RETRY = 100;
/** How long its seats stand when it does not, in ms; as long as a name is kept after any other end. */
const LEASE = HELD_FOR;
/** Milliseconds without an answer after which nobody joins here: three beats. */
const UNREADY_AFTER = 3 * BEAT;
/**
 * Milliseconds from a gap in what was heard to a look at the rooms: every node has seated its members again by then, so
 * nobody is told of departures that were none.
 */
const LOOK_AFTER = 4 * BEAT;
/** And in any case so often. */
const LOOK_EVERY = 30_000;
/** Rooms, or seats, in one question. */
const AT_ONCE = 200;
/** Milliseconds in which a join waits for an empty Redis to hear of those who were there before. */
const RESTORING_AT_MOST = 5000;

/** A seat of a socket at this node, as Redis has it or should. */
interface OwnSeat extends Seat {
  readonly room: RoomName;
  /** Its place in the order of the room. */
  readonly order: string;
}

/** A join that Redis has not answered: what happens in its room meanwhile may be after it. */
interface Claiming {
  readonly room: RoomName;
  readonly socket: string;
  readonly heard: Entry[];
}

export interface NodeOptions {
  readonly neighbours: RedisNeighbours;
  readonly store: Store;
  readonly limits: RoomLimits;
  readonly listener: RoomsListener;
  /** Whether this node hears what others say to its sockets. */
  readonly reading: () => boolean;
  stream(listener: { entry(room: string, entry: Entry): void; missed(): void }): ChangeStream;
  /** Hears that nobody can join here, and why; `undefined` when one can again. */
  readonly readiness: (why: string | undefined) => void;
}

/**
 * Rooms that several nodes share, in Redis. Each node holds a lease, and the seats of its sockets stand under it. What
 * happens is in one stream, written by the script that makes it happen; each node keeps a view of the rooms in which it
 * has members, and tells them what differs, be it read or found. A Redis that has lost its memory gets it back from the
 * nodes.
 */
export class RedisRooms implements Rooms {
  readonly #options: NodeOptions;
  readonly #stream: ChangeStream;
  /** By socket. */
  readonly #seats = new Map<string, OwnSeat>();
  /** Those in which somebody has a seat by a socket of this node, and how many. */
  readonly #views = new Map<RoomName, { readonly view: RoomView; seats: number }>();
  readonly #claiming = new Set<Claiming>();
  /** Goodbyes that Redis has not answered. */
  #leaving = 0;
  readonly #closed = new AbortController();
  readonly #beating: Promise<void>;
  #counts: RoomCounts = { peers: 0, rooms: 0 };
  #answered: number | undefined;
  #why: string | undefined;
  /** When the rooms are to be looked at. */
  #lookAt = 0;
  /** Beats in a row at which Redis had other seats than we. */
  #differs = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#stream = options.stream({
      entry: (room, entry) => this.#heard(room as RoomName, entry),
      missed: () => this.#lookAgain(LOOK_AFTER),
    });
    this.#stream.follow();
    this.#beating = this.#beat();
  }

  async join(room: RoomName, claim: Claim): Promise<Taken | Contested | Refusal> {
    const why = this.unready();
    if (why !== undefined) return refusal('unavailable', why);
    const claiming: Claiming = { room, socket: claim.socket, heard: [] };
    this.#claiming.add(claiming);
    try {
      const [outcome, ...details] = await this.#claim(room, claim);
      // From here on the view hears for it.
      this.#claiming.delete(claiming);
      return this.#outcome(claiming, claim, String(outcome), details);
    } catch (error) {
      return refusal('unavailable', `the store of rooms fails: ${sentence(error)}; try again later`);
    } finally {
      this.#claiming.delete(claiming);
    }
  }

  async leave(room: RoomName, name: PeerName, socket: string, how: 'left' | 'closed'): Promise<boolean> {
    const own = this.#getUp(socket);
    this.#leaving += 1;
    try {
      const held = await inTime(this.#run('leave', room, name, socket, how === 'closed' ? HELD_FOR : 0));
      return held === 1;
    } catch {
      // Redis hears of it with the next beat that it answers: this node does not have the socket any more.
      return own;
    } finally {
      this.#leaving -= 1;
    }
  }

  async vacate(
    room: RoomName,
    { name, instance, proof }: Omit<Seat, 'socket'>,
  ): Promise<{ readonly socket: string | undefined } | undefined> {
    const socket = await inTime(this.#run('vacate', room, name, instance, proof));
    if (typeof socket !== 'string') return undefined;
    this.#getUp(socket);
    return { socket: socket === '' ? undefined : socket };
  }

  async counts(): Promise<RoomCounts> {
    return this.#counts;
  }

  unready(): string | undefined {
    if (this.#closed.signal.aborted) return 'this node is closing';
    if (this.#answered === undefined) return 'this node has not reached Redis yet';
    const silent = performance.now() - this.#answered;
    if (silent > UNREADY_AFTER) return `Redis has not answered this node for ${Math.round(silent / 1000)} s`;
    if (!this.#stream.reading) return 'this node can not read from Redis what happens in the rooms';
    return this.#options.reading() ? undefined : 'this node does not hear the others yet';
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#beating;
    await this.#stream.close();
    await inTime(this.#run('retire', this.#options.neighbours.self, LEASE)).catch(() => undefined);
  }

  #run(...call: Parameters<Store['run']>): Promise<unknown> {
    return this.#options.store.run(...call);
  }

  async #claim(room: RoomName, claim: Claim): Promise<readonly unknown[]> {
    const { limits, neighbours } = this.#options;
    const { name, instance, proof, socket, again, silent = '' } = claim;
    const places = [limits.maxPeersPerRoom, limits.maxRooms];
    const end = performance.now() + RESTORING_AT_MOST;
    for (;;) {
      const call = [room, name, instance, proof, socket, neighbours.self, again ? 1 : 0, silent, ...places];
      const asked = this.#run('join', ...call) as Promise<readonly unknown[]>;
      const answer = await inTime(asked).catch((error: unknown) => {
        this.#giveBack(asked, room, claim);
        throw error;
      });
      if (answer[0] !== 'restoring' || performance.now() > end) return answer;
      await pause(Math.min(Number(answer[1]), BEAT));
    }
  }

  /** A seat that comes when nobody waits for it any more. */
  #giveBack(asked: Promise<readonly unknown[]>, room: RoomName, { name, socket, again }: Claim): void {
    asked.then(
      ([outcome]) => {
        // Unless the same socket has asked once more, and has one.
        if (outcome !== 'taken' || this.#seats.has(socket)) return undefined;
        return this.leave(room, name, socket, again ? 'closed' : 'left');
      },
      () => undefined,
    );
  }

  #outcome(
    { room, heard }: Claiming,
    claim: Claim,
    outcome: string,
    details: readonly unknown[],
  ): Taken | Contested | Refusal {
    const [first, order, socket, instance, members] = details;
    switch (outcome) {
      case 'taken': {
        const version = Number(first);
        const occupants = occupantsOf(members);
        const { name } = claim;
        const own: OwnSeat = { ...claim, room, order: String(order) };
        this.#seats.set(claim.socket, own);
        const there = this.#views.get(room);
        if (there !== undefined) there.seats += 1;
        else {
          this.#views.set(room, { view: new RoomView(version, [...occupants, occupant(own)]), seats: 1 });
          for (const entry of heard) this.#heard(room, entry);
        }
        return {
          ok: true,
          version,
          members: occupants.map(({ name, instance }) => ({ name, instance })),
          replaced: socket === '' ? undefined : String(socket),
          before: instance === '' ? undefined : { name, instance: String(instance) },
        };
      }
      case 'contested':
        return { ok: false, code: 'contested', socket: String(first) };
      case 'name-taken':
        return no.nameTaken(claim.name, first === '' ? undefined : Number(first));
      case 'room-full':
        return no.roomFull(Number(first));
      case 'server-full':
        return no.serverFull(Number(first));
      case 'replaced':
        return no.replaced(claim.name);
      default:
        return refusal('unavailable', 'the rooms are being restored; try again in a moment');
    }
  }

  /** Whether the socket had a seat, as far as this node knows. */
  #getUp(socket: string): boolean {
    const own = this.#seats.get(socket);
    if (own === undefined) return false;
    this.#seats.delete(socket);
    const there = this.#views.get(own.room);
    if (there !== undefined && --there.seats === 0) this.#views.delete(own.room);
    return true;
  }

  #heard(room: RoomName, entry: Entry): void {
    for (const claiming of this.#claiming) if (claiming.room === room) claiming.heard.push(entry);
    const view = this.#views.get(room)?.view;
    if (view === undefined) return;
    // The lease of this node has run out, and the one who sits here is there again with the next beat.
    if (entry.type === 'left' && entry.how === 'closed' && this.#seats.has(entry.occupant.socket)) {
      return this.#lookAgain(LOOK_AFTER);
    }
    const { changes, follows } = view.read(entry);
    if (!follows) this.#lookAgain(LOOK_AFTER);
    for (const change of changes) this.#options.listener.changed(room, entry.version, change);
  }

  async #beat(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        await this.#live();
      } catch {
        // That Redis does not answer is what `unready` says.
      }
      const why = this.unready();
      if ((why === undefined) !== (this.#why === undefined) && !signal.aborted) this.#options.readiness(why);
      this.#why = why;
      await pause(why === undefined ? BEAT : RETRY, undefined, { signal }).catch(() => undefined);
    }
  }

  async #live(): Promise<void> {
    const { neighbours } = this.#options;
    const said = [neighbours.self, LEASE, neighbours.address, neighbours.proposal];
    const beat = (await inTime(this.#run('beat', ...said))) as readonly unknown[];
    const [known, seats, more, first, peers, rooms, secret] = beat;
    neighbours.secret = String(secret);
    const wasAway = this.unready() !== undefined || known !== 1;
    this.#answered = performance.now();
    this.#counts = { peers: Number(peers), rooms: Number(rooms) };
    const underWay = this.#claiming.size + this.#leaving;
    this.#differs = Math.abs(Number(seats) - this.#seats.size) > underWay ? this.#differs + 1 : 0;
    if (wasAway || this.#differs > 1) await this.#restore();
    if (this.#stream.isBehind(String(first))) this.#lookAgain(LOOK_AFTER);
    if (performance.now() >= this.#lookAt) await this.#look();
    if (more === 1) await this.#live();
  }

  /** Makes Redis have the seats that are here, and no others of this node. */
  async #restore(): Promise<void> {
    const { neighbours, listener } = this.#options;
    const node = neighbours.self;
    for (const seats of portions([...this.#seats.values()])) {
      const values = seats.flatMap(({ room, name, instance, proof, socket, order }) => {
        return [room, name, instance, proof, socket, order, this.#views.get(room)?.view.version ?? 0];
      });
      const lost = (await inTime(this.#run('restore', node, ...values))) as readonly string[];
      for (const socket of lost) {
        // It may have left of itself meanwhile.
        if (this.#getUp(socket)) listener.unseated(socket);
      }
    }
    const here = [...this.#seats.keys(), ...[...this.#claiming].map(({ socket }) => socket)];
    await inTime(this.#run('discard', node, ...here));
    this.#differs = 0;
  }

  #lookAgain(within: number): void {
    this.#lookAt = Math.min(this.#lookAt, performance.now() + within);
  }

  /** What the stream did not tell, as it can be cut off. */
  async #look(): Promise<void> {
    this.#lookAt = performance.now() + LOOK_EVERY;
    for (const rooms of portions([...this.#views.keys()])) {
      const versions = (await inTime(this.#run('versions', ...rooms))) as readonly string[];
      for (const [at, room] of rooms.entries()) {
        if (Number(versions[at]) > (this.#views.get(room)?.view.version ?? Infinity)) await this.#lookAtRoom(room);
      }
    }
  }

  async #lookAtRoom(room: RoomName): Promise<void> {
    const [told, members] = (await inTime(this.#run('look', room))) as readonly unknown[];
    const version = Number(told);
    for (const change of this.#views.get(room)?.view.compare(version, occupantsOf(members)) ?? []) {
      this.#options.listener.changed(room, version, change);
    }
  }
}

function occupant({ name, instance, socket }: Seat): Occupant {
  return { name, instance, socket };
}

/** As scripts list them: name, instance, socket, name, … */
function occupantsOf(flat: unknown): Occupant[] {
  const values = flat as readonly string[];
  return Array.from({ length: values.length / 3 }, (_, index) => {
    const [name = '', instance = '', socket = ''] = values.slice(3 * index, 3 * index + 3);
    return { name, instance, socket };
  });
}

function portions<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) => {
    return items.slice(index * AT_ONCE, (index + 1) * AT_ONCE);
  });
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
