import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PeerServer } from 'peer';
import { build, preview } from 'vite';
import { peerpool } from '../../signaling-server/vite.ts';
import { attachRelay } from './relay-server.ts';

/** What the contenders need, each on a port of its own, all on this machine. */
export interface Servers {
  /** Of the page, built as for production; peerpool's signaling stands on its port. */
  readonly page: string;
  readonly relay: string;
  readonly peerServerPort: number;
  close(): Promise<void>;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export async function startServers(): Promise<Servers> {
  const folder = mkdtempSync(here('../../node_modules/.bench-'));
  const root = here('page');
  await build({ configFile: false, root, logLevel: 'error', build: { outDir: path.join(folder, 'page') } });
  const site = await preview({
    configFile: false,
    root,
    logLevel: 'error',
    plugins: [peerpool()],
    build: { outDir: path.join(folder, 'page') },
    preview: { host: '127.0.0.1', port: 0 },
  });
  const relayed = createServer((_, response) => response.writeHead(404).end());
  const relay = attachRelay(relayed);
  await listening(relayed.listen(0, '127.0.0.1'));
  const peers = await new Promise<Server>((resolve) => {
    PeerServer({ host: '127.0.0.1', port: 0, path: '/' }, (server) => resolve(server));
  });
  return {
    page: `http://127.0.0.1:${portOf(site.httpServer as Server)}/`,
    relay: `http://127.0.0.1:${portOf(relayed)}`,
    peerServerPort: portOf(peers),
    close: async () => {
      peers.closeAllConnections();
      peers.close();
      await relay.close();
      await site.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
