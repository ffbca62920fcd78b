// @ts-check
/** The least that socket.io needs to introduce peers. It checks nothing, and is for a benchmark on one machine. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer((_, response) => response.writeHead(404).end());
const io = new Server(http, {
  path: '/peerpool',
  serveClient: false,
  transports: ['websocket'],
  pingInterval: 25_000,
  pingTimeout: 60_000,
});
io.on('connection', (socket) => {
  socket.on('join', (/** @type {string} */ room, /** @type {(reply: object) => void} */ reply) => {
    const members = [...(io.sockets.adapter.rooms.get(room) ?? [])];
    Promise.resolve(socket.join(room)).catch(() => socket.disconnect());
    reply({ ok: true, members });
    socket.to(room).emit('joined', socket.id);
    socket.once('disconnect', () => io.to(room).emit('left', socket.id));
  });
  socket.on('signal', (/** @type {string} */ to, /** @type {unknown} */ signal) => {
    io.to(to).emit('signal', socket.id, signal);
  });
});
http.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  process.stdout.write(`bare listens on http://127.0.0.1:${port}\n`);
});
