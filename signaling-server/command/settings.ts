import { parseArgs } from 'node:util';
import { SIGNALING_PATH } from '#shared/signaling';
import { DEFAULT_LIMITS } from '../admission/limits.ts';
import { isPath } from '../mount.ts';
import { SECRET_BYTES } from '../admission/tokens.ts';

/** What the command line asks for. */
export type Settings =
  | { readonly action: 'help' | 'version' }
  | {
      readonly action: 'serve';
      readonly port: number;
      readonly host: string;
      readonly path: string;
      readonly maxPeersPerRoom: number;
      readonly maxRooms: number;
      readonly maxConnectionsPerAddress: number;
      readonly addressConnectionsPerSecond: number;
      readonly addressJoinsPerSecond: number;
      readonly addressPacketsPerSecond: number;
      readonly addressBytesPerSecond: number;
      readonly trustProxy: number;
      readonly origin: '*' | readonly string[];
      /** None: everybody may join. */
      readonly authSecrets: readonly string[];
    };

/** A sentence for the person at the command line. */
export class SettingsError extends Error {}

/** All interfaces: who starts a server by hand means it to be reached, from a phone or from outside its container. */
const HOST = '0.0.0.0';
const PORT = 3000;
/** Nobody has more in a row; more is a slip of the finger. */
const MOST_PROXIES = 16;

export const HELP = `peerpool-signaling introduces peers of peerpool to each other.

  --port <number>                port to listen on; 0 takes a free one PEERPOOL_PORT or PORT                   ${PORT}
  --host <address>               interface to listen on; 127.0.0.1 is  PEERPOOL_HOST                           ${HOST}
                                 reached from this machine only
  --path <path>                  where signaling is                    PEERPOOL_PATH                           ${SIGNALING_PATH}
  --origin <origin,…>            web origins that may join; * is all   PEERPOOL_ORIGIN                         *
  --auth-secret <secret,…>       who joins shows a token signed with   PEERPOOL_AUTH_SECRET
                                 one of these; the variable keeps them
                                 out of the list of processes
  --trust-proxy <hops>           proxies in front, which write         PEERPOOL_TRUST_PROXY                    0
                                 X-Forwarded-For
  --max-peers-per-room <number>  members of one room                   PEERPOOL_MAX_PEERS_PER_ROOM             ${DEFAULT_LIMITS.maxPeersPerRoom}
  --max-rooms <number>           rooms                                 PEERPOOL_MAX_ROOMS                      ${DEFAULT_LIMITS.maxRooms}
  --max-connections-per-address <number>
                                 clients of one address                PEERPOOL_MAX_CONNECTIONS_PER_ADDRESS    ${DEFAULT_LIMITS.maxConnectionsPerAddress}
  --address-connections-per-second <number>
                                 new ones of one address               PEERPOOL_ADDRESS_CONNECTIONS_PER_SECOND ${DEFAULT_LIMITS.addressConnectionsPerSecond}
  --address-joins-per-second <number>
                                 joins of one address                  PEERPOOL_ADDRESS_JOINS_PER_SECOND       ${DEFAULT_LIMITS.addressJoinsPerSecond}
  --address-packets-per-second <number>
                                 packets of one address                PEERPOOL_ADDRESS_PACKETS_PER_SECOND     ${DEFAULT_LIMITS.addressPacketsPerSecond}
  --address-bytes-per-second <number>
                                 bytes of one address                  PEERPOOL_ADDRESS_BYTES_PER_SECOND       ${DEFAULT_LIMITS.addressBytesPerSecond}
  --help, --version

A flag goes before its environment variable. GET /healthz answers 200 while it serves. SIGTERM and SIGINT end it.
Exit codes: 0 ended as asked, 1 can't listen, 2 a wrong flag or variable.`;

/** The same names with dashes are the flags, with underscores the variables. */
const OPTIONS = [
  'port',
  'host',
  'path',
  'origin',
  'auth-secret',
  'trust-proxy',
  'max-peers-per-room',
  'max-rooms',
  'max-connections-per-address',
  'address-connections-per-second',
  'address-joins-per-second',
  'address-packets-per-second',
  'address-bytes-per-second',
] as const;
type Option = (typeof OPTIONS)[number];

/** @throws SettingsError */
export function settings(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Settings {
  const flags = parse(args);
  if (flags.help === true) return { action: 'help' };
  if (flags.version === true) return { action: 'version' };

  const read = (option: Option): Given | undefined => {
    const flag = flags[option];
    if (flag !== undefined) return { value: typeof flag === 'string' ? flag : flag.join(), from: `--${option}` };
    const variables = [`PEERPOOL_${option.toUpperCase().replaceAll('-', '_')}`, ...(option === 'port' ? ['PORT'] : [])];
    // An empty variable is how shells and compose files say "not set".
    const from = variables.find((variable) => (environment[variable] ?? '') !== '');
    return from === undefined ? undefined : { value: environment[from] ?? '', from };
  };
  const most = (option: Option, fallback: number): number => {
    return whole(read(option), fallback, 1, Number.MAX_SAFE_INTEGER);
  };
  return {
    action: 'serve',
    port: whole(read('port'), PORT, 0, 65_535),
    host: host(read('host')),
    path: path(read('path')),
    maxPeersPerRoom: most('max-peers-per-room', DEFAULT_LIMITS.maxPeersPerRoom),
    maxRooms: most('max-rooms', DEFAULT_LIMITS.maxRooms),
    maxConnectionsPerAddress: most('max-connections-per-address', DEFAULT_LIMITS.maxConnectionsPerAddress),
    addressConnectionsPerSecond: most('address-connections-per-second', DEFAULT_LIMITS.addressConnectionsPerSecond),
    addressJoinsPerSecond: most('address-joins-per-second', DEFAULT_LIMITS.addressJoinsPerSecond),
    addressPacketsPerSecond: most('address-packets-per-second', DEFAULT_LIMITS.addressPacketsPerSecond),
    addressBytesPerSecond: most('address-bytes-per-second', DEFAULT_LIMITS.addressBytesPerSecond),
    trustProxy: whole(read('trust-proxy'), 0, 0, MOST_PROXIES),
    origin: origin(read('origin')),
    authSecrets: secrets(read('auth-secret')),
  };
}

interface Given {
  readonly value: string;
  readonly from: string;
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: text,
        host: text,
        path: text,
        origin: text,
        'auth-secret': { type: 'string', multiple: true },
        'trust-proxy': text,
        'max-peers-per-room': text,
        'max-rooms': text,
        'max-connections-per-address': text,
        'address-connections-per-second': text,
        'address-joins-per-second': text,
        'address-packets-per-second': text,
        'address-bytes-per-second': text,
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
    return values;
  } catch (error) {
    throw new SettingsError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function whole(given: Given | undefined, fallback: number, least: number, most: number): number {
  if (given === undefined) return fallback;
  const value = /^\d+$/.test(given.value) ? Number(given.value) : Number.NaN;
  if (value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new SettingsError(`${given.from} is a whole number ${range}, not ${JSON.stringify(given.value)}`);
}

function host(given: Given | undefined): string {
  if (given === undefined) return HOST;
  if (given.value.trim() !== '') return given.value;
  throw new SettingsError(`${given.from} is an address such as 127.0.0.1, not ${JSON.stringify(given.value)}`);
}

function path(given: Given | undefined): string {
  if (given === undefined) return SIGNALING_PATH;
  if (isPath(given.value)) return given.value;
  throw new SettingsError(`${given.from} looks like /peerpool, not ${JSON.stringify(given.value)}`);
}

function origin(given: Given | undefined): '*' | readonly string[] {
  if (given === undefined || given.value === '*') return '*';
  return given.value.split(',').map((part) => {
    const value = part.trim();
    if (URL.canParse(value) && new URL(value).origin === value) return value;
    throw new SettingsError(`${given.from} is * or origins such as https://example.org, not ${JSON.stringify(value)}`);
  });
}

/** Says which is wrong, and nothing of what it is. */
function secrets(given: Given | undefined): readonly string[] {
  if (given === undefined) return [];
  const all = given.value.split(',').map((part) => part.trim());
  const short = all.findIndex((secret) => Buffer.byteLength(secret) < SECRET_BYTES);
  if (short < 0) return all;
  const which = all.length > 1 ? `secret ${short + 1} of ${given.from}` : given.from;
  throw new SettingsError(`${which} has fewer than ${SECRET_BYTES} bytes; openssl rand -base64 32 makes one`);
}
