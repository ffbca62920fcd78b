import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SIGNALING_VERSION } from '#shared/signaling';
import type { SignalingEvent } from './server.ts';
import { type Guest, Inn } from './testing/guest.ts';
import { leaveUncaught, uncaught, watchUncaught } from './testing/uncaught.ts';

beforeAll(watchUncaught);
afterAll(leaveUncaught);

let inn: Inn;
let alice: Guest;
let bob: Guest;
const events: SignalingEvent[] = [];

/** Two honest members, who must go on as if nothing had happened. */
beforeEach(async () => {
  events.length = 0;
  inn = await Inn.open({ observe: (event) => events.push(event) });
  alice = await inn.member('alice');
  bob = await inn.member('bob');
});

afterEach(async () => {
  alice.say('signal', { name: 'bob', instance: 'bob-1' }, 'still here');
  await bob.until(() => bob.all('signal').some(([, , signal]) => signal === 'still here'));
  await alice.caughtUp();
  expect([alice.all('disconnect'), bob.all('disconnect')]).toEqual([[], []]);
  await inn.close();
  expect(events.filter(({ type }) => type === 'fault')).toEqual([]);
  expect(uncaught).toEqual([]);
});

/** What a stranger heard after saying that, in order. */
async function answers(...said: [string, ...unknown[]]): Promise<unknown[]> {
  const stranger = inn.guest();
  await stranger.until(() => stranger.all('connect').length > 0);
  stranger.say(...said);
  await stranger.caughtUp();
  return stranger.heard.slice(1, -1);
}

describe('a join', () => {
  const good = { version: SIGNALING_VERSION, room: 'sums', name: 'carol', instance: 'carol-1', key: 'k'.repeat(26) };

  it('without an acknowledgement callback is refused by an event, and takes no name', async () => {
    expect(await answers('join', good)).toEqual([['refused', 'malformed']]);
    expect(await inn.signaling.counts()).toMatchObject({ peers: 2 });
    expect(await inn.guest().join('carol')).toMatchObject({ ok: true });
  });

  it.each([
    ['nothing', []],
    ['null', [null]],
    ['a string', ['join me']],
    ['an array', [[good]]],
    ['a number for a name', [{ ...good, name: 7 }]],
    ['an object for a name', [{ ...good, name: { toString: 'x' } }]],
    ['an empty name', [{ ...good, name: '' }]],
    ['a name too long', [{ ...good, name: 'n'.repeat(129) }]],
    ['a name far too long', [{ ...good, name: '\u0301'.repeat(60_000) }]],
    ['a name of two lines', [{ ...good, name: 'carol\ninfo joined' }]],
    ['half a surrogate pair for a name', [{ ...good, name: '\ud800' }]],
    ['a slash in the room', [{ ...good, room: 'sums/carol' }]],
    ['no instance', [{ ...good, instance: undefined }]],
    ['no key', [{ ...good, key: undefined }]],
    ['a key that can be guessed', [{ ...good, key: '1234' }]],
    ['a key too long', [{ ...good, key: 'k'.repeat(129) }]],
    ['a text where a truth stands', [{ ...good, again: 'yes' }]],
    ['a second argument', [good, 'extra']],
    ['a number where the callback stands', [good, 7]],
    ['an inherited request', [JSON.parse(`{"__proto__":${JSON.stringify(good)},"version":1}`)]],
  ] as [string, unknown[]][])('with %s is refused with a sentence', async (_what, args) => {
    const stranger = inn.guest();
    const reply = await new Promise((resolve) => stranger.say('join', ...args, resolve));
    expect(reply).toEqual({ ok: false, code: 'malformed', message: expect.stringMatching(/^join: .{10}/) as unknown });
    expect(Object.hasOwn(Object.prototype, 'version')).toBe(false);
  });

  it.each([2, 0, '1', undefined])('of version %s is refused with both versions', async (version) => {
    const stranger = inn.guest();
    const reply = await new Promise((resolve) => stranger.say('join', { ...good, version }, resolve));
    expect(reply).toEqual({
      ok: false,
      code: 'version',
      message: expect.stringContaining('speaks version 1') as unknown,
    });
  });

  it('twice is refused, and leaves the first as it is', async () => {
    const carol = await inn.member('carol');
    expect(await carol.join('carol')).toMatchObject({ ok: false, code: 'already-joined' });
    expect(await carol.join('mallory', 'other')).toMatchObject({ ok: false, code: 'already-joined' });
    expect(await inn.signaling.counts()).toMatchObject({ peers: 3, rooms: 1 });
    carol.say('signal', { name: 'bob', instance: 'bob-1' }, 'as carol');
    await bob.until(() => bob.all('signal').length > 0);
    expect(bob.all('signal')[0]?.[1]).toEqual({ name: 'carol', instance: 'carol-1' });
  });

  it('twice in one breath is refused the second time', async () => {
    const carol = inn.guest();
    const replies = await Promise.all([carol.join('carol'), carol.join('carol-two')]);
    expect(replies).toMatchObject([{ ok: true }, { ok: false, code: 'already-joined' }]);
    expect(await inn.signaling.counts()).toMatchObject({ peers: 3, rooms: 1 });
  });

  it('again and again is slowed down, then ends the socket', async () => {
    const guesser = inn.guest();
    for (let guess = 0; guess < 16; guess++) expect(await guesser.join('alice')).toMatchObject({ code: 'name-taken' });
    expect(await guesser.join('alice')).toMatchObject({ code: 'rate-limited' });
    for (let guess = 0; guess < 40; guess++) guesser.say('join', guesser.request('alice'), () => undefined);
    expect(await guesser.closed()).toBe('io server disconnect');
    expect(guesser.all('refused')).toEqual([['refused', 'rate-limited']]);
  });
});

describe('a signal', () => {
  const to = { name: 'bob', instance: 'bob-1' };

  it.each([
    ['without a signal', [to]],
    ['to nobody', [undefined, 'x']],
    ['to a name', ['bob', 'x']],
    ['to a name that is none', [{ ...to, name: ['bob'] }, 'x']],
    ['to a life that is none', [{ name: 'bob' }, 'x']],
    ['with more', [to, 'x', 'y']],
    ['that nests', [to, nested(40)]],
  ])('%s is refused, and reaches nobody', async (_what, args) => {
    const carol = await inn.member('carol');
    carol.say('signal', ...args);
    await carol.caughtUp();
    expect(carol.all('refused')[0]).toEqual(['refused', 'malformed']);
    expect(bob.all('signal')).toEqual([]);
  });

  it('that nests until the stack ends hurts nobody', async () => {
    const carol = await inn.member('carol');
    const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
    carol.raw(`2["signal",{"name":"bob","instance":"bob-1"},${deep}]`);
    await carol.caughtUp();
    expect(carol.all('refused')[0]).toEqual(['refused', 'malformed']);
  });

  it('too large is refused by the server, and the socket goes on', async () => {
    const carol = await inn.member('carol');
    carol.say('signal', to, 'x'.repeat(64 * 1024 + 1));
    carol.say('signal', to, { sealed: Buffer.alloc(64 * 1024) });
    carol.say('signal', to, 'é'.repeat(40 * 1024));
    carol.say('signal', to, 'x'.repeat(64 * 1024));
    await bob.until(() => bob.all('signal').length > 0);
    expect(carol.all('refused')).toEqual(Array.from({ length: 3 }, () => ['refused', 'too-large']));
    expect(bob.all('signal')).toHaveLength(1);
  });

  it('much too large ends the socket, with the code that says so, and the others hear that it closed', async () => {
    const carol = await inn.member('carol');
    carol.say('signal', to, 'x'.repeat(1024 * 1024));
    expect(await carol.closed()).toMatch(/^transport/);
    expect(carol.detail).toMatchObject({ context: { code: 1009 } });
    await bob.until(() => bob.all('left').length > 0);
    expect(bob.all('left')).toEqual([['left', { name: 'carol', instance: 'carol-1' }, 'closed']]);
  });

  it('much too large by long polling ends the socket with 413', async () => {
    const carol = inn.guest({ transports: ['polling'] });
    await carol.join('carol');
    carol.say('signal', to, 'x'.repeat(1024 * 1024));
    expect(await carol.closed()).toBe('transport error');
    expect(carol.detail).toMatchObject({ description: 413 });
  });

  it('with a callback where none belongs goes its way; with a refusal, the callback has it', async () => {
    const carol = inn.guest();
    const reply = await new Promise((resolve) => carol.say('signal', to, 'x', resolve));
    expect(reply).toMatchObject({ ok: false, code: 'not-joined' });
    await carol.join('carol');
    carol.say('signal', to, 'x', () => undefined);
    await bob.until(() => bob.all('signal').length > 0);
  });
});

describe('whatever else a client says', () => {
  it.each([
    ['nonsense'],
    ['error'],
    ['error', { message: 'mine' }],
    ['error', { toString: 1, valueOf: 1 }],
    ['__proto__', { polluted: true }],
    ['constructor'],
    ['joined', { name: 'bob', instance: 'bob-1' }],
    ['left', { name: 'bob', instance: 'bob-1' }, 'left'],
    ['leave', 'now'],
  ] as [string, ...unknown[]][])('the event %s is refused', async (...said) => {
    expect(await answers(...said)).toEqual([['refused', 'malformed']]);
  });

  it.each(['2', '21', '2[]', '2[7]', '2["join"]', '31[{}]', '3999[]', '2-1["join",{}]', '0/admin,', '20["leave","x"]'])(
    'the packet %s hurts nobody',
    async (packet) => {
      const stranger = inn.guest();
      await stranger.until(() => stranger.all('connect').length > 0);
      stranger.raw(packet);
      stranger.say('fence');
      await stranger.until(() => stranger.heard.length > 1);
    },
  );

  it.each([
    '9',
    '2{"join":1}',
    '2["disconnect"]',
    '51-["join",{"_placeholder":true,"num":9}]',
    '599-["join"]',
    '4["x"]',
    '0',
  ])('the packet %s ends its own socket only', async (packet) => {
    const stranger = inn.guest();
    await stranger.until(() => stranger.all('connect').length > 0);
    stranger.raw(packet);
    stranger.raw(Buffer.from([1, 2, 3]));
    expect(await stranger.closed()).toMatch(/^(transport|io server)/);
  });

  it('what comes after leave, in the same breath, is not heard', async () => {
    const carol = await inn.member('carol');
    carol.say('leave');
    carol.say('signal', { name: 'bob', instance: 'bob-1' }, 'one more thing');
    await bob.until(() => bob.all('left').length > 0);
    await bob.caughtUp();
    expect(bob.all('signal')).toEqual([]);
  });

  it('a goodbye to socket.io alone ends the connection too', async () => {
    const carol = await inn.member('carol');
    carol.raw('1');
    expect(await carol.closed()).toBe('transport close');
    await bob.until(() => bob.all('left').length > 0);
  });

  it('a flood is told once, then ended, while it is still coming in', async () => {
    const flood = await inn.member('carol');
    for (let index = 0; index < 5000; index++) flood.say('signal', { name: 'dave', instance: 'dave-1' }, index);
    expect(await flood.closed()).toBe('io server disconnect');
    expect(flood.all('refused')).toEqual([
      ['refused', 'rate-limited'],
      ['refused', 'rate-limited'],
    ]);
    expect(events.filter((event) => event.type === 'refused').map(({ closed }) => closed)).toEqual([false, true]);
    await bob.until(() => bob.all('left').length > 0);
  });

  it('a flood of bytes likewise', async () => {
    const flood = await inn.member('carol');
    for (let index = 0; index < 80; index++)
      flood.say('signal', { name: 'dave', instance: 'dave-1' }, 'x'.repeat(60_000));
    expect(await flood.closed()).toBe('io server disconnect');
    expect(flood.all('refused')).toHaveLength(2);
  });

  it('a whole mesh of 128 that says hello at once is no flood', async () => {
    const carol = await inn.member('carol');
    const offer = { type: 'offer', sdp: 'v=0\r\n'.padEnd(2500, 'a=candidate:1\r\n') };
    for (let peer = 0; peer < 127; peer++) {
      const someone = { name: 'bob', instance: 'bob-1' };
      carol.say('signal', someone, offer);
      for (let candidate = 0; candidate < 10; candidate++) carol.say('signal', someone, 'candidate'.padEnd(200, '.'));
    }
    await bob.until(() => bob.all('signal').length === 127 * 11);
    await carol.caughtUp();
    expect(carol.all('refused')).toHaveLength(1);
  });
});

function nested(depth: number): unknown {
  return depth === 0 ? 'x' : { inner: nested(depth - 1) };
}
