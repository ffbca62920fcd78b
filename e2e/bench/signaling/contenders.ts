import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { RedisDaemon } from '../../../signaling-server/testing/redis-daemon.ts';
import { compiledServer } from '../../../signaling-server/testing/server-process.ts';
import { Child } from './child.ts';
import type { Dialect } from './clients.ts';

export const CONTENDERS = ['bare', 'peerpool', 'PeerServer', 'redis-1', 'redis-3'] as const;
export type Contender = (typeof CONTENDERS)[number];
/** They need a Redis, so they are asked for. */
export const OVER_REDIS: readonly Contender[] = ['redis-1', 'redis-3'];

export interface Memory {
  readonly rss: number;
  /** What V8 holds, and what hangs on it. */
  readonly heap: number;
}

/** A contender that serves: one process or several. */
export interface Site {
  readonly dialect: Dialect;
  readonly servers: readonly string[];
  /** Seconds since they began, together; Redis too, where there is one. */
  cpu(): Promise<number>;
  /** Bytes, of the nodes together. */
  memory(): Promise<Memory>;
  close(): Promise<void>;
}

/**
 * All peers of a benchmark come from one address, whose limits must not be what is measured. Those of each socket stay
 * as they are.
 */
const UNLIMITED = [
  '--max-rooms',
  '--max-connections-per-address',
  '--address-connections-per-second',
  '--address-joins-per-second',
  '--address-packets-per-second',
  '--address-bytes-per-second',
].flatMap((flag) => [flag, '1000000000']);

/** The young generation is as large in each, whatever else they do. */
const FLAGS = ['--expose-gc', '--max-semi-space-size=16', '--import', here('servers/gauge.mjs')];

/** `profiles`: a folder for what V8's profiler sees in the servers. */
export async function open(contender: Contender, profiles: string | undefined): Promise<Site> {
  const flags = profiles === undefined ? FLAGS : [...FLAGS, '--cpu-prof', '--cpu-prof-dir', profiles];
  switch (contender) {
    case 'bare':
      return site('bare', [new Child(here('servers/bare.mjs'), [], flags)]);
    case 'PeerServer':
      return site('PeerServer', [new Child(here('servers/peer-server.mjs'), [], flags)]);
    case 'peerpool':
      return site('peerpool', [new Child(await compiledServer(), command([]), flags)]);
    case 'redis-1':
      return overRedis(1, flags);
    case 'redis-3':
      return overRedis(3, flags);
  }
}

async function overRedis(count: number, flags: readonly string[]): Promise<Site> {
  const script = await compiledServer();
  const redis = await RedisDaemon.start();
  try {
    const args = command(['--redis-url', redis.url, '--redis-prefix', 'bench']);
    const nodes = Array.from({ length: count }, () => new Child(script, args, flags));
    const joint = await site('peerpool', nodes);
    return {
      ...joint,
      cpu: async () => (await joint.cpu()) + (await cpuOf(redis.url)),
      close: async () => {
        await joint.close();
        await redis.kill();
      },
    };
  } catch (error) {
    await redis.kill();
    throw error;
  }
}

function command(more: readonly string[]): readonly string[] {
  return ['--host', '127.0.0.1', '--port', '0', ...UNLIMITED, ...more];
}

async function site(dialect: Dialect, nodes: readonly Child[]): Promise<Site> {
  const close = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.leave())));
  const all = <Answer>(question: string): Promise<Answer[]> =>
    Promise.all(nodes.map((node) => node.ask<Answer>(question)));
  try {
    const servers = await Promise.all(nodes.map((node) => node.said(/listens on (http:\/\/127\.0\.0\.1:\d+)/)));
    return {
      dialect,
      servers,
      cpu: async () => (await all<number>('cpu')).reduce((sum, seconds) => sum + seconds, 0),
      memory: async () => {
        const memories = await all<Memory>('memory');
        return memories.reduce((sum, { rss, heap }) => ({ rss: sum.rss + rss, heap: sum.heap + heap }));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Redis says itself what it took, in seconds. */
function cpuOf(url: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write('INFO cpu\r\n'));
    let said = '';
    socket.on('data', (data) => {
      said += String(data);
      const [user, system] = ['user', 'sys'].map((part) => new RegExp(`used_cpu_${part}:([\\d.]+)\\r`).exec(said)?.[1]);
      if (user === undefined || system === undefined) return;
      socket.destroy();
      resolve(Number(user) + Number(system));
    });
    socket.once('error', reject);
  });
}

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
