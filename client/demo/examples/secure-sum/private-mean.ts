import type { Pool } from 'peerpool';
import { type Round, secureSum } from './secure-sum.ts';

/** Numbers have two decimals: they are added up as hundredths, which are whole. */
const HUNDREDTHS = 100;
/** The largest number that may be put in, either way. Of a million parties the sum is still far from 2^127. */
export const LARGEST = 1_000_000_000;

/**
 * The mean of everybody's numbers, rounded to hundredths first: the sum comes from `secureSum`, and how many there are is no secret. What is negative is so modulo 2^128.
 * @throws RangeError when the number is none, or larger than `LARGEST`; PoolError as `secureSum`
 */
export async function privateMean(pool: Pool, number: number, round: Round): Promise<number> {
  if (!(Math.abs(number) <= LARGEST)) throw new RangeError(`a number from ${-LARGEST} to ${LARGEST}, not ${number}`);
  const hundredths = BigInt.asUintN(128, BigInt(Math.round(number * HUNDREDTHS)));
  const sum = BigInt.asIntN(128, await secureSum(pool, hundredths, round));
  return Number(sum) / HUNDREDTHS / round.parties.length;
}
