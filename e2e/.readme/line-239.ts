import { createServer } from 'node:http';
import { attachSignaling } from 'peerpool/server';

const server = createServer();
const signaling = attachSignaling(server); // on the path /peerpool, beside your own routes and your own socket.io
server.listen(3000);
process.once('SIGTERM', () => void signaling.close().then(() => server.close()));

export {};
