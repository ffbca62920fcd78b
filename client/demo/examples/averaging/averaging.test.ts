import { expect, test } from 'vitest';
import { createPools } from '../../../src/testing/create-pools.ts';
import { average, improved, type Point, train, type Update } from './averaging.ts';

const line = (...xs: readonly number[]): Point[] => xs.map((x) => ({ x, y: 0.5 * x - 0.25 }));

test('points of one line lead to that line, whoever has them', async () => {
  await using pools = await createPools(3);
  const points = [line(-1, -0.5), line(0.1), line(0.4, 0.7, 1)];
  const training = { id: 'one', parties: pools.map(({ name }) => name), rounds: 200 };
  const learned = await Promise.all(pools.map((pool, index) => train(pool, points[index] ?? [], training)));
  for (const parameters of learned) {
    expect(parameters).toEqual(learned[0]);
    expect(parameters[0]).toBeCloseTo(0.5, 3);
    expect(parameters[1]).toBeCloseTo(-0.25, 3);
  }
});

test('who has no points changes nothing, and learns with the others', () => {
  const parameters = Float64Array.of(0.1, 0.2);
  expect(improved(parameters, [])).toEqual(parameters);
  const other = { parameters: Float64Array.of(0.3, 0.7), points: 4 };
  expect(
    average(
      new Map([
        ['alice', { parameters, points: 0 }],
        ['bob', other],
      ]),
    ),
  ).toEqual(other.parameters);
});

test('updates weigh as much as they have points, and their order does not matter', () => {
  const updates: [string, Update][] = [
    ['carol', { parameters: Float64Array.of(1e16, 1), points: 1 }],
    ['alice', { parameters: Float64Array.of(1, 4), points: 3 }],
    ['bob', { parameters: Float64Array.of(-1e16, 1), points: 1 }],
  ];
  const forwards = average(new Map(updates));
  expect(average(new Map([...updates].reverse()))).toEqual(forwards);
  expect(forwards[1]).toBe(14 / 5);
});
