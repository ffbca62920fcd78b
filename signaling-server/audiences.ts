import type { RoomName } from '#shared/identifiers';
import type { Change } from './rooms/rooms.ts';

/** Somebody at this server who is in a room, or asks to be. */
export interface Listener {
  heard(version: number, change: Change): void;
}

/** Who of those at this server hears of a room. */
export class Audiences {
  readonly #listeners = new Map<RoomName, Set<Listener>>();

  /** From before it asks to join: what happens while it is answered is not to be missed. */
  add(room: RoomName, listener: Listener): void {
    const others = this.#listeners.get(room);
    if (others === undefined) this.#listeners.set(room, new Set([listener]));
    else others.add(listener);
  }

  remove(room: RoomName, listener: Listener): void {
    const listeners = this.#listeners.get(room);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(room);
  }

  tell(room: RoomName, version: number, change: Change): void {
    for (const listener of this.#listeners.get(room) ?? []) listener.heard(version, change);
  }
}
