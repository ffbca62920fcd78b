import { fromBase64url, toBase64url } from './base64url.ts';
import { type Bytes, webCrypto } from './web-crypto.ts';
import { kept } from './kept-keys.ts';

/** ECDSA with P-256 and SHA-256 (FIPS 186-5): the one signature that WebCrypto has had everywhere for years. */
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** An uncompressed point (SEC 1, section 2.3.3). */
const PUBLIC_KEY_BYTES = 65;

/** Who we are, over all lives of a page: a key pair, of which the public key is told to others and the private one does not leave its place. */
export interface Identity {
  /** What others give as `publicKey` to `addClient`: 87 characters of base64url. */
  readonly publicKey: string;
  /** Signs with the private key, ECDSA over P-256 with SHA-256. */
  sign(data: Bytes): Promise<Bytes>;
}

/** Of `createIdentity`. */
export interface CreateIdentityOptions {
  /** Which of this origin's identities: each person, or role, has one of its own. Default `'default'`. */
  readonly label?: string | undefined;
  /** Whether it is kept in IndexedDB, for the next time. `false`: it lasts as long as the page, or the process. Default `true`. */
  readonly keep?: boolean | undefined;
}

/**
 * The identity that is kept under this label in this origin's IndexedDB; made when there is none, by exactly one of those who ask at once. Its private key can be used and not be read: WebCrypto holds it, and every page of the origin can use it.
 * Who clears the site's data is somebody else afterwards.
 * @throws TypeError for a label that is no text; PoolError `unsupported` without WebCrypto (insecure contexts), or where there is nothing to keep it in
 */
export async function createIdentity(options: CreateIdentityOptions = {}): Promise<Identity> {
  const { label = 'default', keep = true } = options;
  if (typeof label !== 'string') throw new TypeError('the label of an identity is a text');
  const crypto = webCrypto('an identity');
  const fresh = await crypto.generateKey(CURVE, false, ['sign', 'verify']);
  const { privateKey, publicKey } = keep ? await kept(label, fresh) : fresh;
  return Object.freeze({
    publicKey: toBase64url(new Uint8Array(await crypto.exportKey('raw', publicKey))),
    sign: async (data: Bytes) => new Uint8Array(await crypto.sign(SIGNING, privateKey, data)),
  });
}

/** Whether the holder of that public key signed this. Never rejects: a key that is none has signed nothing. */
export async function verify(publicKey: string, data: Bytes, signature: Bytes): Promise<boolean> {
  const point = fromBase64url(publicKey, PUBLIC_KEY_BYTES);
  if (point === undefined) return false;
  try {
    const crypto = webCrypto('a public key');
    const key = await crypto.importKey('raw', point, CURVE, false, ['verify']);
    return await crypto.verify(SIGNING, key, signature, data);
  } catch {
    return false;
  }
}

/**
 * What a user gave as somebody's public key.
 * @throws TypeError when it is none; PoolError `unsupported` where it could not be verified
 */
export function checkPublicKey(value: unknown): string {
  if (fromBase64url(value, PUBLIC_KEY_BYTES)?.[0] !== 4) {
    throw new TypeError('a publicKey is the one of an identity, 87 characters of base64url');
  }
  webCrypto('a publicKey');
  return value as string;
}

/** @throws TypeError when it is none */
export function checkIdentity(value: Identity): Identity {
  const { publicKey, sign } = value as Partial<Identity>;
  if (typeof sign === 'function' && fromBase64url(publicKey, PUBLIC_KEY_BYTES)?.[0] === 4) return value;
  throw new TypeError('identity is what createIdentity() resolves with: a publicKey, and sign');
}
