// @ts-check
/** `npm run bench:signaling -- --rounds 7 --only memory,joins`: the signaling server beside what else there is. */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const usage = `npm run bench:signaling -- [--rounds N] [--only PARTS] [--contenders NAMES] [--redis] [--peers SIZES] …
  --rounds      in each of which every contender has its turn (7)
  --only        memory, joins, saturated, paced (all)
  --contenders  by name; peerpool and bare are what ratios are made of (bare,peerpool,PeerServer)
  --redis       one node over Redis and three as well: redis-1,redis-3; needs redis-server
  --peers       at which memory is looked at (1000,2500,5000,10000); a process needs a file for each
  --idle        seconds for which the last of them are watched (25: one heartbeat of each)
  --joins       that are counted (2000)
  --signaling   peers that signal (800)
  --seconds     for which they do (5)
  --in-flight   signals on their way at once, where the server is to be full (128)
  --rate        signals a second, where it is not (2000)
  --generators  processes that make the load (cores less one, 4 at most)
  --json        where all values go (test-results/signaling.json)
  --profile     a folder for V8's profiles of the servers; figures are worse with it`;

const MOST_GENERATORS = 4;

const entry = fileURLToPath(new URL('bench.ts', import.meta.url));
const { module } = await runnerImport(entry, { configFile: false, logLevel: 'error' });
const options = read(module);
try {
  await module.bench(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/**
 * What is asked for; ends the process when it can't be understood.
 * @param {{ PARTS: readonly string[], CONTENDERS: readonly string[], OVER_REDIS: readonly string[] }} known
 */
function read({ PARTS, CONTENDERS, OVER_REDIS }) {
  const text = /** @type {const} */ ({ type: 'string' });
  try {
    const { values } = parseArgs({
      options: {
        rounds: { ...text, default: '7' },
        only: { ...text, default: PARTS.join(',') },
        contenders: { ...text, default: CONTENDERS.filter((name) => !OVER_REDIS.includes(name)).join(',') },
        redis: { type: 'boolean', default: false },
        peers: { ...text, default: '1000,2500,5000,10000' },
        idle: { ...text, default: '25' },
        joins: { ...text, default: '2000' },
        signaling: { ...text, default: '800' },
        seconds: { ...text, default: '5' },
        'in-flight': { ...text, default: '128' },
        rate: { ...text, default: '2000' },
        generators: { ...text, default: String(Math.min(MOST_GENERATORS, Math.max(1, cpus().length - 1))) },
        json: { ...text, default: 'test-results/signaling.json' },
        profile: text,
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    const contenders = [...new Set([...values.contenders.split(','), ...(values.redis ? OVER_REDIS : [])])];
    return {
      rounds: whole(values.rounds),
      parts: among(values.only.split(','), PARTS, 'part'),
      contenders: among(contenders, CONTENDERS, 'contender'),
      peers: values.peers.split(',').map(whole),
      idle: amount(values.idle),
      joins: whole(values.joins),
      signaling: whole(values.signaling),
      seconds: amount(values.seconds),
      inFlight: whole(values['in-flight']),
      rate: amount(values.rate),
      generators: whole(values.generators),
      json: values.json,
      profiles: values.profile,
      tell: (/** @type {string} */ line) => process.stdout.write(`${line}\n`),
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}

/**
 * @param {readonly string[]} names
 * @param {readonly string[]} known
 * @param {string} what
 */
function among(names, known, what) {
  for (const name of names)
    if (!known.includes(name)) throw new Error(`there is no ${what} "${name}"; there are ${known.join(', ')}`);
  return names;
}

/** @param {string} text */
function amount(text) {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`"${text}" is no amount of anything`);
}

/** @param {string} text */
function whole(text) {
  const value = amount(text);
  if (Number.isSafeInteger(value)) return value;
  throw new Error(`"${text}" is no number of anything`);
}
