import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprint } from './fingerprint.ts';

describe('a fingerprint', () => {
  it('is the one that PROTOCOL.md writes down, whoever reads it', () => {
    const digest = createHash('sha256').update('["peerpool fingerprint","a","b"]').digest();
    const groups = Array.from({ length: 8 }, (_, group) => digest.readUInt32BE(group * 4) % 100_000);
    const digits = groups.map((group) => String(group).padStart(5, '0')).join(' ');
    expect(fingerprint('a', 'b')).toBe(digits);
    expect(fingerprint('b', 'a')).toBe(digits);
    expect(fingerprint('a', 'c')).not.toBe(digits);
  });
});
