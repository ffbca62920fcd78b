import { iceScheme } from '#shared/ice-url';
import { MOST_ICE_SERVERS } from '#shared/signaling';
import { fields } from '../signal.ts';

/** In bytes of UTF-8. A username has less than 509 (RFC 8489, section 14.3), and browsers refuse a configuration with a longer one. */
const USERNAME_BYTES = 508;
/** In characters. A digest in Base64 has a few dozen, a token in its place some hundreds. */
const CREDENTIAL_LENGTH = 1024;

/** What a signaling server said, looked at. */
export interface HandedOut {
  readonly servers: readonly RTCIceServer[];
  /** For so many ms from then on its credentials are good. */
  readonly holds: number;
}

/**
 * The STUN and TURN servers that a signaling server hands out. The newest count, without those whose credentials are out of date: with these each attempt would only wait for a refusal.
 * Then there is STUN; and who needs a relay has the next when the signaling server is back, which it needs for any link anyway.
 */
export class IceServers {
  #newest: readonly RTCIceServer[] = [];
  /** By the clock on the wall, which goes on while a machine sleeps. */
  #until = Number.POSITIVE_INFINITY;

  /** In place of what was said before, which stays when this makes no sense. @throws TypeError, RangeError */
  hear(said: unknown): void {
    const { servers, holds } = parseIceServers(said);
    this.#newest = servers;
    this.#until = Date.now() + holds;
  }

  /** For a link that is made now. */
  get current(): RTCIceServer[] {
    const fresh = Date.now() < this.#until;
    return this.#newest.filter(({ credential }) => fresh || credential === undefined);
  }
}

/**
 * Strict, for a browser makes no connection at all with one server that it can't read.
 * @throws TypeError, RangeError with a sentence that says what is wrong
 */
export function parseIceServers(value: unknown): HandedOut {
  const { servers, holds = Number.POSITIVE_INFINITY } = fields(value, 'set of ICE servers');
  if (typeof holds !== 'number' || !(holds > 0)) throw new RangeError('ICE servers hold for a time');
  return { servers: listed(servers, 'ICE servers').map(server), holds };
}

function server(value: unknown): RTCIceServer {
  const { urls, username, credential } = fields(value, 'ICE server');
  const read = listed(urls, 'URLs of an ICE server');
  if (read.length === 0) throw new RangeError('an ICE server has a URL');
  const schemes = read.map(iceScheme);
  if (schemes.includes(undefined)) throw new TypeError('the URL of an ICE server is a stun: or turn: URL');
  const known = { urls: read as string[] };
  if (schemes.every((scheme) => scheme === 'stun' || scheme === 'stuns')) return known;
  if (typeof username !== 'string' || typeof credential !== 'string' || username === '' || credential === '') {
    throw new TypeError('a TURN server has a username and a credential');
  }
  if (new TextEncoder().encode(username).length > USERNAME_BYTES || credential.length > CREDENTIAL_LENGTH) {
    throw new RangeError('the username or the credential of a TURN server is too long');
  }
  return { ...known, username, credential };
}

function listed(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${what} are a list`);
  if (value.length > MOST_ICE_SERVERS) throw new RangeError(`there are at most ${MOST_ICE_SERVERS} ${what}`);
  return value;
}
