import { createHash, timingSafeEqual } from 'node:crypto';
import type { InstanceId, PeerName, RoomName } from '#shared/identifiers';
import type { Member, Refusal } from '#shared/signaling';
import { refusal } from './refusal.ts';

/** A name taken in a room, and the socket through which its holder is reached. */
export interface Seat {
  readonly name: PeerName;
  readonly instance: InstanceId;
  /** Of the key that was shown; see `ownership`. */
  readonly proof: Uint8Array;
  readonly socket: string;
}

/** `replaced`: the socket that held this very seat before; whoever is in the room notices nothing of the exchange. */
export interface Taken {
  readonly ok: true;
  readonly members: readonly Member[];
  readonly replaced: string | undefined;
}

/**
 * Who is where. All calls take effect in one order, each as a whole, and their promises settle in that order; so of two
 * members of a room exactly one, the later, finds the other among `members`.
 */
export interface Rooms {
  /**
   * Takes the name, or says why not: `name-taken`, `room-full`, `server-full`. `members` are the others, in the order
   * in which they joined. A name in use is handed over when both key and instance are its holder's, who then keeps the
   * place in that order.
   */
  join(room: RoomName, seat: Seat): Promise<Taken | Refusal>;
  /** Frees the name if that socket holds it still. Whether it did: if so, the others are to be told. */
  leave(room: RoomName, name: PeerName, socket: string): Promise<boolean>;
  counts(): Promise<RoomCounts>;
}

export interface RoomCounts {
  readonly peers: number;
  readonly rooms: number;
}

/**
 * What a room keeps of a key. A digest has one length, as the comparison in constant time needs, and says nothing when
 * it is read elsewhere.
 */
export function ownership(key: string): Uint8Array {
  return createHash('sha256').update(key).digest();
}

/** Rooms of one process. A room begins with its first member and ends with its last. */
export class MemoryRooms implements Rooms {
  readonly #rooms = new Map<RoomName, Map<PeerName, Seat>>();
  readonly #maxPeersPerRoom: number;
  readonly #maxRooms: number;
  #peers = 0;

  constructor(limits: { readonly maxPeersPerRoom: number; readonly maxRooms: number }) {
    this.#maxPeersPerRoom = limits.maxPeersPerRoom;
    this.#maxRooms = limits.maxRooms;
  }

  async join(room: RoomName, seat: Seat): Promise<Taken | Refusal> {
    const seats = this.#rooms.get(room) ?? new Map<PeerName, Seat>();
    const holder = seats.get(seat.name);
    if (holder === undefined) {
      if (seats.size >= this.#maxPeersPerRoom) return refusal('room-full', `the room has its ${seats.size} members`);
      if (seats.size === 0 && this.#rooms.size >= this.#maxRooms) {
        return refusal('server-full', `the server has its ${this.#rooms.size} rooms`);
      }
      this.#peers += 1;
    } else if (!sameOwner(holder, seat)) {
      return refusal('name-taken', `${JSON.stringify(seat.name)} is in use in this room`);
    }
    const members = [...seats.values()].filter((other) => other !== holder).map(member);
    seats.set(seat.name, seat);
    this.#rooms.set(room, seats);
    return { ok: true, members, replaced: holder?.socket };
  }

  async leave(room: RoomName, name: PeerName, socket: string): Promise<boolean> {
    const seats = this.#rooms.get(room);
    if (seats?.get(name)?.socket !== socket) return false;
    seats.delete(name);
    this.#peers -= 1;
    if (seats.size === 0) this.#rooms.delete(room);
    return true;
  }

  async counts(): Promise<RoomCounts> {
    return { peers: this.#peers, rooms: this.#rooms.size };
  }
}

function sameOwner(holder: Seat, seat: Seat): boolean {
  return timingSafeEqual(holder.proof, seat.proof) && holder.instance === seat.instance;
}

function member({ name, instance }: Seat): Member {
  return { name, instance };
}
