import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { FIGURES, judge } from './figures.ts';
import { measureCalls } from './calls.ts';
import { measureBroadcast, measureMesh } from './group.ts';
import { measureMemory } from './memory.ts';
import type { ContenderName } from './page/main.ts';
import { measurePair } from './pair.ts';
import { plot } from './plot.ts';
import { report } from './report.ts';
import { Results } from './results.ts';
import { startServers } from './servers.ts';
import { Stage } from './stage.ts';

export interface BenchOptions {
  readonly rounds: number;
  readonly parts: readonly Part[];
  /** Whoever is left out is not compared with. */
  readonly contenders: readonly string[] | undefined;
  readonly meshes: readonly number[];
  /** Of all times and counts of two tabs; less than 1 is for a first look. */
  readonly scale: number;
  readonly json: string | undefined;
  readonly plot: string | undefined;
  readonly tell: (line: string) => void;
}

export const PARTS = ['pair', 'calls', 'broadcast', 'mesh', 'memory'] as const;
export type Part = (typeof PARTS)[number];

const NETWORKED: readonly ContenderName[] = ['bare', 'peerpool', 'simple-peer', 'PeerJS', 'Trystero', 'socket.io'];
const IN_ONE_BROWSER: readonly ContenderName[] = [
  'peerpool, local',
  'peerpool, BroadcastChannel',
  'bare BroadcastChannel',
];
/** All that can be named. */
export const CONTENDERS: readonly string[] = [...NETWORKED, ...IN_ONE_BROWSER, 'Comlink'];
/** Whom the figures are about. What takes long is done by the others in the first round only. */
const JUDGED: readonly ContenderName[] = ['bare', 'peerpool'];
/** Beside remote calls: messages that are sent back, and calls within one page, for scale. */
const CALLED: readonly ContenderName[] = [...JUDGED, 'Comlink'];
/** Large meshes are measured once: whether they come about at all. */
const LARGE_MESH = 32;

/** Runs all of it: contenders one after the other, the next round in another order. */
export async function bench({
  rounds,
  parts,
  contenders,
  meshes,
  scale,
  json,
  plot: drawing,
  tell,
}: BenchOptions): Promise<void> {
  const chosen = (names: readonly ContenderName[]): readonly ContenderName[] =>
    names.filter((name) => contenders === undefined || contenders.includes(name));
  const results = new Results(tell);
  const servers = await startServers();
  const stage = await Stage.set(servers);
  const machine = `Chromium ${stage.browserVersion}, Node ${process.version}, ${cpus().length} cores`;
  tell(machine);
  try {
    for (let round = 0; round < rounds; round++) {
      const began = Date.now();
      const turn = (names: readonly ContenderName[]): ContenderName[] => {
        const all = chosen(names);
        return all.map((_, place) => all[(place + round) % all.length] as ContenderName);
      };
      if (parts.includes('pair')) {
        for (const name of turn(NETWORKED)) await measurePair(stage, name, round, results, scale, 'strangers');
        for (const name of turn(IN_ONE_BROWSER)) await measurePair(stage, name, round, results, scale, 'window');
      }
      if (parts.includes('calls')) {
        for (const name of turn(CALLED)) await measureCalls(stage, name, round, results, scale);
      }
      if (parts.includes('broadcast')) {
        for (const name of turn(round === 0 ? NETWORKED : JUDGED)) await measureBroadcast(stage, name, round, results);
      }
      if (parts.includes('mesh')) {
        for (const size of meshes) {
          if (size >= LARGE_MESH && round > 0) continue;
          for (const name of turn(JUDGED)) await measureMesh(stage, name, size, round, results);
        }
      }
      if (parts.includes('memory')) {
        for (const name of turn(round === 0 ? NETWORKED : ['peerpool']))
          await measureMemory(stage, name, round, results);
      }
      tell(`round ${round + 1} of ${rounds}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
    }
  } finally {
    await stage.close();
    await servers.close();
  }
  const verdicts = judge(results, FIGURES);
  tell(`\n${report(results, verdicts)}`);
  if (json !== undefined) {
    write(
      json,
      `${JSON.stringify({ machine, rounds, ...(results.toJSON() as object), figures: verdicts }, undefined, 1)}\n`,
    );
  }
  if (drawing !== undefined) write(drawing, plot(results, machine));
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
