import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** What a survivor saw of one kind of end. Times in ms, from the command on. */
export interface DepartureRow {
  readonly end: string;
  readonly times: readonly number[];
  /** Reasons of `leave`, or states of `link`, in the order in which they came. */
  readonly seen: readonly string[];
}

const HEAD = ['| what happens | the others see | after, in the median | worst | samples |', '|---|---|---|---|---|'];

/** A row for each kind of end, in the order given; written to the file that `PEERPOOL_TABLE` names, beside the rows of earlier runs. */
export class DeparturesTable {
  readonly #ends: readonly string[];

  constructor(ends: readonly string[]) {
    this.#ends = ends;
  }

  add(row: DepartureRow): void {
    const line = written(row);
    process.stdout.write(`${line}\n`);
    const file = process.env['PEERPOOL_TABLE'];
    if (file === undefined) return;
    const known = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    const rows = this.#ends.flatMap((end) => {
      if (end === row.end) return line;
      return known.find((before) => before.startsWith(`| ${end} |`)) ?? [];
    });
    writeFileSync(file, `${[...HEAD, ...rows].join('\n')}\n`);
  }
}

export function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function written({ end, times, seen }: DepartureRow): string {
  const cells = [end, [...new Set(seen)].join(', '), spoken(median(times)), spoken(Math.max(...times)), times.length];
  return `| ${cells.join(' | ')} |`;
}

function spoken(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
