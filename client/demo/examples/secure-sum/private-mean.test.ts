import { expect, test } from 'vitest';
import { createPools } from '../../../src/testing/create-pools.ts';
import { LARGEST, privateMean } from './private-mean.ts';
import type { Parcel } from './secure-sum.ts';

test.each([
  [[1, 20, 300], 107],
  [[-7.5, 0.25, LARGEST], (LARGEST - 7.25) / 3],
  [[-1, -2], -1.5],
  [[0.1, 0.2], 0.15],
])('the mean of %j is %d, and what travels is what was watched', async (numbers, mean) => {
  await using pools = await createPools(numbers.length);
  const parties = pools.map(({ name }) => name);
  const watched: Parcel[] = [];
  const watch = (parcel: Parcel): void => void watched.push(parcel);
  const means = await Promise.all(
    pools.map((pool, index) => privateMean(pool, numbers[index] ?? 0, { id: 'one', parties, watch })),
  );
  for (const one of means) expect(one).toBeCloseTo(mean, 9);
  // Each parcel is watched where it leaves and where it arrives.
  const seen = new Map<string, number>();
  for (const { what, from, to, value } of watched)
    seen.set(`${what} ${from} ${to} ${value}`, (seen.get(`${what} ${from} ${to} ${value}`) ?? 0) + 1);
  expect([...seen.values()]).toEqual(new Array(2 * parties.length * (parties.length - 1)).fill(2));
});

test('what is no number is refused before anything leaves', async () => {
  await using pools = await createPools(2);
  const [alice] = pools;
  if (alice === undefined) throw new Error('nobody');
  const round = { id: 'one', parties: pools.map(({ name }) => name) };
  for (const wrong of [NaN, Infinity, LARGEST + 1])
    await expect(privateMean(alice, wrong, round)).rejects.toThrow(RangeError);
  expect(alice.stats().total.messagesSent).toBe(0);
});
