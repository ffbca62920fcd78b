import { PoolError } from '../../errors.ts';
import { parseRenewal, refusedBy } from './signaling-reply.ts';
import type { SignalingSocket } from './signaling-socket.ts';

/** What a token is asked for: the room as the server sees it, and the name that is to be taken there. */
export interface TokenPurpose {
  readonly room: string;
  readonly name: string;
}

/** A token, or who fetches one, as from the app's own server; called afresh for each join and each renewal. */
export type Token = string | ((purpose: TokenPurpose) => string | Promise<string>);

/** @throws TypeError when it is none */
export function tokenOption(value: unknown): Token | undefined {
  if (value === undefined || typeof value === 'function' || (typeof value === 'string' && value !== '')) {
    return value as Token | undefined;
  }
  throw new TypeError('token is a string, or a function that returns one or a promise of one');
}

/**
 * The token of this moment; `undefined` where there is none to be shown.
 * @throws PoolError `refused`, reason `token`, with what the function threw as the cause
 */
export async function fetchToken(token: Token | undefined, purpose: TokenPurpose): Promise<string | undefined> {
  if (typeof token !== 'function') return token;
  let fetched: unknown;
  try {
    fetched = await token(purpose);
  } catch (cause) {
    throw new PoolError('refused', `the token function failed: ${String(cause)}`, { reason: 'token', cause });
  }
  if (typeof fetched === 'string' && fetched !== '') return fetched;
  const cause = new TypeError(`a token is a string, not ${fetched === '' ? 'empty' : typeof fetched}`);
  throw new PoolError('refused', `the token function returned no token: ${cause.message}`, { reason: 'token', cause });
}

/** The token of one join, which is fetched when a server is there to see it. */
export class JoinToken {
  readonly #token: Token | undefined;
  readonly #purpose: TokenPurpose;
  #waiting = false;

  constructor(token: Token | undefined, purpose: TokenPurpose) {
    this.#token = token;
    this.#purpose = purpose;
  }

  /** @throws PoolError as `fetchToken` */
  async fetch(): Promise<string | undefined> {
    this.#waiting = typeof this.#token === 'function';
    const token = await fetchToken(this.#token, this.#purpose);
    this.#waiting = false;
    return token;
  }

  /** The join took too long. Whose fault that is: the function's, or `undefined`, not ours. */
  late(cause: Error): PoolError | undefined {
    if (!this.#waiting) return undefined;
    return new PoolError('refused', `the token function has not answered in time: ${cause.message}`, {
      reason: 'token',
      cause,
    });
  }
}

/** Shows newer tokens while we are in a room. */
export class Renewals {
  readonly #token: Token | undefined;
  readonly #purpose: TokenPurpose;
  /** Where one is to be shown, while it is fetched and until that is answered. */
  #renewing: SignalingSocket | undefined;

  constructor(token: Token | undefined, purpose: TokenPurpose) {
    this.#token = token;
    this.#purpose = purpose;
  }

  /**
   * When it fails, the server says `expiring` again while there is time; later we come back, with a token of that moment.
   * @throws PoolError that says why
   */
  async renew(socket: SignalingSocket, url: string, patience: number): Promise<void> {
    if (this.#token === undefined || this.#renewing === socket) return;
    this.#renewing = socket;
    try {
      const fetched = await fetchToken(this.#token, this.#purpose);
      if (fetched === undefined || !socket.connected) return;
      // Rejects when the socket closes too, and then there is nothing to renew.
      const answer: unknown = await socket.timeout(patience).emitWithAck('renew', fetched);
      const renewed = parseRenewal(answer);
      if (!renewed.ok) throw refusedBy(url, renewed, this.#purpose.name);
    } catch (cause) {
      if (cause instanceof PoolError) throw cause;
      if (!socket.connected) return;
      throw new PoolError('malformed', `the signaling server at ${url} does not renew the token`, {
        reason: 'signaling',
        cause,
      });
    } finally {
      if (this.#renewing === socket) this.#renewing = undefined;
    }
  }
}
