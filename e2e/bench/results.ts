/** What is measured, and in what. `up`: more is better. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly better: 'up' | 'down';
  /** The step that measures it; a contender that fails there has none. */
  readonly where: string;
}

/** By round; a round in which the contender failed has none. */
export type Rounds = (number | undefined)[];

export interface Failure {
  readonly contender: string;
  readonly where: string;
  readonly round: number;
  readonly reason: string;
}

/** What was seen, by metric and contender. */
export class Results {
  readonly metrics: Metric[] = [];
  readonly failures: Failure[] = [];
  readonly #tell: (line: string) => void;
  readonly #values = new Map<string, Map<string, Rounds>>();

  /** Failures are told at once. */
  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  add(metric: Metric, contender: string, round: number, value: number): void {
    if (!this.metrics.some(({ name }) => name === metric.name)) this.metrics.push(metric);
    const row = this.#values.get(metric.name) ?? new Map<string, Rounds>();
    this.#values.set(metric.name, row);
    const rounds = row.get(contender) ?? [];
    row.set(contender, rounds);
    rounds[round] = value;
  }

  fail(failure: Failure): void {
    this.#tell(`${failure.contender} fails at ${failure.where}: ${failure.reason}`);
    this.failures.push(failure);
  }

  values(metric: string, contender: string): readonly number[] {
    return (this.#values.get(metric)?.get(contender) ?? []).filter((value) => value !== undefined);
  }

  contenders(metric: string): string[] {
    return [...(this.#values.get(metric)?.keys() ?? [])];
  }

  /** Of one contender over another, in the rounds in which both succeeded. */
  ratios(metric: string, one: string, other: string, otherMetric = metric): number[] {
    const ours = this.#values.get(metric)?.get(one) ?? [];
    const theirs = this.#values.get(otherMetric)?.get(other) ?? [];
    return ours.flatMap((value, round) => {
      const base = theirs[round];
      return value === undefined || base === undefined ? [] : [value / base];
    });
  }

  toJSON(): unknown {
    const rows = this.metrics.map((metric) => ({
      ...metric,
      values: Object.fromEntries(this.#values.get(metric.name) ?? []),
    }));
    return { rows, failures: this.failures };
  }
}
