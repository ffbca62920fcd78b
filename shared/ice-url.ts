/** `stun:` tells a client its address, `turn:` relays for it; with an s both over TLS. */
export type IceScheme = 'stun' | 'stuns' | 'turn' | 'turns';

/** More than a host name (RFC 1035: 255) with all that can stand around it. */
const LONGEST = 300;
const HIGHEST_PORT = 65_535;

/**
 * Browsers refuse a whole configuration for one URL that they can't read, so this takes what all of them take: schemes
 * and transports in lower case.
 */
const STUN = /^(stuns?):(?:[\w.~-]+|\[[\dA-Fa-f:.]+\])(?::(\d{1,5}))?$/;
const TURN = /^(turns?):(?:[\w.~-]+|\[[\dA-Fa-f:.]+\])(?::(\d{1,5}))?(?:\?transport=(?:udp|tcp))?$/;

/** The scheme of the URL of a STUN (RFC 7064) or TURN server (RFC 7065); `undefined` when it is none. */
export function iceScheme(url: unknown): IceScheme | undefined {
  if (typeof url !== 'string' || url.length > LONGEST) return undefined;
  const [, scheme, port = '3478'] = STUN.exec(url) ?? TURN.exec(url) ?? [];
  return Number(port) > 0 && Number(port) <= HIGHEST_PORT ? (scheme as IceScheme | undefined) : undefined;
}
