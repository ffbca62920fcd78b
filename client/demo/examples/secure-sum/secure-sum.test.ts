import { expect, test } from 'vitest';
import { createPools } from '../../../src/testing/create-pools.ts';
import { MODULUS, secureSum } from './secure-sum.ts';

test.each([1, 2, 3, 5])('%i parties come to the sum modulo 2^128, in several rounds at once', async (count) => {
  await using pools = await createPools(count);
  const parties = pools.map(({ name }) => name);
  const secrets = [MODULUS - 1n, 5n, 0n, 2n ** 100n, 17n];
  const rounds = ['one', 'two', 'three'].map((id) =>
    Promise.all(pools.map((pool, index) => secureSum(pool, secrets[index] ?? 0n, { id, parties }))),
  );
  const sum = secrets.slice(0, count).reduce((a, b) => a + b) % MODULUS;
  for (const sums of await Promise.all(rounds)) expect(new Set(sums)).toEqual(new Set([sum]));
});

test('a share that is none is refused', async () => {
  await using pools = await createPools(2);
  const [alice, bob] = pools;
  const round = { id: 'one', parties: ['local0', 'local1'] };
  await bob?.send('local0', -1n, 'share one');
  if (alice === undefined) throw new Error('nobody');
  await expect(secureSum(alice, 1n, round)).rejects.toMatchObject({ code: 'malformed' });
});

test('when a party leaves, the others are told who', async () => {
  await using pools = await createPools(3);
  const [alice, , carol] = pools;
  if (alice === undefined || carol === undefined) throw new Error('nobody');
  const sum = secureSum(alice, 1n, { id: 'one', parties: pools.map(({ name }) => name) });
  await Promise.all([expect(sum).rejects.toThrow(/local2/), carol.shutdown()]);
});
