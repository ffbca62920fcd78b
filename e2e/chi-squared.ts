/**
 * The χ² statistics of Pearson, for numbers below 2^128 that claim to be uniform, or to be drawn from one distribution. A distribution is told by more than one: what hides in few bits, or in few bytes.
 */

const BITS = 128n;
/** What a standard normal variable passes once in 10^9 trials: who asks a thousand such questions hears a false alarm in one of a million runs. */
const Z = 5.998;
/** Of χ² with one degree of freedom, the square of a standard normal variable, which passes 6.109 either way as seldom. */
const BIT_LIMIT = 6.109 ** 2;

export interface Verdict {
  readonly statistic: number;
  /** What chance passes once in 10^9 trials. */
  readonly limit: number;
}

/** Whether any byte is more frequent than others, wherever it stands: 255 degrees of freedom. */
export function bytesUniform(sample: readonly bigint[]): Verdict {
  const counts = new Array<number>(256).fill(0);
  for (const value of sample) {
    for (let shift = 0n; shift < BITS; shift += 8n) add(counts, Number((value >> shift) & 255n));
  }
  const expected = (sample.length * 16) / 256;
  return verdict(
    255,
    sumOf(counts, (count) => (count - expected) ** 2 / expected),
  );
}

/** Whether any of the 128 bits is more often set than not, or less often: the verdict on the one that is farthest from half. */
export function bitsUniform(sample: readonly bigint[]): Verdict {
  let most = 0;
  for (let bit = 0n; bit < BITS; bit++) {
    const ones = sample.filter((value) => (value >> bit) & 1n).length;
    most = Math.max(most, (ones - sample.length / 2) ** 2 / (sample.length / 4));
  }
  return { statistic: most, limit: BIT_LIMIT };
}

/** Whether two samples of one size have the same half-bytes at each of their 32 places: the verdict on the place where they differ most, 15 degrees of freedom. */
export function alike(one: readonly bigint[], other: readonly bigint[]): Verdict {
  if (one.length !== other.length) throw new RangeError('two samples of one size are compared');
  let most = 0;
  for (let shift = 0n; shift < BITS; shift += 4n) {
    const [ones, others] = [nibbles(one, shift), nibbles(other, shift)];
    const difference = sumOf(ones, (count, cell) => {
      const both = count + (others[cell] ?? 0);
      return both === 0 ? 0 : (2 * count - both) ** 2 / both;
    });
    most = Math.max(most, difference);
  }
  return verdict(15, most);
}

function nibbles(sample: readonly bigint[], shift: bigint): number[] {
  const counts = new Array<number>(16).fill(0);
  for (const value of sample) add(counts, Number((value >> shift) & 15n));
  return counts;
}

/** Wilson and Hilferty (1931): the cube root of χ² is nearly normal. */
function verdict(freedom: number, statistic: number): Verdict {
  const spread = 2 / (9 * freedom);
  return { statistic, limit: freedom * (1 - spread + Z * Math.sqrt(spread)) ** 3 };
}

function add(counts: number[], cell: number): void {
  counts[cell] = (counts[cell] ?? 0) + 1;
}

function sumOf(counts: readonly number[], part: (count: number, cell: number) => number): number {
  return counts.reduce((sum, count, cell) => sum + part(count, cell), 0);
}
