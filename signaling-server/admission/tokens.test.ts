import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Application, Authorize } from './authorization.ts';
import { signToken, tokenAuthorizer, type TokenRequest } from './tokens.ts';

const secret = 'a secret of thirty-two bytes, ok';
const other = 'another secret, as long as these';
const application: Application = {
  room: 'sums',
  name: 'alice',
  instance: 'alice-1',
  token: undefined,
  origin: undefined,
  address: '203.0.113.7',
  headers: {},
  renewal: false,
  signal: new AbortController().signal,
};

let authorize: Authorize;
beforeAll(async () => {
  authorize = await tokenAuthorizer(secret);
});

const show = (token: string | undefined, by = authorize) => by({ ...application, token });
const token = (over: Partial<TokenRequest> = {}): Promise<string> =>
  signToken({ secret, room: 'sums', expiresIn: 60, ...over });

/** A token as a forger makes it: any header, any claims, signed by hand, or not at all. */
function forged(header: object, claims: object, key?: string | Buffer): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part(header)}.${part(claims)}`;
  return `${body}.${key === undefined ? '' : createHmac('sha256', key).update(body).digest('base64url')}`;
}

const header = { alg: 'HS256', typ: 'peerpool+jwt' };
const soon = Math.floor(Date.now() / 1000) + 60;
const claims = { iss: 'peerpool', aud: 'peerpool-signaling', room: 'sums', exp: soon };

describe('a token', () => {
  it('lets in for its room until it expires, by any name, with all that can be allowed', async () => {
    const before = Date.now();
    const granted = await show(await token());
    expect(granted).toEqual({ ok: true, expires: expect.any(Number) as number, capabilities: undefined });
    const expires = granted.ok ? (granted.expires ?? 0) : 0;
    expect(expires).toBeGreaterThanOrEqual(before + 60_000);
    expect(expires).toBeLessThan(Date.now() + 61_001);
  });

  it('can be for one name, and for less than everything', async () => {
    expect(await show(await token({ name: 'alice' }))).toMatchObject({ ok: true });
    expect(await show(await token({ name: 'e\u0301' }))).toMatchObject({ ok: false });
    const accent = { ...application, name: '\u00e9', token: await token({ name: 'e\u0301' }) };
    expect(await authorize(accent)).toMatchObject({ ok: true });
    expect(await show(await token({ capabilities: ['join'] }))).toMatchObject({ ok: true, capabilities: ['join'] });
    const newer = forged(header, { ...claims, capabilities: ['reign', 'join', '__proto__'] }, secret);
    expect(await show(newer)).toMatchObject({ ok: true, capabilities: ['join'] });
  });

  it('of any of several secrets is good, and the first of them signs: so that keys can rotate', async () => {
    const both = await tokenAuthorizer([other, secret]);
    expect(await show(await token(), both)).toMatchObject({ ok: true });
    const rotated = await token({ secret: [other, secret] });
    expect(await show(rotated, both)).toMatchObject({ ok: true });
    expect(await show(rotated)).toMatchObject({ ok: false, code: 'unauthorized' });
    const old = forged(header, { ...claims, exp: soon - 3600 }, secret);
    expect(await show(old, both)).toMatchObject({ ok: false, code: 'expired' });
  });

  it.each<[string, () => string | undefined | Promise<string>, string, RegExp]>([
    ['that is missing', () => undefined, 'unauthorized', /asks for a token/],
    ['of another key', () => token({ secret: other }), 'unauthorized', /not signed with a key/],
    ['for another room', () => token({ room: 'shopping' }), 'unauthorized', /\(room\)/],
    ['for another name', () => token({ name: 'bob' }), 'unauthorized', /\(name\)/],
    ['that has expired', () => forged(header, { ...claims, exp: soon - 61 }, secret), 'expired', /\(exp\)/],
    ['that is not valid yet', () => forged(header, { ...claims, nbf: soon }, secret), 'unauthorized', /\(nbf\)/],
    ['without an end', () => forged(header, { ...claims, exp: undefined }, secret), 'unauthorized', /\(exp\)/],
    ['with a text for an end', () => forged(header, { ...claims, exp: 'never' }, secret), 'unauthorized', /\(exp\)/],
    ['without a room', () => forged(header, { ...claims, room: undefined }, secret), 'unauthorized', /\(room\)/],
    ['of another issuer', () => forged(header, { ...claims, iss: 'shop' }, secret), 'unauthorized', /\(iss\)/],
    ['for another audience', () => forged(header, { ...claims, aud: 'shop' }, secret), 'unauthorized', /\(aud\)/],
    ['of another type', () => forged({ ...header, typ: 'JWT' }, claims, secret), 'unauthorized', /\(typ\)/],
    ['with an object for a name', () => forged(header, { ...claims, name: {} }, secret), 'unauthorized', /\(name\)/],
    [
      'that allows what is no list',
      () => forged(header, { ...claims, capabilities: 'join' }, secret),
      'unauthorized',
      /\(capabilities\)/,
    ],
    ['with alg none', () => forged({ ...header, alg: 'none' }, claims), 'unauthorized', /\(alg\)/],
    ['with alg none, and signed', () => forged({ ...header, alg: 'none' }, claims, secret), 'unauthorized', /\(alg\)/],
    ['with alg None', () => forged({ ...header, alg: 'None' }, claims), 'unauthorized', /\(alg\)/],
    ['with another algorithm', () => forged({ ...header, alg: 'HS512' }, claims, secret), 'unauthorized', /\(alg\)/],
    ['without an algorithm', () => forged({ typ: header.typ }, claims, secret), 'unauthorized', /no token|alg/],
    ['without a signature', () => forged(header, claims), 'unauthorized', /not signed with a key/],
    ['signed with nothing', () => forged(header, claims, Buffer.alloc(0)), 'unauthorized', /not signed with a key/],
    [
      'with a critical extension',
      () => forged({ ...header, crit: ['b64'], b64: false }, claims, secret),
      'unauthorized',
      /no token/,
    ],
    ['whose payload was changed', async () => changed(await token({ room: 'shopping' })), 'unauthorized', /not signed/],
    ['that is no token', () => 'let me in', 'unauthorized', /no token/],
    ['of dots', () => '..', 'unauthorized', /./],
    ['of control characters', () => '\u0000\n\u001b[31m', 'unauthorized', /no token/],
    ['that is a giant', () => `${'x'.repeat(8000)}.y.z`, 'unauthorized', /./],
  ])('%s is refused, in a sentence that does not repeat it', async (_what, make, code, sentence) => {
    const made = await make();
    const denied = await show(made);
    expect(denied).toEqual({ ok: false, code, message: expect.stringMatching(sentence) as string });
    for (const part of (made ?? '').split('.').filter((text) => text.length > 2)) {
      expect(JSON.stringify(denied)).not.toContain(part);
    }
  });

  it('signed by RS256 is refused for its algorithm; there is no public key that could be taken for a secret', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const foreign = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: header.typ }).sign(privateKey);
    expect(await show(foreign)).toMatchObject({ ok: false, message: expect.stringMatching(/\(alg\)/) as string });
  });
});

describe('signing', () => {
  it.each<[string, Partial<Record<keyof TokenRequest, unknown>>]>([
    ['a secret too short', { secret: 'x'.repeat(31) }],
    ['no secret', { secret: [] }],
    ['no room', { room: undefined }],
    ['a room that is none', { room: 'a/b' }],
    ['a name that is none', { name: '' }],
    ['no end', { expiresIn: Infinity }],
    ['an end in the past', { expiresIn: -1 }],
    ['what nobody knows', { capabilities: ['join', 'reign'] }],
  ])('with %s is refused', async (_what, over) => {
    await expect(token(over as Partial<TokenRequest>)).rejects.toThrow(/./);
    await expect(token(over as Partial<TokenRequest>)).rejects.not.toThrow(/xxxx/);
  });

  it('says which of several secrets is too short, and not what it is', async () => {
    await expect(tokenAuthorizer([secret, 'hunter2'])).rejects.toThrow('secret 2 of 2 has 7 bytes, and needs 32');
  });
});

function changed(token: string): string {
  const [head, , signature] = token.split('.');
  return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}
