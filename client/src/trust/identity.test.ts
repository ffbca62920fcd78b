import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkIdentity, checkPublicKey, createIdentity, type Identity, verify } from './identity.ts';

afterEach(() => vi.unstubAllGlobals());

const text = (said: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(said);

describe('an identity', () => {
  it('signs what its public key verifies, and nothing else does', async () => {
    const [alice, bob] = [await createIdentity({ keep: false }), await createIdentity({ keep: false })];
    const signature = await alice.sign(text('said'));
    expect(alice.publicKey).toMatch(/^[\w-]{87}$/);
    expect(signature).toHaveLength(64);
    expect(await verify(alice.publicKey, text('said'), signature)).toBe(true);
    expect(await verify(alice.publicKey, text('sad'), signature)).toBe(false);
    expect(await verify(bob.publicKey, text('said'), signature)).toBe(false);
  });

  it.each(['', 'A', 'A'.repeat(87), `BA${'A'.repeat(85)}`, `B${'_'.repeat(86)}`])(
    'that is none has signed nothing: %j',
    async (key) => {
      expect(await verify(key, text('said'), new Uint8Array(64))).toBe(false);
    },
  );

  it.each([undefined, null, 7, '', 'A'.repeat(87), 'B'.repeat(86), 'B'.repeat(88)])(
    'has a public key, which is not %j',
    (key) => {
      expect(() => checkPublicKey(key)).toThrow('a publicKey is the one of an identity');
      expect(() => checkIdentity({ publicKey: key, sign: () => {} } as unknown as Identity)).toThrow(TypeError);
    },
  );

  it('without a label that is a text is refused', async () => {
    await expect(createIdentity({ label: 7 as unknown as string })).rejects.toThrow(TypeError);
  });

  it('is not had where there is nothing to keep it in, unless it need not be kept', async () => {
    await expect(createIdentity()).rejects.toMatchObject({ code: 'unsupported', reason: 'storage' });
  });

  it('is not had without WebCrypto, and nobody’s key is named there', async () => {
    const { publicKey } = await createIdentity({ keep: false });
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    await expect(createIdentity({ keep: false })).rejects.toMatchObject({ code: 'unsupported' });
    expect(() => checkPublicKey(publicKey)).toThrow('unsupported: a publicKey needs WebCrypto');
    expect(await verify(publicKey, text('said'), new Uint8Array(64))).toBe(false);
  });
});
