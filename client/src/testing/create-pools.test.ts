import { expect, it } from 'vitest';
import { BroadcastChannelCommunicator } from '../communicators/broadcast-channel/broadcast-channel-communicator.ts';
import { PoolError } from '../errors.ts';
import { createPools } from './create-pools.ts';

for (const count of [0, 1, 2, 9]) {
  it(`makes ${count} pools that are fully connected, and ends with the block`, async () => {
    const made: { readonly state: string }[] = [];
    {
      await using pools = await createPools(count);
      expect(pools.map(({ name }) => name)).toEqual(Array.from({ length: count }, (_, index) => `local${index}`));
      for (const pool of pools) {
        expect([...pool.clients].every((client) => pool.connected(client))).toBe(true);
        expect(pool.clients.size).toBe(count - 1);
        made.push(pool);
      }
    }
    expect(made.map(({ state }) => state)).toEqual(made.map(() => 'stopped'));
  });
}

it('takes a communicator and options, in a room of its own each time', async () => {
  const rooms = new Set<string>();
  const given = {
    options: { timeout: 5 },
    communicator: (room: string) => {
      rooms.add(room);
      return new BroadcastChannelCommunicator({ room });
    },
  };
  await using first = await createPools(2, given);
  await using second = await createPools(2, given);
  expect(rooms.size).toBe(2);
  await expect(first[0]?.recv('local1')).rejects.toThrow('within 5 ms');
  await second[0]?.send('local1', 'hello');
  expect(await second[1]?.recv('local0')).toBe('hello');
});

it('leaves nothing behind when one of them does not start', async () => {
  let made = 0;
  const failing = createPools(2, {
    communicator: (room, name) => {
      made++;
      // The second takes the room next door, so the two never meet.
      return new BroadcastChannelCommunicator({ room: name === 'local1' ? `${room}-elsewhere` : room });
    },
    timeout: 50,
  });
  await expect(failing).rejects.toThrow(PoolError);
  expect(made).toBe(2);
});

it('creates a whole number of pools', async () => {
  await expect(createPools(1.5)).rejects.toThrow(RangeError);
});
