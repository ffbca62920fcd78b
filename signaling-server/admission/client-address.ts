import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** What a request tells of where it comes from. */
interface Origin {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** All who come where no address is known, as by a Unix socket. */
const NOWHERE = 'unknown';

/**
 * Whom a request counts for: an IPv4 address, or the /64 of an IPv6 address, of which a household has 2⁶⁴. `hops`: how
 * many proxies of ours stand in front; each appends whom it saw to X-Forwarded-For, and what stands before that anybody
 * may have written. With 0 the header is not looked at.
 */
export function clientAddress({ headers, socket }: Origin, hops: number): string {
  const direct = network(socket.remoteAddress ?? '') ?? NOWHERE;
  if (hops === 0) return direct;
  const said = headers['x-forwarded-for'] ?? '';
  const entry = (typeof said === 'string' ? said : said.join()).split(',').at(-hops)?.trim() ?? '';
  return network(withoutPort(entry)) ?? direct;
}

/** Some proxies write `203.0.113.7:4711` and `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  return /^\[(?<six>[^\]]*)\](:\d+)?$/.exec(entry)?.groups?.['six'] ?? entry.replace(/^([\d.]+):\d+$/, '$1');
}

function network(address: string): string | undefined {
  switch (isIP(address)) {
    case 4:
      return address;
    case 6:
      return ofSix(address.split('%', 1)[0] ?? '');
    default:
      return undefined;
  }
}

/** RFC 4291, section 2.2: eight groups, of which `::` leaves out those that are zero; the last two may be an IPv4 address. */
function ofSix(address: string): string {
  const dotted = /[\d.]+$/.exec(address)?.[0] ?? '';
  const four = isIP(dotted) === 4;
  const text = four ? `${address.slice(0, -dotted.length)}0:0` : address;
  const [front = '', back] = text.split('::', 2);
  const head = groups(front);
  const tail = groups(back ?? '');
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
  // IPv4 in IPv6 (RFC 4291, section 2.5.5.2), as Node sees it on a socket for both; written in digits of base 16 too.
  if (all.slice(0, 5).every((group) => group === 0) && all[5] === 0xff_ff) return four ? dotted : quad(all.slice(6));
  const [a = 0, b = 0, c = 0, d = 0] = all;
  return `${[a, b, c, d].map((group) => group.toString(16)).join(':')}::/64`;
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function quad(pair: readonly number[]): string {
  return pair.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}
