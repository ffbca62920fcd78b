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
  readonly proof: string;
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
  /** Of the room with this join in it: `members` knows every change up to here, and `changed` tells those beyond. */
  readonly version: number;
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

/** What the others in a room are to hear. */
export type Change =
  /** Also of one who is known, and comes by another socket. */
  | { readonly type: 'joined'; readonly member: Member }
  /** `closed`: without a goodbye. */
  | { readonly type: 'left'; readonly member: Member; readonly how: 'left' | 'closed' };

/** Hears what happens in rooms that have a member here, through whichever node, in the order in which it happened. */
export interface RoomsListener {
  /**
   * For each who joined that room here with a lower version; it may come while `join` is under way. Changes that were
   * found together, after the store was away, have one version.
   */
  changed(room: RoomName, version: number, change: Change): void;
  /** A socket of this node has lost its seat while the store was away. Whoever is behind it may ask to join again. */
  unseated(socket: string): void;
}

/**
 * Who is where. All calls take effect in one order, each as a whole, and their promises settle in that order; so of two
 * members of a room exactly one, the later, finds the other among `members`, and the earlier hears that it joined.
 *
 * A name is free, or somebody's, or kept for `HELD_FOR` after its socket closed. Names that are kept are nobody among
 * `members` and `peers`; but they fill rooms, and keep one alive, as members do: else who comes and goes without a
 * goodbye could make the server hold as many as it likes, and who comes back could find its place gone.
 */
export interface Rooms {
  /**
   * Takes the name, or says why not: `name-taken`, `room-full`, `server-full`, `replaced`, and `unavailable` while the
   * store can't be reached. `members` are the others, in the order in which they joined; who takes its own seat over
   * keeps its place in that order.
   */
  join(room: RoomName, claim: Claim): Promise<Taken | Contested | Refusal>;
  /**
   * Gives the name up if that socket holds it still: free at once for who `left`, kept for who only `closed`. Whether
   * it held it.
   */
  leave(room: RoomName, name: PeerName, socket: string, how: 'left' | 'closed'): Promise<boolean>;
  /**
   * Frees the name of that instance, held or kept, for who shows its key. The socket that held it, if one did;
   * `undefined` when there is nothing to free.
   */
  vacate(room: RoomName, seat: Omit<Seat, 'socket'>): Promise<{ readonly socket: string | undefined } | undefined>;
  /** Of all nodes; the last that are known, where they can't be asked. */
  counts(): Promise<RoomCounts>;
  /** Why nobody can join at present, for people; `undefined` when one can. */
  unready(): string | undefined;
  /** Lets go of the store, and of no seat: who comes back to another node finds its own. */
  close(): Promise<void>;
}

/** Of all rooms together, over all servers of a cluster. */
export interface RoomCounts {
  readonly peers: number;
  /** That have a member, or a name kept for one. */
  readonly rooms: number;
}

export interface RoomLimits {
  readonly maxPeersPerRoom: number;
  readonly maxRooms: number;
}

/** What a room keeps of a key: a digest says nothing when it is read elsewhere. */
export function ownership(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

/** Two that `ownership` returned, in constant time. */
export function sameOwner(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** Sentences that each kind of rooms says alike. */
export const no = {
  roomFull: (places: number): Refusal => refusal('room-full', `the room has its ${places} members`),
  serverFull: (rooms: number): Refusal => refusal('server-full', `the server has its ${rooms} rooms`),
  replaced: (name: string): Refusal =>
    refusal('replaced', `${JSON.stringify(name)} went to another instance with the same key`),
  /** `keptFor`: ms that it is kept; `undefined` when somebody has it. */
  nameTaken: (name: string, keptFor: number | undefined): Refusal => {
    const quoted = JSON.stringify(name);
    if (keptFor === undefined) return refusal('name-taken', `${quoted} is in use in this room`);
    const seconds = Math.ceil(keptFor / 1000);
    return refusal('name-taken', `${quoted} is kept for another ${seconds} s for who had it and may come back`);
  },
};
