/** A median with the interval that holds the true one with a probability of at least 95 %, where there are enough samples. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/** The interval is one between order statistics, which supposes nothing of the distribution (David and Nagaraja, Order Statistics, section 7.1). With fewer than six samples it reaches from the least to the most. */
export function estimate(samples: readonly number[]): Estimate {
  const sorted = [...samples].sort((a, b) => a - b);
  const count = sorted.length;
  let rank = 0;
  for (let below = 0, tail = 0; below < count / 2 - 1; below++) {
    tail += choose(count, below) / 2 ** count;
    if (2 * tail > 0.05) break;
    rank = below;
  }
  return {
    median: quantile(sorted, 0.5),
    low: sorted[rank] ?? Number.NaN,
    high: sorted[count - 1 - rank] ?? Number.NaN,
    samples: count,
  };
}

/** Of the sorted or unsorted, by linear interpolation. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export interface Line {
  readonly slope: number;
  readonly start: number;
  /** How far the farthest point lies from it, as a share of the growth from the first point to the last. */
  readonly farthest: number;
}

/** The line of least squares through points [x, y]. */
export function line(points: readonly (readonly [number, number])[]): Line {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spread = points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
  const slope = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0) / spread;
  const start = y - slope * x;
  const errors = points.map(([px, py]) => Math.abs(py - start - slope * px));
  const all = points.map(([x]) => x);
  return { slope, start, farthest: Math.max(...errors) / Math.abs(slope * (Math.max(...all) - Math.min(...all))) };
}

function choose(count: number, chosen: number): number {
  let ways = 1;
  for (let step = 0; step < chosen; step++) ways = (ways * (count - step)) / (step + 1);
  return ways;
}
