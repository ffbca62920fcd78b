import { expect, test } from 'playwright/test';
import { tabs } from 'peerpool/playwright';

test('two tabs add up', async ({ context }) => {
  const [alice, bob] = await tabs(context, ['alice', 'bob']);
  const sum = bob.evaluate(async (pool) => 1 + (await pool.recv<number>('alice')));
  await alice.evaluate((pool, number) => pool.send('bob', number), 41);
  expect(await sum).toBe(42);
});

export {};
