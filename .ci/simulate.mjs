// @ts-check
/**
 * `npm run simulate -- --runs 1000 --seed 1`: two sessions over links that break, rooms full of peers that lose each other, and what became of their messages; and the clients of a server that
 * comes back. The sources are bundled first, for
 * Node 20 reads no TypeScript. `--break` breaks them on purpose, to see that it is noticed.
 */
import { parseArgs } from 'node:util';
import { breaks, scaled } from './altered-sources.mjs';
import { bundled } from './bundled.mjs';

/** `enough`: from so many runs on a situation that was never met is a failure. */
const simulations = {
  session: {
    file: 'client/src/session/testing/simulation.ts',
    name: 'simulateSession',
    runs: 1_000,
    enough: 8_000,
    alterations: scaled,
  },
  pairing: {
    file: 'client/src/communicators/testing/simulate-pairing.ts',
    name: 'simulatePairing',
    runs: 100,
    enough: 1_000,
    alterations: [],
  },
  outage: {
    file: 'client/src/communicators/testing/simulate-outage.ts',
    name: 'simulateOutage',
    runs: 1,
    enough: Number.POSITIVE_INFINITY,
    alterations: [],
  },
};

const usage = `npm run simulate -- [${Object.keys(simulations).join('|')}] [--seed S] [--runs N] [--cuts N] [--break ${Object.keys(breaks).join('|')}]
  --seed   of the first run; the next has the next (1)
  --runs   of each simulation (${Object.values(simulations)
    .map(({ runs }) => runs)
    .join(', ')})
  --cuts   of the sessions' links; as many runs as it takes, unless --runs is less
  --clients --capacity --outage
           of an outage: whom the server loses (10000), how many joins it can serve a second (1000), for how many seconds it is away (30)
  --break  the code first; then it has to fail`;

const options = read();
for (const name of options.names) {
  const report = await simulate(name);
  if (!tell(name, report)) process.exitCode = 1;
}

/** What is asked for; ends the process when it can't be understood. */
function read() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        seed: { type: 'string', default: '1' },
        runs: { type: 'string' },
        cuts: { type: 'string' },
        clients: { type: 'string', default: '10000' },
        capacity: { type: 'string', default: '1000' },
        outage: { type: 'string', default: '30' },
        break: { type: 'string' },
      },
    });
    const broken = values.break === undefined ? undefined : breaks[values.break];
    if (values.break !== undefined && broken === undefined) throw new Error(`there is no break "${values.break}"`);
    const named = positionals.map((name) => {
      if (name === 'session' || name === 'pairing' || name === 'outage') return name;
      throw new Error(`there is no simulation "${name}"`);
    });
    const all = /** @type {const} */ (['session', 'pairing', 'outage']);
    const names = broken === undefined ? (named.length > 0 ? named : all) : [broken.simulation];
    const [clients, capacity, outage] = [values.clients, values.capacity, values.outage].map(number);
    if (!clients || !capacity) throw new Error('there is nobody, or nothing they could come back to');
    const storm = { clients, capacity, outage };
    return { names, broken, storm, seed: number(values.seed), runs: number(values.runs), cuts: number(values.cuts) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

/** @param {string | undefined} text */
function number(text) {
  if (text === undefined) return undefined;
  const value = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`"${text}" is no number`);
}

/** @param {keyof typeof simulations} name */
async function simulate(name) {
  const { file, name: simulator, alterations, runs: usual } = simulations[name];
  const { broken, seed = 1, cuts, storm } = options;
  const runs = options.runs ?? (name === 'session' && cuts !== undefined ? Number.POSITIVE_INFINITY : usual);
  const bundle = await bundled(file, broken === undefined ? alterations : [...alterations, broken.alteration]);
  const began = performance.now();
  // Whoever replays one run wants to see what happened in it.
  const trace = runs === 1 && broken === undefined ? console.log : undefined;
  /** @type {Report | OutageReport} */
  const report = await bundle[simulator]({ seed, runs, cuts, ...storm, failures: broken === undefined ? 3 : 1, trace });
  return { ...report, seconds: (performance.now() - began) / 1000 };
}

/**
 * As `client/src/session/testing/report.ts` has it.
 * @typedef {object} Report
 * @property {number} runs
 * @property {number} cuts
 * @property {number} sent
 * @property {number} lost
 * @property {number} duplicated
 * @property {number} reordered
 * @property {number} unsettled
 * @property {{ seed: number, text: string }[]} failures
 * @property {Record<string, number>} coverage
 * @property {number} largestMemory
 */

/**
 * As `client/src/communicators/testing/simulate-outage.ts` has it.
 * @typedef {object} OutageReport
 * @property {number} runs
 * @property {Record<string, { half: number, most: number, all: number, tries: number, peak: number, queue: number, wasted: number }>} returns
 * @property {{ seed: number, text: string }[]} failures
 */

/**
 * Says what was seen, and whether it was as it should be.
 * @param {keyof typeof simulations} name
 * @param {(Report | OutageReport) & { seconds: number }} report
 */
function tell(name, report) {
  if ('returns' in report) return tellOutage(report);
  const { runs, cuts, sent, lost, duplicated, reordered, unsettled, failures, coverage, largestMemory, seconds } =
    report;
  const { broken, seed = 1 } = options;
  const count = (/** @type {number} */ value) => value.toLocaleString('en');
  console.log(`${name}${broken === undefined ? '' : `, broken: ${broken.what}`}`);
  console.log(`  ${count(runs)} runs from seed ${seed} in ${seconds.toFixed(1)} s, ${count(runs / seconds)} a second`);
  console.log(`  ${count(cuts)} links cut, ${count(sent)} messages sent`);
  console.log(`  ${lost} lost, ${duplicated} duplicated, ${reordered} reordered, ${unsettled} unsettled`);
  console.log(`  ${count(Math.round(largestMemory / 1024))} KiB held at most`);
  for (const [situation, times] of Object.entries(coverage)) console.log(`  ${count(times).padStart(9)} ${situation}`);
  tellFailures(name, failures);
  const unmet = runs < simulations[name].enough ? [] : Object.keys(coverage).filter((each) => coverage[each] === 0);
  for (const situation of unmet) console.error(`  never met: ${situation}`);
  const wrong = lost + duplicated + reordered + unsettled;
  return failures.length === 0 && unmet.length === 0 && wrong === 0;
}

/** @param {OutageReport & { seconds: number }} report */
function tellOutage({ runs, returns, failures, seconds }) {
  const { broken, storm, seed = 1 } = options;
  const count = (/** @type {number} */ value) => value.toLocaleString('en');
  const time = (/** @type {number} */ ms) =>
    ms === Number.POSITIVE_INFINITY ? 'never' : `${(ms / 1000).toFixed(1)} s`;
  console.log(`outage${broken === undefined ? '' : `, broken: ${broken.what}`}`);
  const away = `${count(storm.clients)} clients, ${count(storm.capacity)} joins a second, ${storm.outage} s away`;
  console.log(`  ${away}; ${count(runs)} runs from seed ${seed} in ${seconds.toFixed(1)} s`);
  const row = (/** @type {readonly string[]} */ [name = '', ...cells]) =>
    console.log(`  ${name.padEnd(20)}${cells.map((cell) => cell.padStart(12)).join('')}`);
  row(['', 'half back', '99 of 100', 'all', 'tries', 'in one s', 'in a row', 'for nothing']);
  for (const [name, { half, most, all, tries, peak, queue, wasted }] of Object.entries(returns))
    row([name, ...[half, most, all].map(time), ...[tries, peak, queue, wasted].map(count)]);
  tellFailures('outage', failures);
  return failures.length === 0;
}

/**
 * @param {keyof typeof simulations} name
 * @param {{ seed: number, text: string }[]} failures
 */
function tellFailures(name, failures) {
  const { broken } = options;
  const again = `npm run simulate -- ${name} --runs 1${broken === undefined ? '' : ` --break ${nameOf(broken)}`}`;
  for (const failure of failures) console.error(`  failed: ${failure.text}\n    ${again} --seed ${failure.seed}`);
}

/** @param {(typeof breaks)[string]} broken */
function nameOf(broken) {
  return Object.keys(breaks).find((name) => breaks[name] === broken);
}
