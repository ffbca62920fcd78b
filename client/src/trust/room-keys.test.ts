import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkSecret, generateSecret, RoomKeys, roomHash } from './room-keys.ts';

/** Bytes 0 to 31. */
const SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

afterEach(() => vi.unstubAllGlobals());

describe('a secret', () => {
  it('has 32 random bytes, fits behind the # of a link, and is a new one each time', () => {
    const secrets = Array.from({ length: 100 }, generateSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(checkSecret(secret)).toHaveLength(32);
    }
  });

  it.each([
    'correct horse battery staple',
    '',
    'A'.repeat(42),
    'A'.repeat(44),
    `${SECRET.slice(0, -1)}+`,
    // The last character holds bits beyond the 32 bytes.
    `${SECRET.slice(0, -1)}9`,
    undefined,
    7,
    new Uint8Array(32),
  ])('is nothing else, least of all a passphrase: %j', (secret) => {
    expect(() => checkSecret(secret)).toThrow(TypeError);
    expect(() => checkSecret(secret)).toThrow('a secret is what generateSecret() returns');
  });

  it('is made where there is no WebCrypto, and used only where there is', async () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const secret = generateSecret();
    await expect(roomHash('sums', secret)).rejects.toMatchObject({
      code: 'unsupported',
      detail: 'a secret needs WebCrypto, which a page has over https and on localhost only',
    });
  });
});

describe('the hash of a room', () => {
  it('is the one that PROTOCOL.md writes down', async () => {
    expect(await roomHash('sums', SECRET)).toBe('3b1ac9fba11772d1864b8c5c1994a6ae');
  });

  it('differs by room and by secret, and not by how the room is written', async () => {
    const hashes = await Promise.all([
      roomHash('caf\u00e9', SECRET),
      roomHash('cafe\u0301', SECRET),
      roomHash('cafe', SECRET),
      roomHash('caf\u00e9', generateSecret()),
    ]);
    expect(hashes[0]).toBe(hashes[1]);
    expect(new Set(hashes).size).toBe(3);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{32}$/);
  });

  it('refuses a room that is none', async () => {
    await expect(roomHash('a/b', SECRET)).rejects.toThrow('"/" is not allowed');
  });
});

describe('the key of a direction', () => {
  const alice = { name: 'alice', instance: 'a1' };
  const bob = { name: 'bob', instance: 'b1' };

  it('opens what was sealed for it, and for no other direction, life, name or room', async () => {
    const ours = await RoomKeys.derive(checkSecret(SECRET), 'sums');
    const iv = new Uint8Array(12);
    const sealed = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv },
      await ours.signals(alice, bob),
      new TextEncoder().encode('hello'),
    );
    const opens = async (key: Promise<CryptoKey>): Promise<boolean> =>
      crypto.subtle.decrypt({ name: 'AES-GCM', iv }, await key, sealed).then(
        () => true,
        () => false,
      );
    const others = await RoomKeys.derive(checkSecret(SECRET), 'other sums');
    expect(await opens(ours.signals(alice, bob))).toBe(true);
    expect(await opens(ours.signals(bob, alice))).toBe(false);
    expect(await opens(ours.signals({ ...alice, instance: 'a2' }, bob))).toBe(false);
    expect(await opens(ours.signals(alice, { ...bob, instance: 'b2' }))).toBe(false);
    expect(await opens(ours.signals(alice, { ...bob, name: 'carol' }))).toBe(false);
    expect(await opens(ours.signals({ name: 'alicea1', instance: '' }, bob))).toBe(false);
    expect(await opens(others.signals(alice, bob))).toBe(false);
  });

  it('can not be taken out', async () => {
    const keys = await RoomKeys.derive(checkSecret(SECRET), 'sums');
    await expect(crypto.subtle.exportKey('raw', await keys.signals(alice, bob))).rejects.toThrow();
  });
});
