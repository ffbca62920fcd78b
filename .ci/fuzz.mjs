// @ts-check
/**
 * `npm run fuzz -- --inputs 1000 --seed 1`: what a stranger may send, through every door by which it comes in, and what becomes of it. The sources are bundled first, for Node 20 reads no TypeScript.
 * `--break` breaks them on purpose, to see that it is noticed.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { flaws } from './altered-sources.mjs';
import { bundled } from './bundled.mjs';

/** How many of a hundred inputs each gets, by what it costs and what it can find. */
const shares = { frames: 14, hello: 7, envelopes: 7, packer: 48, signaling: 24 };

/** Looked at after each. */
const BATCH = 20_000;

/** In ms. An input that is under way for as long does not end. */
const ENDLESS = 60_000;

/** What is still referred to may grow by so many bytes over a target's batches: code that is optimized, tables that are filled once. */
const GROWTH = 24 * 2 ** 20;

const usage = `npm run fuzz -- [--inputs N] [--seed S] [--from N] [--only ${Object.keys(shares).join('|')}] [--break ${Object.keys(flaws).join('|')}]
  --inputs  over all targets (200,000)
  --seed    of all of them (1)
  --from    the number of the first input (0)
  --only    one target, with all inputs
  --break   the code first; then it has to fail`;

setFlagsFromString('--expose-gc');
const collect = /** @type {() => void} */ (runInNewContext('gc'));

/** @type {string | undefined} */
let rejected;
const options = read();
/** The number of the input under way: what never ends can't say so itself. */
const underWay = new Float64Array(new SharedArrayBuffer(8));
watch();
/** @type {{ fuzz(span: Span): Promise<Failure | undefined> }} */
const bundle = await bundled('client/src/fuzzing/fuzz.ts', options.flaw === undefined ? [] : [options.flaw.alteration]);
// From here on whatever nobody catches is what an input did.
process.on('unhandledRejection', (reason) => {
  rejected ??= String(reason);
});
process.on('uncaughtException', (error) => {
  rejected ??= String(error);
});
for (const [target, inputs] of Object.entries(options.plan)) await run(target, inputs);

/** What is asked for; ends the process when it can't be understood. */
function read() {
  try {
    const { values } = parseArgs({
      options: {
        inputs: { type: 'string', default: '200000' },
        seed: { type: 'string', default: '1' },
        from: { type: 'string', default: '0' },
        only: { type: 'string' },
        break: { type: 'string' },
      },
    });
    const flaw = values.break === undefined ? undefined : flaws[values.break];
    if (values.break !== undefined && flaw === undefined) throw new Error(`there is no break "${values.break}"`);
    const only = values.only ?? flaw?.target;
    if (only !== undefined && !Object.hasOwn(shares, only)) throw new Error(`there is no target "${only}"`);
    const inputs = number(values.inputs);
    const plan = Object.fromEntries(
      Object.entries(shares)
        .filter(([target]) => only === undefined || target === only)
        .map(([target, share]) => [target, only === undefined ? Math.ceil((inputs * share) / 100) : inputs]),
    );
    return { plan, flaw, broken: values.break, seed: number(values.seed), from: number(values.from) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

/** @param {string} text */
function number(text) {
  const value = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`"${text}" is no number`);
}

/**
 * As `client/src/fuzzing/fuzz.ts` has them.
 * @typedef {{ target: string, seed: number, from: number, inputs: number, unhandled: () => string | undefined, begin: (input: number) => void }} Span
 * @typedef {{ input: number, text: string, given: readonly string[] }} Failure
 */

/**
 * One target, in batches, until it fails.
 * @param {string} target
 * @param {number} inputs
 */
async function run(target, inputs) {
  const { seed, from } = options;
  const began = performance.now();
  /** @type {number | undefined} */
  let least;
  let most = 0;
  for (let done = 0; done < inputs; done += BATCH) {
    const span = { target, seed, from: from + done, inputs: Math.min(BATCH, inputs - done), unhandled, begin };
    const failure = await bundle.fuzz(span);
    if (failure !== undefined) return tell(target, failure);
    const bytes = held();
    // Of the first batch the engine keeps what it has compiled.
    least = Math.min(least ?? bytes, bytes);
    most = Math.max(most, bytes - least);
    if (most > GROWTH)
      return tell(target, { input: from + done, text: `${most} bytes more are held than before`, given: [] });
  }
  const seconds = (performance.now() - began) / 1000;
  const count = (/** @type {number} */ value) => Math.round(value).toLocaleString('en');
  underWay[0] = -1;
  console.log(
    `${target.padEnd(10)} ${count(inputs)} inputs from seed ${seed} in ${seconds.toFixed(1)} s, ${count(inputs / seconds)} a second; grew by ${count(most / 1024)} KiB`,
  );
}

/** Bytes of objects and of array buffers, when all that nobody refers to is gone. */
function held() {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** @param {number} input */
function begin(input) {
  underWay[0] = input;
}

/** From a thread of its own, that ends with this one. */
function watch() {
  const code = `
    const { workerData: { underWay, hint, ms } } = require('node:worker_threads');
    let last = NaN;
    setInterval(() => {
      if (underWay[0] !== last) last = underWay[0];
      else if (last >= 0) {
        require('node:fs').writeSync(2, 'failed: it does not end\\n  ' + hint + ' --from ' + last + ' --inputs 1 \\n');
        process.kill(process.pid, 'SIGKILL');
      }
    }, ms);`;
  const broken = options.broken === undefined ? '' : ` --break ${options.broken}`;
  const hint = `npm run fuzz --${broken} --only ${Object.keys(options.plan).join('|')} --seed ${options.seed}`;
  underWay[0] = -1;
  new Worker(code, { eval: true, workerData: { underWay, hint, ms: ENDLESS } }).unref();
}

function unhandled() {
  const reason = rejected;
  rejected = undefined;
  return reason;
}

/**
 * @param {string} target
 * @param {Failure} failure
 */
function tell(target, { input, text, given }) {
  const broken = options.broken === undefined ? '' : ` --break ${options.broken}`;
  console.error(`${target}, failed: ${text}`);
  for (const one of given) console.error(`  ${one.length > 4000 ? `${one.slice(0, 4000)}… (${one.length})` : one}`);
  console.error(`  npm run fuzz -- --only ${target} --seed ${options.seed} --from ${input} --inputs 1${broken}`);
  process.exitCode = 1;
}
