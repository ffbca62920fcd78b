import { networkInterfaces } from 'node:os';

/** Where others reach a server that listens on `host`: there, or where all means any, at its first address on a network. */
export function ownAddress(host: string, port: number, interfaces = networkInterfaces()): string {
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  const outward = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const first = outward.find(({ family }) => family === 'IPv4') ?? outward[0];
  const address = host === '0.0.0.0' || host === '::' ? (first?.address ?? '127.0.0.1') : host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
