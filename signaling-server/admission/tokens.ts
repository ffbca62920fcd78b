import type * as Jose from 'jose';
import { peerName, roomName } from '#shared/identifiers';
import { CAPABILITIES, type Capability } from '#shared/signaling';
import type { Application, Authorize, Denial, Grant } from './authorization.ts';
import { optionalPackage } from '../optional-package.ts';

/** As long as the digest: a shorter key is the weakest part (RFC 7518, section 3.2). */
export const SECRET_BYTES = 32;
/** One algorithm, so that a token can't choose (RFC 8725, section 3.1). */
const ALGORITHM = 'HS256';
/** What makes a token ours and nobody else's, were the same secret used elsewhere too (RFC 8725, sections 3.8 to 3.11). */
const OURS = { typ: 'peerpool+jwt', issuer: 'peerpool', audience: 'peerpool-signaling' } as const;

/** For whom a token is, and for how long. */
export interface TokenRequest {
  /** At least 32 bytes of UTF-8, as `openssl rand -base64 32` makes them; of several the first signs. */
  readonly secret: string | readonly string[];
  /** As the server sees it. */
  readonly room: string;
  /** Default: whatever name its bearer takes. */
  readonly name?: string | undefined;
  /** Seconds. A few minutes will do: a client asks for a new one in time. */
  readonly expiresIn: number;
  /** Default: all. */
  readonly capabilities?: readonly Capability[] | undefined;
}

/**
 * A token for `WebRTCCommunicator`, made by the app's own server for somebody whom it knows.
 * @throws TypeError, RangeError for what is none; Error when jose is not installed
 */
export async function signToken({ secret, room, name, expiresIn, capabilities }: TokenRequest): Promise<string> {
  const [key] = keys(secret);
  if (!(expiresIn > 0) || !Number.isFinite(expiresIn)) {
    throw new RangeError(`expiresIn is a positive number of seconds, not ${String(expiresIn)}`);
  }
  const unknown = capabilities?.find((each) => !CAPABILITIES.includes(each));
  if (unknown !== undefined) throw new RangeError(`capabilities are of ${CAPABILITIES.join(', ')}`);
  const { SignJWT } = await jose();
  const claims = {
    room: roomName(room),
    ...(name !== undefined && { name: peerName(name) }),
    ...(capabilities !== undefined && { capabilities: [...capabilities] }),
  };
  const now = Date.now() / 1000;
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, typ: OURS.typ })
    .setIssuer(OURS.issuer)
    .setAudience(OURS.audience)
    .setIssuedAt(Math.floor(now))
    .setExpirationTime(Math.ceil(now + expiresIn))
    .sign(key);
}

/**
 * What lets in who shows a token that `signToken` made with one of these secrets, for this room and this name. Several,
 * so that one can be replaced while tokens of the other are still about.
 * @throws RangeError for a secret that is none; Error when jose is not installed
 */
export async function tokenAuthorizer(secrets: string | readonly string[]): Promise<Authorize> {
  const all = keys(secrets);
  const library = await jose();
  return async (application) => {
    if (application.token === undefined) return no('this server asks for a token');
    for (const key of all) {
      try {
        return granted(await library.jwtVerify(application.token, key, EXPECTED), application);
      } catch (error) {
        if (!(error instanceof library.errors.JOSEError)) throw error;
        // Signatures are looked at before claims, so of two keys the right one says the last word.
        if (!(error instanceof library.errors.JWSSignatureVerificationFailed)) return refused(error);
      }
    }
    return no('the token is not signed with a key of this server');
  };
}

const EXPECTED = { algorithms: [ALGORITHM], ...OURS, requiredClaims: ['exp', 'room'] };

function granted({ payload }: Jose.JWTVerifyResult, { room, name }: Application): Grant | Denial {
  const { exp = 0, capabilities } = payload;
  if (payload['room'] !== room) return no('the token is for another room (room)');
  if (payload['name'] !== undefined && payload['name'] !== name) return no('the token is for another name (name)');
  if (capabilities !== undefined && !isTexts(capabilities)) return no('the token lists what it allows (capabilities)');
  // A newer signer may know more of them.
  const known = capabilities && CAPABILITIES.filter((each) => capabilities.includes(each));
  return { ok: true, expires: exp * 1000, capabilities: known };
}

/** Names the claim, and nothing of what stands in it. */
function refused(error: Error & { readonly code: string; readonly claim?: unknown }): Denial {
  const { code, claim } = error;
  switch (code) {
    case 'ERR_JWT_EXPIRED':
      return { ok: false, code: 'expired', message: 'the token has expired (exp)' };
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      if (claim === 'nbf') return no('the token is not valid yet (nbf)');
      return no(`a claim of the token is missing, or not what this server asks for (${String(claim)})`);
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return no(`the token is not signed with ${ALGORITHM} (alg)`);
    default:
      return no('that is no token');
  }
}

function no(message: string): Denial {
  return { ok: false, code: 'unauthorized', message };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function keys(secrets: string | readonly string[]): readonly [Uint8Array, ...Uint8Array[]] {
  const all = (typeof secrets === 'string' ? [secrets] : secrets).map((secret) => new TextEncoder().encode(secret));
  const short = all.findIndex(({ byteLength }) => byteLength < SECRET_BYTES);
  if (short >= 0) {
    const which = all.length > 1 ? `secret ${short + 1} of ${all.length}` : 'the secret';
    throw new RangeError(`${which} has ${all[short]?.byteLength} bytes, and needs ${SECRET_BYTES}`);
  }
  const [first, ...others] = all;
  if (first === undefined) throw new RangeError('there is no secret');
  return [first, ...others];
}

/** Loaded by who uses tokens, and only needed by those. */
function jose(): Promise<typeof Jose> {
  return optionalPackage('jose', 'tokens need', () => import('jose'));
}
