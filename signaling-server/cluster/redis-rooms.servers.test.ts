import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HELD_FOR, type Rooms } from '../rooms/rooms.ts';
import { Inn } from '../testing/guest.ts';
import { advance, script } from '../testing/redis-clock.ts';
import { RedisDaemon } from '../testing/redis-daemon.ts';
import { Recorder, roomsContract } from '../testing/rooms-contract.ts';
import { RESTORE_FOR } from './scripts.ts';
import { redisCluster } from './redis-cluster.ts';

let redis: RedisDaemon;
beforeAll(async () => (redis = await RedisDaemon.start()));
afterAll(() => redis.kill());

/** Goes on when the rooms of a node do. */
async function ready(rooms: Rooms): Promise<void> {
  while (rooms.unready() !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
}

let clusters = 0;

describe.each([1, 3])('%i nodes over Redis', (nodes) => {
  roomsContract(`over ${nodes} nodes`, nodes, async (limits) => {
    const prefix = `contract-${(clusters += 1)}`;
    await advance(redis.url, prefix, RESTORE_FOR);
    const open = await Promise.all(
      Array.from({ length: nodes }, async () => {
        const cluster = await redisCluster({ url: redis.url, prefix });
        const recorder = new Recorder();
        // The way of socket.io between them is not what this is about; it wants to be listened to all the same.
        const namespace = { name: '/', server: { opts: {} }, sockets: new Map() };
        const adapter = (cluster.adapter as (of: object) => { close(): void })(namespace);
        const rooms = cluster.rooms(limits, recorder, () => undefined);
        await ready(rooms);
        return { cluster, rooms, recorder, adapter };
      }),
    );
    /** The same for the same socket. */
    const at = (socket: string) => {
      const sum = Buffer.from(socket).reduce((all, byte) => all + byte, 0);
      const node = open[sum % nodes];
      if (node === undefined) throw new Error('no node');
      return node;
    };
    return {
      rooms: {
        join: (room, claim) => at(claim.socket).rooms.join(room, claim),
        leave: (room, name, socket, how) => at(socket).rooms.leave(room, name, socket, how),
        vacate: (room, seat) => at(seat.name).rooms.vacate(room, seat),
        // As the next beat will say.
        counts: async () => {
          const [, , , , peers, rooms] = (await script(
            redis.url,
            prefix,
            'beat',
            'a watcher',
            1000,
            '',
            '',
          )) as readonly number[];
          return { peers: Number(peers), rooms: Number(rooms) };
        },
        unready: () => undefined,
        close: async () => undefined,
      },
      heard: (socket) => at(socket).recorder,
      slack: 1500,
      pass: async (milliseconds) => {
        for (let left = milliseconds; left > 0; left -= HELD_FOR / 2) {
          await advance(redis.url, prefix, Math.min(left, HELD_FOR / 2));
          for (const { cluster } of open)
            await script(redis.url, prefix, 'beat', cluster.neighbours.self, HELD_FOR, '', '');
        }
      },
      close: async () => {
        for (const { adapter } of open) adapter.close();
        await Promise.all(open.map(({ rooms }) => rooms.close()));
        await Promise.all(open.map(({ cluster }) => cluster.close()));
      },
    };
  });
});

it('a server that is closed leaves no connection to Redis', async () => {
  const watcher = await createClient({ url: redis.url }).connect();
  const others = async (): Promise<number> => (await watcher.clientList()).length - 1;
  const before = await others();
  const cluster = await redisCluster({ url: redis.url, prefix: 'closing' });
  const inn = await Inn.open({ cluster });
  while (inn.signaling.unready() !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await others()).toBeGreaterThan(before + 3);
  await inn.close();
  // Redis sees that a moment later; the adapter by itself would read for up to 5 s.
  const closed = performance.now();
  while ((await others()) > before) {
    expect(performance.now() - closed).toBeLessThan(2000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  watcher.destroy();
});

it('keep names as long in Redis as in memory', () => {
  expect(HELD_FOR).toBe(10_000);
});
