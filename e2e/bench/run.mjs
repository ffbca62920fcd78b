// @ts-check
/** `npm run bench -- --rounds 7 --only pair,mesh`: peerpool beside what else there is, in real tabs. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const usage = `npm run bench -- [--rounds N] [--only PARTS] [--contenders NAMES] [--meshes SIZES] [--scale SHARE] [--json FILE] [--plot FILE]
  --rounds      in each of which every contender has its turn (7)
  --only        pair, calls, broadcast, mesh, memory (all)
  --contenders  by name, with semicolons, for some have a comma; peerpool and bare are what ratios are made of (all)
  --meshes      sizes of full meshes (2,4,8,16,32); 64 takes minutes
  --scale       of all times and counts of two tabs; 0.1 is for a first look (1)
  --json        where all values go (test-results/bench.json)
  --plot        where a picture goes (test-results/bench.svg)`;

const entry = fileURLToPath(new URL('bench.ts', import.meta.url));
const { module } = await runnerImport(entry, { configFile: false, logLevel: 'error' });
await module.bench(read(module.PARTS, module.CONTENDERS));
// PeerJS's server has timers that nobody can stop.
process.exit();

/**
 * What is asked for; ends the process when it can't be understood.
 * @param {readonly string[]} known
 * @param {readonly string[]} competing
 */
function read(known, competing) {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '7' },
        only: { type: 'string', default: known.join(',') },
        contenders: { type: 'string' },
        scale: { type: 'string', default: '1' },
        meshes: { type: 'string', default: '2,4,8,16,32' },
        json: { type: 'string', default: 'test-results/bench.json' },
        plot: { type: 'string', default: 'test-results/bench.svg' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    const parts = values.only.split(',');
    for (const part of parts) if (!known.includes(part)) throw new Error(`there is no part "${part}"`);
    const contenders = values.contenders?.split(';').map((name) => name.trim());
    for (const name of contenders ?? []) {
      if (!competing.includes(name))
        throw new Error(`there is no contender "${name}"; there are ${competing.join('; ')}`);
    }
    return {
      rounds: number(values.rounds),
      parts,
      contenders,
      scale: share(values.scale),
      meshes: values.meshes.split(',').map(number),
      json: values.json,
      plot: values.plot,
      tell: (/** @type {string} */ line) => process.stdout.write(`${line}\n`),
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}

/** @param {string} text */
function share(text) {
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new Error(`"${text}" is no share of anything`);
}

/** @param {string} text */
function number(text) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`"${text}" is no number of anything`);
}
