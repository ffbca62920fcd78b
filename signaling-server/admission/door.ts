import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RefusalCode } from '#shared/signaling';
import { type Address, Addresses } from './addresses.ts';
import { clientAddress } from './client-address.ts';
import type { SignalingEvent } from '../events.ts';
import type { Limits } from './limits.ts';

/** Why somebody is turned away before there is a socket: a code that clients hear too, or one of HTTP's. */
export type DoorCode = RefusalCode | 'origin' | 'too-many-connections';

interface Reason {
  readonly code: DoorCode;
  readonly message: string;
}

/** The answer to who is turned away. */
export interface Rejection extends Reason {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** A new connection; one more request of a client by long polling; a goodbye by a beacon. */
export type Errand = 'connect' | 'poll' | 'farewell';

interface DoorOptions {
  readonly limits: Limits;
  readonly origin: '*' | readonly string[];
  readonly trustProxy: number;
  /** What a request may bring, in bytes. */
  readonly maxBodyBytes: number;
  readonly closed: () => boolean;
  readonly observe: (event: SignalingEvent) => void;
}

/** Seconds after which another try is worth it, for who has too many connections: as often as clients come back. */
const LATER = 5;
/** Milliseconds in which who is turned away can read why, while what it still sends is thrown away. */
const LAST_WORDS = 1000;

const CLOSED: Rejection = {
  status: 503,
  code: 'shutting-down',
  message: 'the server is shutting down',
  retryAfter: LATER,
};
const FULL: Rejection = {
  status: 503,
  code: 'server-full',
  message: 'too many addresses are connected',
  retryAfter: LATER,
};

/** Who may come in at all. Asked before engine.io does any work. */
export class Door {
  readonly #options: DoorOptions;
  readonly #addresses: Addresses;
  readonly #callers = new WeakMap<IncomingMessage, Address>();

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#addresses = new Addresses(options.limits);
  }

  /** Charges the request to its address. */
  rejects(request: IncomingMessage, errand: Errand): Rejection | undefined {
    const { limits, origin, trustProxy, maxBodyBytes, closed } = this.#options;
    const name = clientAddress(request, trustProxy);
    const address = this.#addresses.find(name);
    if (address === undefined) {
      this.#options.observe({ type: 'turned-away', address: name, ...reason(FULL), first: false });
      return FULL;
    }
    this.#callers.set(request, address);
    const rejection =
      (closed() && errand === 'connect' ? CLOSED : undefined) ??
      crowds(address, errand, limits) ??
      foreign(request, errand, origin) ??
      bulky(request, maxBodyBytes);
    if (rejection !== undefined) this.turnedAway(address, rejection);
    return rejection;
  }

  /** Tells the operator, and whether it is the first time of this address. */
  turnedAway(address: Address, why: Reason): void {
    this.#options.observe({ type: 'turned-away', address: address.name, ...reason(why), first: !address.reported });
    address.reported = true;
  }

  /** Whose connection this is, of a request that was let in. To be followed by `disconnected`. */
  connected(request: IncomingMessage): Address {
    const address = this.#callers.get(request);
    if (address === undefined) throw new Error('who has not come by the door has no connection');
    this.#addresses.connected(address);
    return address;
  }

  disconnected(address: Address): void {
    this.#addresses.disconnected(address);
  }
}

function reason({ code, message }: Reason): Reason {
  return { code, message };
}

function crowds(address: Address, errand: Errand, limits: Limits): Rejection | undefined {
  if (errand !== 'connect') {
    if (address.packets.charge(1) !== 'exhausted') return undefined;
    return tooFast('requests and packets', limits.addressPacketsPerSecond);
  }
  const most = limits.maxConnectionsPerAddress;
  if (address.connections >= most) {
    const message = `an address has at most ${most} connections`;
    return { status: 429, code: 'too-many-connections', message, retryAfter: LATER };
  }
  return address.arrivals.take(1) ? undefined : tooFast('new connections', limits.addressConnectionsPerSecond);
}

function tooFast(what: string, perSecond: number): Rejection {
  const message = `an address has at most ${perSecond} ${what} a second`;
  return { status: 429, code: 'rate-limited', message, retryAfter: Math.max(1, Math.ceil(1 / perSecond)) };
}

/** CORS does not cover WebSockets. Who sends no origin is not a page. */
function foreign(
  { headers }: IncomingMessage,
  errand: Errand,
  allowed: '*' | readonly string[],
): Rejection | undefined {
  if (errand !== 'connect' || allowed === '*' || headers.origin === undefined || allowed.includes(headers.origin)) {
    return undefined;
  }
  return { status: 403, code: 'origin', message: 'pages of this origin may not join' };
}

/** Said before it comes. What is sent without a length, engine.io counts. */
function bulky({ headers }: IncomingMessage, maxBodyBytes: number): Rejection | undefined {
  if (!(Number(headers['content-length'] ?? 0) > maxBodyBytes)) return undefined;
  return { status: 413, code: 'too-large', message: `a request has at most ${maxBodyBytes} bytes` };
}

/** Says no, and why, to what is still plain HTTP. */
export function turnAway(rejection: Rejection, request: IncomingMessage, answer: ServerResponse | Duplex): void {
  const { status, code, message, retryAfter } = rejection;
  const body = `${JSON.stringify({ ok: false, code, message })}\n`;
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  };
  if ('writeHead' in answer) {
    answer.writeHead(status, headers).end(body);
    return;
  }
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  answer.once('error', () => answer.destroy());
  answer.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  finish(request, answer);
}

/**
 * A body that nobody wants any more is thrown away as it comes, for a moment only: who hears in the middle of it that it
 * is too large shall be able to read that.
 */
export function boundBody(request: IncomingMessage, response: ServerResponse, milliseconds: number): void {
  if (request.method !== 'POST') return;
  const cut = (): void => void request.socket.destroy();
  let timer = setTimeout(cut, milliseconds);
  const over = (): void => clearTimeout(timer);
  request.once('end', over).once('close', over);
  response.once('finish', () => {
    if (request.complete) return;
    over();
    timer = setTimeout(cut, LAST_WORDS);
    request.resume();
  });
}

/** The other side may keep its half open for ever. */
function finish(request: IncomingMessage, socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), LAST_WORDS);
  socket.once('close', () => clearTimeout(timer));
  request.resume();
  socket.resume();
}
