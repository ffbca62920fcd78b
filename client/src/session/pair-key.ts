import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeText } from './frames.ts';
import type { Hello } from './hello.ts';

/**
 * What only the two ends of a session know: both halves were told inside the first link. Whoever resumes the session proves it for the new link, so that an instance id,
 * which everybody knows, is a name and no proof, and a proof heard on one link is worth nothing on another.
 */
export class PairKey {
  readonly #key: Uint8Array;

  /** The smaller instance's half comes first, so that both ends write the same. */
  constructor(own: Hello, other: Hello) {
    this.#key = encodeText(own.instance < other.instance ? `${own.key}/${other.key}` : `${other.key}/${own.key}`);
  }

  /**
   * HMAC-SHA-256 (RFC 2104) over the session, who speaks to whom, and the link: its number and both ends' binding, the speaker's first. In base 16.
   * `crypto.subtle` is not there on insecure origins, and not synchronous.
   */
  proof(session: string, speaker: Pick<Hello, 'instance' | 'to' | 'link'>, own: string, other: string): string {
    const said = JSON.stringify([session, speaker.instance, speaker.to, speaker.link, own, other]);
    return Array.from(hmac(sha256, this.#key, encodeText(said)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

/** Compares in a time that does not depend on where two texts differ. */
export function sameProof(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < one.length; index++) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
