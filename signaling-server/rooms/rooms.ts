import { createHash, timingSafeEqual } from 'node:crypto';
import type { InstanceId, PeerName, RoomName } from '#shared/identifiers';
import type { Member, Refusal } from '#shared/signaling';
import { refusal } from '../refusal.ts';

/**
 * How long a name is kept for its key after a socket that closed without a goodbye, in ms. A page that crashed is
 * loaded again by then, and a network that changed is back. Others know after 5 s without link and socket that somebody
 * is gone for good; so when a name passes to a stranger, nobody believes any more that its last bearer has it.
 */
export const HELD_FOR = 10_000;

/** A name taken in a room, and the socket through which its holder is reached. */
export interface Seat {
  readonly name: PeerName;
  readonly instance: InstanceId;
  /** Of the key that was shown; see `ownership`. */
  readonly proof: Uint8Array;
  readonly socket: string;
}

export interface Claim extends Seat {
  /** This instance had a seat before: whoever has its name and key by now has replaced it. */
  readonly again: boolean;
  /** The socket that `contested` named, when it did not answer: it no longer stands against this claim. */
  readonly silent: string | undefined;
}

export interface Taken {
  readonly ok: true;
  readonly members: readonly Member[];
  /** The socket that held the name before. It does so no more. */
  readonly replaced: string | undefined;
  /**
   * The instance that the others believe to be there by this name. When it is the one that took the seat, it has not
   * left.
   */
  readonly before: Member | undefined;
}

/** The key is right, and another instance holds the name by this socket: does it still answer? */
export interface Contested {
  readonly ok: false;
  readonly code: 'contested';
  readonly socket: string;
}

/**
 * Who is where. All calls take effect in one order, each as a whole, and their promises settle in that order; so of two
 * members of a room exactly one, the later, finds the other among `members`.
 *
 * A name is free, or somebody's, or kept for `HELD_FOR` after its socket closed. Names that are kept are nobody among
 * `members` and `peers`; but they fill rooms, and keep one alive, as members do: else who comes and goes without a
 * goodbye could make the server hold as many as it likes, and who comes back could find its place gone.
 */
export interface Rooms {
  /**
   * Takes the name, or says why not: `name-taken`, `room-full`, `server-full`, `replaced`. `members` are the others, in
   * the order in which they joined; who takes its own seat over keeps its place in that order.
   */
  join(room: RoomName, claim: Claim): Promise<Taken | Contested | Refusal>;
  /**
   * Gives the name up if that socket holds it still: free at once for who `left`, kept for who only `closed`. Whether
   * it held it: if so, the others are to be told.
   */
  leave(room: RoomName, name: PeerName, socket: string, how: 'left' | 'closed'): Promise<boolean>;
  /**
   * Frees the name of that instance, held or kept, for who shows its key. The socket that held it, if one did;
   * `undefined` when there is nothing to free.
   */
  vacate(room: RoomName, seat: Omit<Seat, 'socket'>): Promise<{ readonly socket: string | undefined } | undefined>;
  counts(): Promise<RoomCounts>;
}

export interface RoomCounts {
  readonly peers: number;
  /** That have a member, or a name kept for one. */
  readonly rooms: number;
}

/**
 * What a room keeps of a key. A digest has one length, as the comparison in constant time needs, and says nothing when
 * it is read elsewhere.
 */
export function ownership(key: string): Uint8Array {
  return createHash('sha256').update(key).digest();
}

/** A name kept for its key. */
interface Held {
  readonly room: RoomName;
  readonly seat: Seat;
  /** By the clock of the rooms. */
  readonly until: number;
}

interface Room {
  readonly seats: Map<PeerName, Seat>;
  readonly held: Map<PeerName, Held>;
}

/** Rooms of one process. A room begins with its first member and ends with its last, and with the last name kept. */
export class MemoryRooms implements Rooms {
  readonly #rooms = new Map<RoomName, Room>();
  /** Of all rooms, the next to expire first. Looked through by every call, so that no timer is needed. */
  readonly #held = new Set<Held>();
  readonly #maxPeersPerRoom: number;
  readonly #maxRooms: number;
  readonly #now: () => number;
  #peers = 0;

  /** `now`: a clock in milliseconds that never goes back. */
  constructor(
    limits: { readonly maxPeersPerRoom: number; readonly maxRooms: number },
    now: () => number = () => performance.now(),
  ) {
    this.#maxPeersPerRoom = limits.maxPeersPerRoom;
    this.#maxRooms = limits.maxRooms;
    this.#now = now;
  }

  async join(name: RoomName, { again, silent, ...seat }: Claim): Promise<Taken | Contested | Refusal> {
    this.#expire();
    const room = this.#rooms.get(name) ?? { seats: new Map<PeerName, Seat>(), held: new Map<PeerName, Held>() };
    const { seats, held } = room;
    const holder = seats.get(seat.name);
    const kept = held.get(seat.name);
    const owner = holder ?? kept?.seat;
    if (owner === undefined) {
      const no = this.#full(room);
      if (no !== undefined) return no;
    } else if (!timingSafeEqual(owner.proof, seat.proof)) return this.#taken(seat.name, kept);
    else if (owner.instance !== seat.instance) {
      if (again) return refusal('replaced', `${JSON.stringify(seat.name)} went to another instance with the same key`);
      if (holder !== undefined && holder.socket !== silent) {
        return { ok: false, code: 'contested', socket: holder.socket };
      }
      seats.delete(seat.name);
    }
    if (kept !== undefined) this.#release(kept, room);
    if (holder === undefined) this.#peers += 1;
    const members = [...seats.values()].filter((other) => other !== holder).map(member);
    seats.set(seat.name, seat);
    this.#rooms.set(name, room);
    return { ok: true, members, replaced: holder?.socket, before: holder && member(holder) };
  }

  async leave(name: RoomName, peer: PeerName, socket: string, how: 'left' | 'closed'): Promise<boolean> {
    this.#expire();
    const room = this.#rooms.get(name);
    const seat = room?.seats.get(peer);
    if (room === undefined || seat?.socket !== socket) return false;
    room.seats.delete(peer);
    this.#peers -= 1;
    if (how === 'closed') {
      const held: Held = { room: name, seat, until: this.#now() + HELD_FOR };
      room.held.set(peer, held);
      this.#held.add(held);
    }
    this.#endIfEmpty(name, room);
    return true;
  }

  async vacate(
    name: RoomName,
    { name: peer, instance, proof }: Omit<Seat, 'socket'>,
  ): Promise<{ readonly socket: string | undefined } | undefined> {
    this.#expire();
    const room = this.#rooms.get(name);
    const holder = room?.seats.get(peer);
    const kept = room?.held.get(peer);
    const seat = holder ?? kept?.seat;
    if (room === undefined || seat?.instance !== instance || !timingSafeEqual(seat.proof, proof)) return undefined;
    if (kept !== undefined) this.#release(kept, room);
    if (room.seats.delete(peer)) this.#peers -= 1;
    this.#endIfEmpty(name, room);
    return { socket: holder?.socket };
  }

  async counts(): Promise<RoomCounts> {
    this.#expire();
    return { peers: this.#peers, rooms: this.#rooms.size };
  }

  #full({ seats, held }: Room): Refusal | undefined {
    const places = seats.size + held.size;
    if (places >= this.#maxPeersPerRoom) return refusal('room-full', `the room has its ${places} members`);
    if (places > 0 || this.#rooms.size < this.#maxRooms) return undefined;
    return refusal('server-full', `the server has its ${this.#rooms.size} rooms`);
  }

  #taken(name: PeerName, kept: Held | undefined): Refusal {
    const quoted = JSON.stringify(name);
    if (kept === undefined) return refusal('name-taken', `${quoted} is in use in this room`);
    const seconds = Math.ceil((kept.until - this.#now()) / 1000);
    return refusal('name-taken', `${quoted} is kept for another ${seconds} s for who had it and may come back`);
  }

  /** All are kept for the same time, so they expire in the order in which they came. */
  #expire(): void {
    const now = this.#now();
    for (const held of this.#held) {
      if (held.until > now) return;
      const room = this.#rooms.get(held.room);
      if (room === undefined) continue;
      this.#release(held, room);
      this.#endIfEmpty(held.room, room);
    }
  }

  #release(held: Held, room: Room): void {
    this.#held.delete(held);
    room.held.delete(held.seat.name);
  }

  #endIfEmpty(name: RoomName, { seats, held }: Room): void {
    if (seats.size === 0 && held.size === 0) this.#rooms.delete(name);
  }
}

function member({ name, instance }: Seat): Member {
  return { name, instance };
}
