// @ts-check
/** PeerJS's server as it comes, but for the number of clients it takes. */
import { PeerServer } from 'peer';

const MOST_CLIENTS = 1_000_000;

PeerServer({ host: '127.0.0.1', port: 0, path: '/', concurrent_limit: MOST_CLIENTS }, (server) => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.stdout.write(`PeerServer listens on http://127.0.0.1:${port}\n`);
});
