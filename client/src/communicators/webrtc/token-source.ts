import { PoolError } from '../../errors.ts';

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
    throw new PoolError('refused', 'the token function failed', { reason: 'token', cause });
  }
  if (typeof fetched === 'string' && fetched !== '') return fetched;
  const cause = new TypeError(`a token is a string, not ${fetched === '' ? 'empty' : typeof fetched}`);
  throw new PoolError('refused', 'the token function returned no token', { reason: 'token', cause });
}

/** The function has not answered, and the server, or we, waited long enough. */
export function slowToken(cause: Error): PoolError {
  return new PoolError('refused', 'the token function has not answered in time', { reason: 'token', cause });
}
