import { expect, test } from 'vitest';
import { alike, bitsUniform, bytesUniform, type Verdict } from './chi-squared.ts';

/** Xorshift (Marsaglia 2003), 64 bits, for samples that are the same on every run. */
function generator(seed: bigint): () => bigint {
  let state = seed;
  const next = (): bigint => {
    state ^= BigInt.asUintN(64, state << 13n);
    state ^= state >> 7n;
    state ^= BigInt.asUintN(64, state << 17n);
    return state;
  };
  return () => (next() << 64n) | next();
}

const draw = generator(88172645463325252n);
const sample = (change: (value: bigint) => bigint = (value) => value): bigint[] =>
  Array.from({ length: 256 }, () => change(draw()));
const passes = ({ statistic, limit }: Verdict): boolean => statistic < limit;

test('uniform samples pass, all of them, and by chance they come near their degrees of freedom', () => {
  let sum = 0;
  for (let run = 0; run < 50; run++) {
    const one = sample();
    expect([bytesUniform(one), bitsUniform(one), alike(one, sample())].every(passes)).toBe(true);
    sum += bytesUniform(one).statistic;
  }
  expect(sum / 50).toBeGreaterThan(245);
  expect(sum / 50).toBeLessThan(265);
});

test('one bit that is always set is noticed', () => {
  expect(passes(bitsUniform(sample((value) => value | (1n << 77n))))).toBe(false);
});

test('a bit that is set in three of four is noticed', () => {
  const biased = sample((value) => value | ((draw() & 1n) << 9n));
  expect(passes(bitsUniform(biased))).toBe(false);
});

test('numbers of 53 bits are noticed', () => {
  expect(passes(bytesUniform(sample((value) => (value >> 75n) << 75n)))).toBe(false);
});

test('two samples that differ in one half-byte are told apart', () => {
  const fixed = sample((value) => (value & ~(15n << 40n)) | (6n << 40n));
  expect(passes(alike(fixed, sample()))).toBe(false);
});
