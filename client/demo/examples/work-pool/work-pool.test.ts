import { expect, test } from 'vitest';
import { createPools } from '../../../src/testing/create-pools.ts';
import { workPool } from './work-pool.ts';

const squares = (count: number): number[] => Array.from({ length: count }, (_, index) => index ** 2);

test('what one who leaves had in hand goes to the others, and who joins helps', async () => {
  await using pools = await createPools(3);
  const [owner, mortal, heir] = pools;
  if (owner === undefined || mortal === undefined || heir === undefined) throw new Error('nobody');
  const got: number[] = [];
  const by = new Map<number, string>();
  const given: number[] = [];
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  // The owner gives its own two back last, when the heir has done everything else.
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  owner.expose({ square: (x: number) => finished.then(() => x ** 2) });
  mortal.expose({
    square: (x: number) => {
      given.push(x);
      if (given.length === 2) begin();
      return new Promise(() => {});
    },
  });
  const work = workPool<number, number>(owner, {
    method: 'square',
    items: [...Array(20).keys()],
    done: (result, index, worker) => {
      got[index] = result;
      by.set(index, worker);
      if (by.size === 18) finish();
    },
  });
  await begun;
  await mortal.shutdown();
  heir.expose({ square: (x: number) => x ** 2 });
  await work;
  expect(got).toEqual(squares(20));
  for (const index of given) expect(by.get(index)).toBe(heir.name);
  expect(new Set(by.values())).toEqual(new Set([owner.name, heir.name]));
});

test('what an item fails with ends the work', async () => {
  await using pools = await createPools(2);
  for (const pool of pools)
    pool.expose({
      check: (x: number) => {
        if (x === 3) throw new RangeError('three is too much');
      },
    });
  const [owner] = pools;
  if (owner === undefined) throw new Error('nobody');
  const work = workPool(owner, { method: 'check', items: [1, 2, 3, 4], done: () => {} });
  await expect(work).rejects.toMatchObject({ code: 'remote', reason: 'RangeError' });
});

test('nothing to do is done at once', async () => {
  await using pools = await createPools(1);
  const [owner] = pools;
  if (owner === undefined) throw new Error('nobody');
  await workPool(owner, { method: 'nothing', items: [], done: () => {} });
});
