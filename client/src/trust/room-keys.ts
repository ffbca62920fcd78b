import { roomName } from '#shared/identifiers';
import { fromBase64url, toBase64url } from './base64url.ts';
import { type Bytes, utf8, webCrypto } from './web-crypto.ts';

/** 256 bits: nobody guesses them, whatever they compute with. */
const SECRET_BYTES = 32;
/** 128 bits keep two rooms apart. */
const HASH_BYTES = 16;

/** One life of somebody in a room. */
export interface Bearer {
  readonly name: string;
  readonly instance: string;
}

/**
 * A secret for a room: 32 random bytes in base64url, 43 characters. Give it to those who are to meet, by a way that the signaling server does not see: what stands behind the `#` of a link is never sent to a server.
 */
export function generateSecret(): string {
  return toBase64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/**
 * The name by which the signaling server knows a room with a secret: to sign a token for it, or to find it in a log.
 * @throws TypeError, RangeError for what is no secret or no room; PoolError `unsupported` without WebCrypto
 */
export async function roomHash(room: string, secret: string): Promise<string> {
  const keys = await RoomKeys.derive(checkSecret(secret), roomName(room));
  return keys.roomHash;
}

/**
 * A passphrase is refused, not stretched: who runs the server could try guesses at leisure against the hash of the room, and what people can remember does not stand that.
 * @throws TypeError
 */
export function checkSecret(secret: unknown): Bytes {
  const bytes = fromBase64url(secret, SECRET_BYTES);
  if (bytes !== undefined) return bytes;
  throw new TypeError(
    'a secret is what generateSecret() returns, 32 random bytes in base64url; a passphrase could be guessed by whoever runs the signaling server',
  );
}

/** What members of a room with a secret have in common: HKDF (RFC 5869) with SHA-256 makes it of the secret, by WebCrypto. */
export class RoomKeys {
  /** All that the server is told of the room's name. */
  readonly roomHash: string;
  readonly #room: string;
  readonly #secret: CryptoKey;
  readonly #crypto: SubtleCrypto;

  private constructor(crypto: SubtleCrypto, secret: CryptoKey, room: string, hash: ArrayBuffer) {
    this.#crypto = crypto;
    this.#secret = secret;
    this.#room = room;
    this.roomHash = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** @throws PoolError `unsupported` without WebCrypto */
  static async derive(secret: Bytes, room: string): Promise<RoomKeys> {
    const crypto = webCrypto('a secret');
    const key = await crypto.importKey('raw', secret, 'HKDF', false, ['deriveKey', 'deriveBits']);
    const hash = await crypto.deriveBits(derivation('peerpool room', room), key, HASH_BYTES * 8);
    return new RoomKeys(crypto, key, room, hash);
  }

  /** Of signals from one instance to another: a key for each direction, so that none opens where it was not meant for. */
  async signals(from: Bearer, to: Bearer): Promise<CryptoKey> {
    return await this.#crypto.deriveKey(
      derivation('peerpool signals', this.#room, from.name, from.instance, to.name, to.instance),
      this.#secret,
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    );
  }
}

/** No salt: the secret is random as it is (RFC 5869, section 3.1). JSON keeps what stands in `info` apart. */
function derivation(...info: readonly string[]): HkdfParams {
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: utf8(JSON.stringify(info)) };
}
