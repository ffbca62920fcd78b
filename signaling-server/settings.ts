import { parseArgs } from 'node:util';
import { SIGNALING_PATH } from '#shared/signaling';
import { DEFAULT_LIMITS } from './limits.ts';
import { isPath } from './mount.ts';

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
      readonly origin: '*' | readonly string[];
    };

/** A sentence for the person at the command line. */
export class SettingsError extends Error {}

/** All interfaces: who starts a server by hand means it to be reached, from a phone or from outside its container. */
const HOST = '0.0.0.0';
const PORT = 3000;

export const HELP = `peerpool-signaling introduces peers of peerpool to each other.

  --port <number>                port to listen on; 0 takes a free one   PEERPOOL_PORT or PORT         ${PORT}
  --host <address>               interface to listen on; 127.0.0.1 is    PEERPOOL_HOST                 ${HOST}
                                 reached from this machine only
  --path <path>                  where signaling is                      PEERPOOL_PATH                 ${SIGNALING_PATH}
  --origin <origin,…>            web origins that may join; * is all     PEERPOOL_ORIGIN               *
  --max-peers-per-room <number>  members of one room                     PEERPOOL_MAX_PEERS_PER_ROOM   ${DEFAULT_LIMITS.maxPeersPerRoom}
  --max-rooms <number>           rooms                                   PEERPOOL_MAX_ROOMS            ${DEFAULT_LIMITS.maxRooms}
  --help, --version

A flag goes before its environment variable. GET /healthz answers 200 while it serves. SIGTERM and SIGINT end it.
Exit codes: 0 ended as asked, 1 can't listen, 2 a wrong flag or variable.`;

/** The same names with dashes are the flags, with underscores the variables. */
const OPTIONS = ['port', 'host', 'path', 'origin', 'max-peers-per-room', 'max-rooms'] as const;
type Option = (typeof OPTIONS)[number];

/** @throws SettingsError */
export function settings(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Settings {
  const flags = parse(args);
  if (flags.help === true) return { action: 'help' };
  if (flags.version === true) return { action: 'version' };

  const read = (option: Option): Given | undefined => {
    const flag = flags[option];
    if (flag !== undefined) return { value: flag, from: `--${option}` };
    const variables = [`PEERPOOL_${option.toUpperCase().replaceAll('-', '_')}`, ...(option === 'port' ? ['PORT'] : [])];
    // An empty variable is how shells and compose files say "not set".
    const from = variables.find((variable) => (environment[variable] ?? '') !== '');
    return from === undefined ? undefined : { value: environment[from] ?? '', from };
  };
  return {
    action: 'serve',
    port: whole(read('port'), PORT, 0, 65_535),
    host: host(read('host')),
    path: path(read('path')),
    maxPeersPerRoom: whole(read('max-peers-per-room'), DEFAULT_LIMITS.maxPeersPerRoom, 1, Number.MAX_SAFE_INTEGER),
    maxRooms: whole(read('max-rooms'), DEFAULT_LIMITS.maxRooms, 1, Number.MAX_SAFE_INTEGER),
    origin: origin(read('origin')),
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
        'max-peers-per-room': text,
        'max-rooms': text,
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
