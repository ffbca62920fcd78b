import { optionalPackage } from '../optional-package.ts';
import { adapterClient } from './adapter-client.ts';
import type { Cluster } from './cluster.ts';
import { ChangeStream } from './change-stream.ts';
import { RedisNeighbours } from './redis-neighbours.ts';
import { RedisRooms } from './redis-rooms.ts';
import { type Client, Store } from './store.ts';

/** A cluster whose nodes meet in a Redis. */
export interface RedisCluster extends Cluster {
  /**
   * Where the other nodes reach this one, as `http://10.0.0.7:3000`: plain HTTP, on a network of their own. To be said
   * once it is known; by it clients that poll need no sticky load balancer.
   */
  announce(address: string): void;
}

/** Where the servers of a cluster meet. */
export interface RedisOptions {
  /** `redis://` or `rediss://`, with user and password where it asks for them. One Redis, or a proxy in front of one. */
  readonly url: string;
  /** What all keys begin with: servers with the same are one cluster. Default: `peerpool`. */
  readonly prefix?: string | undefined;
}

/** Milliseconds to connect; and of silence, where something is awaited, until a connection counts as broken. */
const CONNECT_WITHIN = 2000;
const SILENT_AT_MOST = 10_000;
const PING_INTERVAL = 3000;
/** Milliseconds between two tries to connect. */
const RETRY = { least: 50, most: 1000 };
/** Messages for other nodes that wait for Redis. Those beyond are lost, as those to a node that is gone. */
const MOST_WAITING = 10_000;
/** Of the stream of signals: as many as are said in some seconds. */
const SIGNALS_KEPT = 20_000;

/**
 * For one `attachSignaling`. Does not wait for Redis: while that can't be reached, nobody can join.
 * @throws Error when redis or @socket.io/redis-streams-adapter is not installed; TypeError for a url that is none
 */
export async function redisCluster({ url, prefix = 'peerpool' }: RedisOptions): Promise<RedisCluster> {
  const purpose = 'a cluster needs';
  const redis = await optionalPackage('redis', purpose, () => import('redis'));
  const streams = await optionalPackage('@socket.io/redis-streams-adapter', purpose, () => {
    return import('@socket.io/redis-streams-adapter');
  });
  const clients: Client[] = [];
  const connected = (options: object): Client => {
    const client = redis.createClient({
      url,
      RESP: 2,
      socket: {
        connectTimeout: CONNECT_WITHIN,
        socketTimeout: SILENT_AT_MOST,
        reconnectStrategy: (tries) => Math.min(RETRY.least * 2 ** tries, RETRY.most) * (0.5 + Math.random() / 2),
      },
      ...options,
    }) as Client;
    // It tries again for as long as it takes; that it fails is what `unready` says.
    client.on('error', () => undefined);
    client.connect().catch(() => undefined);
    clients.push(client);
    return client;
  };
  const store = new Store(connected({ disableOfflineQueue: true }), prefix);
  const neighbours = new RedisNeighbours(store);
  let reading = false;
  // One that is subscribed hears nothing for hours, and is not broken.
  const options = { commandsQueueMaxLength: MOST_WAITING, pingInterval: PING_INTERVAL };
  const messages = adapterClient(
    connected(options),
    (another) => clients.push(another),
    () => (reading = true),
  );
  return {
    neighbours,
    announce: (address) => (neighbours.address = new URL(address).origin),
    adapter: streams.createAdapter(messages, {
      streamName: `${prefix}:signals`,
      maxLen: SIGNALS_KEPT,
      channelPrefix: `${prefix}:asked`,
    }),
    rooms: (limits, listener, readiness) => {
      const reader = connected({ disableOfflineQueue: true });
      return new RedisRooms({
        neighbours,
        store,
        limits,
        listener,
        readiness,
        reading: () => reading,
        stream: (changes) => new ChangeStream(reader, `${prefix}:changes`, changes),
      });
    },
    close: async () => {
      for (const client of clients) if (client.isOpen) client.destroy();
    },
  };
}
