import { io, type Socket } from 'socket.io-client';

/** What the benchmark's own relay understands: a room, its members, and what one says to another. */
interface Told {
  members: (names: string[]) => void;
  said: (from: string, value: unknown) => void;
  published: (topic: string, value: unknown) => void;
}
interface Says {
  join: (room: string, name: string) => void;
  say: (to: string, value: unknown) => void;
  sayAll: (value: unknown) => void;
  subscribe: (topic: string) => void;
  unsubscribe: (topic: string) => void;
  publish: (topic: string, value: unknown) => void;
}

export type RelaySocket = Socket<Told, Says>;

export async function connectRelay(url: string): Promise<RelaySocket> {
  const socket: RelaySocket = io(url, { path: '/relay', transports: ['websocket'], forceNew: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

/** In a room, under a name. `members` hears who was there, in the order in which they came, and who comes. */
export function enterRelay(socket: RelaySocket, room: string, name: string, come: (name: string) => void): void {
  const known = new Set([name]);
  socket.on('members', (names) => {
    for (const one of names) {
      if (known.has(one)) continue;
      known.add(one);
      come(one);
    }
  });
  socket.emit('join', room, name);
}
