import type { ServerOptions } from 'socket.io';
import type { Neighbours } from '../forwarding.ts';
import type { RoomLimits, Rooms, RoomsListener } from '../rooms/rooms.ts';

/** What several signaling servers share, as one of them has it: rooms, and ways to the others. */
export interface Cluster {
  readonly neighbours: Neighbours;
  /** Of socket.io: by it signals reach sockets of other nodes. */
  readonly adapter: ServerOptions['adapter'] | undefined;
  /** Called once. `readiness` hears that nobody can join there, and why, and `undefined` when one can again. */
  rooms(limits: RoomLimits, listener: RoomsListener, readiness: (why: string | undefined) => void): Rooms;
  /** When the rooms and socket.io are closed. */
  close(): Promise<void>;
}
