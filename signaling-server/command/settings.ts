import { isPath } from '../mount.ts';
import { SECRET_BYTES } from '../admission/tokens.ts';
import { type CommandLine, commandLine, type Given, type OptionWithDefault, SettingsError } from './options.ts';

/** What the command line asks for. */
export type Settings = { readonly action: 'help' | 'version' } | Serving;

export interface Serving {
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
  /** Absent: this server is alone. */
  readonly redis: RedisSettings | undefined;
  /** What members are told to find each other by; absent: nothing. */
  readonly ice: IceSettings | undefined;
  readonly logLevel: LogLevel;
  readonly logger: Logger;
  readonly metrics: boolean;
}

export interface IceSettings {
  readonly stun: readonly string[];
  readonly turn?: {
    readonly urls: readonly string[];
    readonly secret: string;
    /** Seconds. */
    readonly ttl: number;
  };
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
const LOGGERS = ['json', 'pino'] as const;
export type Logger = (typeof LOGGERS)[number];

/** Nobody has more in a row; more is a slip of the finger. */
const MOST_PROXIES = 16;
/** Credentials have to outlast a connection that is being made, and a page asks for new ones only when it joins. */
const TURN_SECONDS = { least: 60, most: 7 * 24 * 3600 };
/** RFC 7064 and RFC 7065, without what no browser takes. */
const STUN_URL = /^stuns?:(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?$/;
const TURN_URL = /^turns?:(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(\?transport=(udp|tcp))?$/;

/** @throws SettingsError */
export function settings(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Settings {
  const line = commandLine(args, environment);
  if (line.action !== 'serve') return { action: line.action };
  const most = (option: OptionWithDefault): number => whole(line.readOr(option), 1, Number.MAX_SAFE_INTEGER);
  return {
    action: 'serve',
    port: whole(line.readOr('port'), 0, 65_535),
    host: host(line.readOr('host')),
    path: path(line.readOr('path')),
    maxPeersPerRoom: most('max-peers-per-room'),
    maxRooms: most('max-rooms'),
    maxConnectionsPerAddress: most('max-connections-per-address'),
    addressConnectionsPerSecond: most('address-connections-per-second'),
    addressJoinsPerSecond: most('address-joins-per-second'),
    addressPacketsPerSecond: most('address-packets-per-second'),
    addressBytesPerSecond: most('address-bytes-per-second'),
    trustProxy: whole(line.readOr('trust-proxy'), 0, MOST_PROXIES),
    origin: origin(line.readOr('origin')),
    authSecrets: secrets(line.read('auth-secret')),
    redis: redis(line),
    ice: ice(line),
    logLevel: oneOf(LOG_LEVELS, line.readOr('log-level')),
    logger: oneOf(LOGGERS, line.readOr('logger')),
    metrics: on(line.read('metrics')),
  };
}

function whole({ value: text, from }: Given, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new SettingsError(`${from} is a whole number ${range}, not ${JSON.stringify(text)}`);
}

function host({ value, from }: Given): string {
  if (value.trim() !== '') return value;
  throw new SettingsError(`${from} is an address such as 127.0.0.1, not ${JSON.stringify(value)}`);
}

function path({ value, from }: Given): string {
  if (isPath(value)) return value;
  throw new SettingsError(`${from} looks like /peerpool, not ${JSON.stringify(value)}`);
}

function origin(given: Given): '*' | readonly string[] {
  if (given.value === '*') return '*';
  return parts(given).map((value) => {
    if (URL.canParse(value) && new URL(value).origin === value) return value;
    throw new SettingsError(`${given.from} is * or origins such as https://example.org, not ${JSON.stringify(value)}`);
  });
}

function oneOf<Value extends string>(known: readonly Value[], { value, from }: Given): Value {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  throw new SettingsError(`${from} is one of ${known.join(', ')}, not ${JSON.stringify(value)}`);
}

function on(given: Given | undefined): boolean {
  if (given === undefined) return false;
  if (given.value === '1' || given.value === 'true') return true;
  if (given.value === '0' || given.value === 'false') return false;
  throw new SettingsError(`${given.from} is 1, true, 0 or false, not ${JSON.stringify(given.value)}`);
}

/** Says which is wrong, and nothing of what it is. */
function secrets(given: Given | undefined): readonly string[] {
  if (given === undefined) return [];
  const all = parts(given);
  const short = all.findIndex((secret) => Buffer.byteLength(secret) < SECRET_BYTES);
  if (short < 0) return all;
  const which = all.length > 1 ? `secret ${short + 1} of ${given.from}` : given.from;
  throw new SettingsError(`${which} has fewer than ${SECRET_BYTES} bytes; openssl rand -base64 32 makes one`);
}

export interface RedisSettings {
  readonly url: string;
  readonly prefix: string;
  /** Where other nodes reach this one. */
  readonly advertise: string | undefined;
}

/** There may be a password in it, so a wrong one is not repeated. */
function redis(line: CommandLine): RedisSettings | undefined {
  const given = line.read('redis-url');
  const { value: prefix, from } = line.readOr('redis-prefix');
  if (!/^[\w.:{}-]{1,64}$/.test(prefix)) {
    throw new SettingsError(`${from} is up to 64 letters, digits and . : _ - { }, not ${JSON.stringify(prefix)}`);
  }
  const advertise = reached(line.read('advertise'));
  if (given === undefined) return undefined;
  const url = URL.canParse(given.value) ? new URL(given.value) : undefined;
  if (url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== '') {
    return { url: given.value, prefix, advertise };
  }
  throw new SettingsError(`${given.from} looks like redis://127.0.0.1:6379, or rediss:// for one with TLS`);
}

function reached(given: Given | undefined): string | undefined {
  if (given === undefined) return undefined;
  const url = URL.canParse(given.value) ? new URL(given.value) : undefined;
  if (url?.protocol === 'http:' && url.origin === given.value) return given.value;
  throw new SettingsError(`${given.from} looks like http://10.0.0.7:3000, not ${JSON.stringify(given.value)}`);
}

function ice(line: CommandLine): IceSettings | undefined {
  const [stun, turn, secret] = [line.read('stun-url'), line.read('turn-url'), line.read('turn-secret')];
  const ttl = whole(line.readOr('turn-ttl'), TURN_SECONDS.least, TURN_SECONDS.most);
  const stunUrls = stun === undefined ? [] : iceUrls(stun, STUN_URL, 'stun:stun.example.org:3478');
  if (turn === undefined && secret === undefined) return stun === undefined ? undefined : { stun: stunUrls };
  if (secret === undefined) throw new SettingsError(`${turn?.from} needs --turn-secret, what the TURN server shares`);
  if (turn === undefined) throw new SettingsError(`${secret.from} needs --turn-url, the TURN server that shares it`);
  const urls = iceUrls(turn, TURN_URL, 'turn:turn.example.org:3478?transport=udp');
  if (secret.value.trim() !== '') return { stun: stunUrls, turn: { urls, secret: secret.value, ttl } };
  throw new SettingsError(`${secret.from} is what the TURN server has too, and not nothing`);
}

/** Somebody may have written a password into one. */
function iceUrls(given: Given, pattern: RegExp, example: string): readonly string[] {
  const all = parts(given);
  const wrong = all.findIndex((url) => !pattern.test(url));
  if (wrong < 0) return all;
  const which = all.length > 1 ? `address ${wrong + 1} of ${given.from}` : given.from;
  throw new SettingsError(`${which} does not look like ${example}`);
}

function parts({ value }: Given): readonly string[] {
  return value.split(',').map((part) => part.trim());
}

/** What no log may repeat. */
export function secretsIn({ authSecrets, redis, ice }: Serving): readonly string[] {
  const password = redis === undefined ? '' : new URL(redis.url).password;
  return [...authSecrets, ice?.turn?.secret ?? '', password, decoded(password)].filter((secret) => secret !== '');
}

/** What stands in place of a password need not be encoded as it should. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
