import { iceScheme, type IceScheme } from '#shared/ice-url';
import { MOST_ICE_SERVERS } from '#shared/signaling';
import { printable } from '../refusal.ts';

/** The servers by which peers find a way to each other; handed to every client that joins. */
export interface IceOptions {
  /** `stun:host`, `stun:host:port`, `stuns:…` (RFC 7064); at most 8. They tell a client under which address it is seen. */
  readonly stun?: readonly string[] | undefined;
  /** Handed to who may have them: everybody, or whose token allows `turn`. */
  readonly turn?: TurnOptions | undefined;
}

/** TURN servers that share a secret with this one, as coturn with `use-auth-secret`; their clocks are taken to agree. */
export interface TurnOptions {
  /** `turn:host`, `turn:host:port?transport=tcp`, `turns:…` (RFC 7065); at most 8. */
  readonly urls: readonly string[];
  /**
   * What coturn calls `static-auth-secret`. No client sees it, but who has a credential can try out short ones: take
   * what `openssl rand -hex 32` prints.
   */
  readonly secret: string;
  /**
   * Seconds that a credential is good for, 1 to 31,536,000; default 3600. Clients get the next in time, and a relay that
   * is in use goes on.
   */
  readonly ttl?: number | undefined;
}

/** The same, looked at. */
export interface Ice {
  readonly stun: readonly string[];
  readonly turn: Turn | undefined;
}

export interface Turn {
  readonly urls: readonly string[];
  readonly secret: string;
  readonly ttl: number;
}

/** The draft recommends a day, for clients that fetch one and keep it; ours hear of the next in time. */
const TTL = 3600;
/** A year; what is good for longer is no credential that expires. */
const LONGEST_TTL = 365 * 24 * 3600;

/**
 * Absent where there is nothing to be handed out.
 * @throws RangeError for a URL, which it names, a secret or a time that is none
 */
export function iceOptions({ stun = [], turn }: IceOptions): Ice | undefined {
  listed('ice.stun', stun, ['stun', 'stuns']);
  if (turn === undefined) return stun.length === 0 ? undefined : { stun: [...stun], turn };
  const { urls, secret, ttl = TTL } = turn;
  listed('ice.turn.urls', urls, ['turn', 'turns']);
  if (urls.length === 0) throw new RangeError('ice.turn.urls names no server');
  if (typeof secret !== 'string' || secret === '')
    throw new RangeError('ice.turn.secret is a string that is not empty');
  if (!Number.isSafeInteger(ttl) || ttl < 1 || ttl > LONGEST_TTL) {
    throw new RangeError(`ice.turn.ttl is a whole number of seconds, 1 to ${LONGEST_TTL}, not ${String(ttl)}`);
  }
  return { stun: [...stun], turn: { urls: [...urls], secret, ttl } };
}

function listed(what: string, urls: readonly string[], schemes: readonly IceScheme[]): void {
  if (!Array.isArray(urls) || urls.length > MOST_ICE_SERVERS) {
    throw new RangeError(`${what} is a list of at most ${MOST_ICE_SERVERS} URLs`);
  }
  for (const url of urls) {
    const scheme = iceScheme(url);
    if (scheme !== undefined && schemes.includes(scheme)) continue;
    throw new RangeError(printable(`${what}: ${JSON.stringify(url)} is no URL of ${schemes.join(': or ')}:`));
  }
}
