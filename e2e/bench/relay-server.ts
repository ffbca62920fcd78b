import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';

/** One value of 16 MiB passes at once. */
const MOST_BYTES = 32 * 1024 * 1024;

/** The least a relay has to know: rooms, who is in them, topics. It checks nothing, and is for a benchmark on one machine. */
export function attachRelay(httpServer: HttpServer): Server {
  const io = new Server(httpServer, { path: '/relay', serveClient: false, maxHttpBufferSize: MOST_BYTES });
  const rooms = new Map<string, string[]>();
  io.on('connection', (socket) => {
    let own: { readonly room: string; readonly name: string } | undefined;
    const address = (to: string): string => `${own?.room ?? ''}/${to}`;
    socket.on('join', (room: string, name: string) => {
      own = { room, name };
      const members = rooms.get(room) ?? [];
      rooms.set(room, [...members, name]);
      Promise.resolve(socket.join([room, address(name)])).catch(() => socket.disconnect());
      io.to(room).emit('members', [...members, name]);
    });
    socket.on('say', (to: string, value: unknown) => io.to(address(to)).emit('said', own?.name, value));
    socket.on('sayAll', (value: unknown) => socket.to(own?.room ?? '').emit('said', own?.name, value));
    socket.on('subscribe', (topic: string) => {
      Promise.resolve(socket.join(`topic/${topic}`)).catch(() => socket.disconnect());
    });
    socket.on('unsubscribe', (topic: string) => {
      Promise.resolve(socket.leave(`topic/${topic}`)).catch(() => socket.disconnect());
    });
    socket.on('publish', (topic: string, value: unknown) =>
      socket.to(`topic/${topic}`).emit('published', topic, value),
    );
    socket.on('disconnect', () => {
      if (own === undefined) return;
      const left = (rooms.get(own.room) ?? []).filter((name) => name !== own?.name);
      if (left.length === 0) rooms.delete(own.room);
      else rooms.set(own.room, left);
    });
  });
  return io;
}
