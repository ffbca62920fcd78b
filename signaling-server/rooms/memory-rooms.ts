import type { PeerName, RoomName } from '#shared/identifiers';
import type { Member, Refusal } from '#shared/signaling';
import {
  type Change,
  type Claim,
  type Contested,
  HELD_FOR,
  no,
  type RoomCounts,
  type RoomLimits,
  type Rooms,
  type RoomsListener,
  sameOwner,
  type Seat,
  type Taken,
} from './rooms.ts';

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
  readonly #limits: RoomLimits;
  readonly #listener: Pick<RoomsListener, 'changed'>;
  readonly #now: () => number;
  #peers = 0;
  /** Of all rooms together, so that one that ended and begins again goes on from there. */
  #version = 0;

  /** `now`: a clock in milliseconds that never goes back. */
  constructor(
    limits: RoomLimits,
    listener: Pick<RoomsListener, 'changed'>,
    now: () => number = () => performance.now(),
  ) {
    this.#limits = limits;
    this.#listener = listener;
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
      const full = this.#full(room);
      if (full !== undefined) return full;
    } else if (!sameOwner(owner.proof, seat.proof)) {
      return no.nameTaken(seat.name, kept && kept.until - this.#now());
    } else if (owner.instance !== seat.instance) {
      if (again) return no.replaced(seat.name);
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
    if (holder !== undefined && holder.instance !== seat.instance) this.#left(name, holder, 'closed');
    this.#tell(name, { type: 'joined', member: member(seat) });
    const version = this.#version;
    return { ok: true, members, version, replaced: holder?.socket, before: holder && member(holder) };
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
    this.#left(name, seat, how);
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
    if (room === undefined || seat?.instance !== instance || !sameOwner(seat.proof, proof)) return undefined;
    if (kept !== undefined) this.#release(kept, room);
    if (room.seats.delete(peer)) this.#peers -= 1;
    this.#endIfEmpty(name, room);
    this.#left(name, seat, 'left');
    return { socket: holder?.socket };
  }

  async counts(): Promise<RoomCounts> {
    this.#expire();
    return { peers: this.#peers, rooms: this.#rooms.size };
  }

  unready(): undefined {
    return undefined;
  }

  /** There is no other node to come back to. */
  async close(): Promise<void> {}

  #full({ seats, held }: Room): Refusal | undefined {
    const places = seats.size + held.size;
    if (places >= this.#limits.maxPeersPerRoom) return no.roomFull(places);
    return places > 0 || this.#rooms.size < this.#limits.maxRooms ? undefined : no.serverFull(this.#rooms.size);
  }

  #left(room: RoomName, seat: Seat, how: 'left' | 'closed'): void {
    this.#tell(room, { type: 'left', member: member(seat), how });
  }

  #tell(room: RoomName, change: Change): void {
    this.#version += 1;
    this.#listener.changed(room, this.#version, change);
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
