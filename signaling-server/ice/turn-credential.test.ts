import { describe, expect, it } from 'vitest';
import { turnCredential, turnUser } from './turn-credential.ts';

describe('a TURN credential', () => {
  it('is the HMAC-SHA1 of its username under the secret, as openssl makes it', () => {
    // printf '1800000000:alice' | openssl dgst -sha1 -hmac 'north' -binary | base64
    const made = turnCredential('north', 'alice', 1_800_000_000);
    expect(made).toEqual({ username: '1800000000:alice', credential: 'sIm7pn/teO7y3AyXGeXl/xAQR6Q=' });
  });

  it('is of somebody whom its username does not name, and the same one each time', () => {
    const user = turnUser('north', 'sums', 'alice');
    expect(user).toMatch(/^[\w-]{16}$/);
    expect(turnUser('north', 'sums', 'alice')).toBe(user);
    const others = [
      turnUser('south', 'sums', 'alice'),
      turnUser('north', 'sum', 'salice'),
      turnUser('north', 'sums', 'bob'),
    ];
    expect(new Set([user, ...others]).size).toBe(4);
  });
});
