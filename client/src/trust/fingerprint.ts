import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from './web-crypto.ts';

const GROUPS = 8;

/**
 * Forty digits for two people to compare, the same at both ends: of SHA-256 over both public keys, eight groups of five. Somebody in the middle would have to find two keys of his own for which both ends read the same,
 * some 2^66 tries (two of 132 bits alike).
 */
export function fingerprint(one: string, other: string): string {
  const digest = sha256(utf8(JSON.stringify(['peerpool fingerprint', ...[one, other].sort()])));
  const words = new DataView(digest.buffer, digest.byteOffset);
  const groups = Array.from({ length: GROUPS }, (_, group) => String(words.getUint32(group * 4) % 100_000));
  return groups.map((digits) => digits.padStart(5, '0')).join(' ');
}
