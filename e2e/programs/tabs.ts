import { expect, test } from 'playwright/test';
import { tabs } from 'peerpool/playwright';

test('three tabs elect the largest number', async ({ context }) => {
  await using mesh = await tabs(context, ['alice', 'bob', 'carol'], { communicator: 'broadcast-channel' });
  const winners = mesh.map((tab, index) =>
    tab.evaluate(async (pool, ballot) => {
      await pool.broadcast(ballot, 'ballot');
      const ballots = await pool.recvAll<number>({ msgId: 'ballot', timeout: 10_000 });
      return [...ballots, [pool.name, ballot] as const].reduce((best, other) => (other[1] > best[1] ? other : best))[0];
    }, index * 7),
  );
  expect(await Promise.all(winners)).toEqual(['carol', 'carol', 'carol']);
});
