import { parseArgs, type ParseArgsConfig } from 'node:util';
import { SIGNALING_PATH } from '#shared/signaling';
import { DEFAULT_LIMITS } from '../admission/limits.ts';

interface Option {
  /** What follows the flag; nothing follows a switch. */
  readonly takes?: string;
  readonly tells: string;
  /** As one would write it. */
  readonly fallback?: string;
  /** Parts by comma, or the flag more than once. */
  readonly list?: true;
}

/** Every flag, in the order in which `--help` shows them. */
const OPTIONS = {
  port: { takes: 'number', tells: 'port to listen on; 0 takes a free one', fallback: '3000' },
  // All interfaces: who starts a server by hand means it to be reached, from a phone or from outside its container.
  host: {
    takes: 'address',
    tells: 'interface to listen on; 127.0.0.1 is reached from this machine only',
    fallback: '0.0.0.0',
  },
  path: { takes: 'path', tells: 'where signaling is', fallback: SIGNALING_PATH },
  origin: { takes: 'origin,…', tells: 'web origins that may join; * is all', fallback: '*', list: true },
  'auth-secret': {
    takes: 'secret,…',
    tells: 'who joins shows a token signed with one of these; needs the package jose',
    list: true,
  },
  'trust-proxy': { takes: 'hops', tells: 'proxies in front, which write X-Forwarded-For', fallback: '0' },
  'max-peers-per-room': limit('members of one room', 'maxPeersPerRoom'),
  'max-rooms': limit('rooms', 'maxRooms'),
  'max-connections-per-address': limit('clients of one address', 'maxConnectionsPerAddress'),
  'address-connections-per-second': limit('new ones of one address', 'addressConnectionsPerSecond'),
  'address-joins-per-second': limit('joins of one address', 'addressJoinsPerSecond'),
  'address-packets-per-second': limit('packets of one address', 'addressPacketsPerSecond'),
  'address-bytes-per-second': limit('bytes of one address', 'addressBytesPerSecond'),
  'redis-url': {
    takes: 'url',
    tells:
      'a Redis through which several servers are one; redis:// or rediss://; needs the packages redis and @socket.io/redis-streams-adapter',
  },
  'redis-prefix': { takes: 'text', tells: 'what its keys begin with', fallback: 'peerpool' },
  advertise: {
    takes: 'url',
    tells:
      'where the other servers reach this one, by plain HTTP; by default its first address on a network, and its port',
  },
  'stun-url': { takes: 'url,…', tells: 'STUN servers that members are told of', list: true },
  'turn-url': {
    takes: 'url,…',
    tells: 'TURN servers that members are told of; turn: or turns:; needs --turn-secret',
    list: true,
  },
  'turn-secret': { takes: 'secret', tells: 'what those share with this server (static-auth-secret of coturn)' },
  'turn-ttl': { takes: 'seconds', tells: 'how long the credentials of a member are good for', fallback: '3600' },
  'log-level': { takes: 'level', tells: 'debug, info, warn, error or silent', fallback: 'info' },
  logger: { takes: 'name', tells: 'json, or pino, which needs the package pino', fallback: 'json' },
  metrics: { tells: 'GET /metrics answers, for Prometheus; needs the package prom-client' },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof OPTIONS;
export type OptionWithDefault = {
  [Name in OptionName]: (typeof OPTIONS)[Name] extends { readonly fallback: string } ? Name : never;
}[OptionName];

function limit(tells: string, name: keyof typeof DEFAULT_LIMITS) {
  return { takes: 'number', tells, fallback: String(DEFAULT_LIMITS[name]) } as const;
}

/** A sentence for the person at the command line. */
export class SettingsError extends Error {}

/** What was said of an option, and where: by which flag or variable, or by nobody. */
export interface Given {
  readonly value: string;
  readonly from: string;
}

export interface CommandLine {
  readonly action: 'serve' | 'help' | 'version';
  /** Flags go before variables. */
  read(option: OptionName): Given | undefined;
  /** The same, or what it is by default. */
  readOr(option: OptionWithDefault): Given;
}

/** @throws SettingsError for a flag that is none */
export function commandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine {
  const flags = parse(args);
  const read = (option: OptionName): Given | undefined => {
    const flag = flags[option];
    if (flag !== undefined) return { value: String(flag), from: `--${option}` };
    // An empty variable is how shells and compose files say "not set".
    const from = variables(option).find((variable) => (environment[variable] ?? '') !== '');
    return from === undefined ? undefined : { value: environment[from] ?? '', from };
  };
  return {
    action: flags['help'] === true ? 'help' : flags['version'] === true ? 'version' : 'serve',
    read,
    readOr: (option) => read(option) ?? { value: OPTIONS[option].fallback, from: `--${option}` },
  };
}

type Flags = NonNullable<ParseArgsConfig['options']>;

function parse(args: readonly string[]) {
  const options: Flags = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } };
  for (const [name, { takes, list = false }] of Object.entries<Option>(OPTIONS)) {
    options[name] = takes === undefined ? { type: 'boolean' } : { type: 'string', multiple: list };
  }
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // It could be half of a secret with a space in it.
    const sentence = code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' ? BARE : (message.split('\n', 1)[0] ?? '');
    throw new SettingsError(sentence, { cause });
  }
}

const BARE = 'there is a word that no flag goes before; a value with spaces stands in quotes';

/** The variables that say the same as a flag, the first before the others. */
export function variables(option: OptionName): readonly string[] {
  const own = `PEERPOOL_${option.toUpperCase().replaceAll('-', '_')}`;
  return option === 'port' ? [own, 'PORT'] : [own];
}

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

/** Where `--help` begins to tell, and how far it goes. */
const COLUMN = 35;
const WIDTH = 100;

export const HELP = `peerpool-signaling introduces peers of peerpool to each other.

${OPTION_NAMES.map(help).join('\n')}
  --help, --version

In parentheses stand the defaults. Each flag is an environment variable too: --max-rooms is PEERPOOL_MAX_ROOMS, and
--port is PORT as well. Flags go before variables; variables keep secrets out of the list of processes.

GET /healthz answers 200 while it serves, and says how it is; GET /readyz answers 200 while newcomers are welcome.
Its log goes to standard output, one JSON object a line.

SIGTERM and SIGINT end it: newcomers are refused, everybody is told, and after 5 seconds at most it is gone; a
second one ends it at once.
Exit codes: 0 ended as asked; 1 can't listen, or failed; 2 a wrong flag or variable, or a missing package.`;

function help(name: OptionName): string {
  const { takes, tells, fallback }: Option = OPTIONS[name];
  const flag = `  --${name}${takes === undefined ? '' : ` <${takes}>`}`;
  const lines = wrapped(`${tells}${fallback === undefined ? '' : ` (${fallback})`}`, WIDTH - COLUMN);
  const indent = ' '.repeat(COLUMN);
  const beside = flag.length < COLUMN - 1 ? [`${flag.padEnd(COLUMN)}${lines.shift() ?? ''}`] : [flag];
  return [...beside, ...lines.map((line) => `${indent}${line}`)].join('\n');
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
