import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { judge } from '../figures.ts';
import { report } from '../report.ts';
import { Results } from '../results.ts';
import { CONTENDERS, type Contender, OVER_REDIS } from './contenders.ts';
import { FIGURES, remarks } from './figures.ts';
import { measure, type Part, PARTS, type Sizes } from './measures.ts';

export { CONTENDERS, OVER_REDIS, PARTS };

export interface SignalingBenchOptions extends Sizes {
  readonly rounds: number;
  readonly parts: readonly Part[];
  readonly contenders: readonly Contender[];
  readonly json: string;
  readonly tell: (line: string) => void;
}

/** What a process has open beside its connections. */
const OTHER_FILES = 200;

/**
 * Runs all of it: contenders one after the other, the next round in another order.
 * @throws Error when this machine can't hold so many connections
 */
export async function bench(options: SignalingBenchOptions): Promise<void> {
  const { rounds, parts, contenders, json, tell, ...sizes } = options;
  if (parts.includes('memory')) demandFiles(Math.max(...sizes.peers) + OTHER_FILES);
  const results = new Results(tell);
  const load = loadavg()[0] ?? Number.NaN;
  const machine = `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), load ${load.toFixed(1)} before`;
  tell(machine);
  for (let round = 0; round < rounds; round++) {
    const began = Date.now();
    const turn = contenders.map((_, place) => contenders[(place + round) % contenders.length] as Contender);
    for (const part of parts) await measure(part, turn, round, results, sizes);
    tell(`round ${round + 1} of ${rounds}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
  }
  const figures = judge(results, FIGURES);
  tell(`\n${report(results, figures)}\n\n${remarks(results)}`);
  const written = { machine, rounds, sizes, ...(results.toJSON() as object), figures };
  mkdirSync(path.dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify(written, undefined, 1)}\n`);
}

/** Node takes as many files as it may; so what counts is the hard limit. */
function demandFiles(wanted: number): void {
  const limit = execFileSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  if (limit === 'unlimited' || Number(limit) >= wanted) return;
  throw new Error(
    `a process may have ${limit} files open here, and ${wanted} are needed; raise \`ulimit -n\`, or choose fewer by --peers`,
  );
}
