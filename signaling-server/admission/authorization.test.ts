import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Application, Authorize, Denial, Grant } from './authorization.ts';
import type { SignalingEvent, SignalingOptions } from '../server.ts';
import { type Guest, Inn } from '../testing/guest.ts';
import { signToken, tokenAuthorizer } from './tokens.ts';

const secret = 'a secret of thirty-two bytes, ok';
let inn: Inn;
let events: SignalingEvent[];
/** What the hook was asked, in order. */
let asked: Application[];

beforeEach(() => {
  events = [];
  asked = [];
});
afterEach(() => inn.close());

const open = async (authorize: Authorize, options: SignalingOptions = {}): Promise<void> => {
  inn = await Inn.open({
    ...options,
    authorize: (application) => {
      asked.push(application);
      return authorize(application);
    },
    observe: (event) => events.push(event),
  });
};
const faults = (): unknown[] => events.flatMap((event) => (event.type === 'fault' ? [event.error] : []));

/** A guest, and what it hears when it joins with that token. */
async function joins(name: string, token?: string, room?: string) {
  const guest = inn.guest();
  const reply = await guest.ask({ ...guest.request(name, room), ...(token !== undefined && { token }) });
  return { guest, reply };
}

/** Who joins for so many milliseconds, and has joined. */
const briefly = async (milliseconds: number): Promise<Guest> => {
  await open(({ token }) => ({ ok: true, expires: token === undefined ? Date.now() + milliseconds : Infinity }));
  const { guest, reply } = await joins('alice');
  expect(reply.ok).toBe(true);
  return guest;
};

describe('authorize', () => {
  it('is asked who, where, from where and with which token, at each join, and decides', async () => {
    await open(({ name }) => (name === 'alice' ? { ok: true } : { ok: false, message: 'only alice may' }));
    const headers = { origin: 'https://example.org', cookie: 'session=7' };
    const alice = inn.guest({ extraHeaders: headers });
    expect(await alice.ask({ ...alice.request('alice'), token: 'abc' })).toMatchObject({ ok: true });
    expect(asked[0]).toMatchObject({
      room: 'sums',
      name: 'alice',
      instance: 'alice-1',
      token: 'abc',
      origin: 'https://example.org',
      address: '127.0.0.1',
      headers,
      renewal: false,
    });
    const { reply } = await joins('mallory');
    expect(reply).toEqual({ ok: false, code: 'unauthorized', message: 'only alice may' });
    expect(asked[1]?.token).toBeUndefined();
    expect(await inn.signaling.counts()).toMatchObject({ peers: 1, rooms: 1, refusals: { unauthorized: 1 } });
  });

  it('is asked again by a client that comes back', async () => {
    let welcome = true;
    await open(() => (welcome ? { ok: true } : { ok: false, code: 'expired', message: 'not any more' }));
    const { guest } = await joins('alice');
    welcome = false;
    const again = inn.guest();
    const reply = await again.ask({ ...again.request('alice'), key: guest.key, again: true });
    expect(reply).toMatchObject({ code: 'expired' });
    // The place is the older socket's still: who may not join takes nothing over.
    await guest.caughtUp();
    expect(guest.socket.connected).toBe(true);
  });

  it('is asked before the rooms, so that who may not join learns nothing of them', async () => {
    await open(({ token }) => (token === 'abc' ? { ok: true } : { ok: false, message: 'no' }), {
      maxPeersPerRoom: 1,
      maxRooms: 1,
    });
    await joins('alice', 'abc');
    const guesses = await Promise.all([
      joins('alice'),
      joins('bob'),
      joins('alice', undefined, 'other'),
      joins('bob', 'wrong', 'sums'),
    ]);
    for (const { reply } of guesses) expect(reply).toEqual({ ok: false, code: 'unauthorized', message: 'no' });
  });

  it.each<[string, Authorize]>([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['rejects', () => Promise.reject(new Error('mine'))],
    ['answers nothing', () => undefined as unknown as Grant],
    ['answers with a text', () => 'yes' as unknown as Grant],
    ['denies without a sentence', () => ({ ok: false }) as Denial],
    ['denies with a code of its own', () => ({ ok: false, code: '__proto__', message: 'no' }) as unknown as Denial],
    ['grants until no time', () => ({ ok: true, expires: Number.NaN })],
    ['grants what nobody knows', () => ({ ok: true, capabilities: ['reign'] }) as unknown as Grant],
  ])('that %s is a fault, the client hears unavailable, and nobody is in', async (_what, authorize) => {
    await open(authorize);
    const { guest, reply } = await joins('alice');
    expect(reply).toMatchObject({ ok: false, code: 'unavailable' });
    expect(await guest.closed()).toBe('io server disconnect');
    expect(faults()).toEqual([expect.any(Error)]);
    expect(await inn.signaling.counts()).toMatchObject({ peers: 0 });
  });

  it('that hangs is bounded by the deadline for joining, and told that nobody waits', async () => {
    await open(() => new Promise(() => {}), { joinDeadline: 50 });
    const guest = inn.guest();
    guest.say('join', guest.request('alice'), () => undefined);
    expect(await guest.closed()).toBe('io server disconnect');
    expect(guest.all('refused')).toEqual([['refused', 'unavailable']]);
    expect(faults()).toEqual([new Error('a join was not answered within 50 ms')]);
    expect(asked[0]?.signal.aborted).toBe(true);
  });

  it('that answers when the client has gone lets nobody in', async () => {
    let answer: (grant: Grant) => void = () => {};
    await open(() => new Promise((resolve) => (answer = resolve)));
    const guest = inn.guest();
    guest.say('join', guest.request('alice'), () => undefined);
    const { reply } = await new Promise<{ reply: unknown }>((resolve) => {
      guest.say('signal', { name: 'a', instance: 'b' }, 1, (refused: unknown) => resolve({ reply: refused }));
    });
    expect(reply).toMatchObject({ code: 'not-joined' });
    guest.socket.disconnect();
    const { signal } = asked[0] ?? {};
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    answer({ ok: true });
    expect(await inn.signaling.counts()).toMatchObject({ peers: 0, rooms: 0 });
    expect(faults()).toEqual([]);
  });

  it('can say no in any words: they are cut, and hold no control characters', async () => {
    await open(() => ({ ok: false, message: `no\r\nalice joined \u001b[2J\u202e ${'x'.repeat(1e6)}` }));
    const { reply } = await joins('mallory');
    const message = reply.ok ? '' : reply.message;
    expect(message).toMatch(/^no\ufffd\ufffdalice joined \ufffd\[2J\ufffd x+…$/);
    expect(message.length).toBeLessThan(310);
  });
});

describe('capabilities', () => {
  it('without join keep out', async () => {
    await open(() => ({ ok: true, capabilities: ['signal'] }));
    expect((await joins('alice')).reply).toMatchObject({ ok: false, code: 'forbidden' });
  });

  it('without signal let in, and carry nothing', async () => {
    await open(({ name }) => ({ ok: true, capabilities: name === 'mute' ? ['join'] : ['join', 'signal'] }));
    const { guest: alice } = await joins('alice');
    const { guest: mute } = await joins('mute');
    const to = { name: 'alice', instance: 'alice-1' };
    mute.say('signal', to, 'hello');
    await mute.until(() => mute.all('refused').length > 0);
    expect(mute.all('refused')).toEqual([['refused', 'forbidden']]);
    await alice.caughtUp();
    expect(alice.all('signal')).toEqual([]);
    expect(alice.all('joined')).toHaveLength(1);
  });
});

describe('what expires', () => {
  it('is told in time, and ends the socket of who does not renew; the name is kept, as of any that closed', async () => {
    const alice = await briefly(200);
    await alice.until(() => alice.all('expiring').length > 0);
    const [, left = 0] = alice.all('expiring')[0] ?? [];
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(50);
    expect(await alice.closed()).toBe('io server disconnect');
    expect(alice.all('refused')).toEqual([['refused', 'expired']]);
    expect((await joins('alice', 'forever')).reply).toMatchObject({ code: 'name-taken' });
    const again = inn.guest();
    const returning = { ...again.request('alice'), key: alice.key, again: true, token: 'forever' };
    expect(await again.ask(returning)).toEqual({ ok: true, members: [] });
    expect((await inn.signaling.counts()).refusals).toMatchObject({ expired: 1, 'name-taken': 1 });
  });

  it('goes on for who renews, and its room hears nothing of it', async () => {
    // A second is left when it is told.
    const alice = await briefly(4000);
    const { guest: bob } = await joins('bob', 'forever');
    await alice.until(() => alice.all('expiring').length > 0);
    expect(await alice.renew('newer')).toEqual({ ok: true });
    expect(asked.at(-1)).toMatchObject({ name: 'alice', room: 'sums', token: 'newer', renewal: true });
    await Promise.all([alice.caughtUp(), bob.caughtUp()]);
    expect(bob.heard.map(([what]) => what)).toEqual(['connect', 'reply', 'refused']);
  });

  it('when it is over before it is granted is refused at once', async () => {
    await open(() => ({ ok: true, expires: Date.now() }));
    expect((await joins('alice')).reply).toMatchObject({ code: 'expired' });
  });
});

describe('renewing', () => {
  it('with what is refused changes nothing, and the older grant goes on to its end', async () => {
    await open(({ renewal }) => {
      return renewal ? { ok: false, message: 'no more' } : { ok: true, expires: Date.now() + 1000 };
    });
    const { guest } = await joins('alice');
    expect(await guest.renew('x')).toMatchObject({ ok: false, code: 'unauthorized', message: 'no more' });
    expect(guest.socket.connected).toBe(true);
    expect(await guest.closed()).toBe('io server disconnect');
  });

  it('through a hook that fails is a fault; the place stays', async () => {
    await open(({ renewal }) => (renewal ? Promise.reject(new Error('mine')) : { ok: true }));
    const { guest } = await joins('alice');
    expect(await guest.renew('x')).toMatchObject({ code: 'unavailable' });
    expect(faults()).toEqual([new Error('mine')]);
    await guest.caughtUp();
  });

  it('through a hook that hangs ends with the deadline', async () => {
    await open(({ renewal }) => (renewal ? new Promise(() => {}) : { ok: true }), { joinDeadline: 100 });
    const { guest } = await joins('alice');
    expect(await guest.renew('x')).toMatchObject({ code: 'unavailable' });
    expect(faults()).toEqual([new Error('authorize has not answered within 100 ms')]);
  });

  it('can take away what was allowed', async () => {
    await open(({ renewal }) => ({ ok: true, capabilities: renewal ? ['join'] : ['join', 'signal'] }));
    const { guest } = await joins('alice');
    expect(await guest.renew('x')).toEqual({ ok: true });
    guest.say('signal', { name: 'bob', instance: 'bob-1' }, 'hello');
    await guest.until(() => guest.all('refused').length > 0);
    expect(guest.all('refused')).toEqual([['refused', 'forbidden']]);
  });

  it('before joining, without a callback, with no token or too often is refused', async () => {
    await open(() => ({ ok: true }), { joinBurst: 4, joinsPerSecond: 0.001 });
    const guest = inn.guest();
    expect(await guest.renew('x')).toMatchObject({ code: 'not-joined' });
    await guest.join('alice');
    guest.say('renew', 'x');
    guest.say('renew', { toString: 1 }, () => undefined);
    await guest.until(() => guest.all('refused').length > 0);
    expect(await guest.renew('x'.repeat(8193))).toMatchObject({ code: 'malformed' });
    expect(await guest.renew('')).toMatchObject({ code: 'malformed' });
    for (let often = 0; often < 3; often++) expect(await guest.renew('x')).toEqual({ ok: true });
    expect(await guest.renew('x')).toMatchObject({ code: 'rate-limited' });
  });

  it('with a server that asks nobody is granted', async () => {
    inn = await Inn.open();
    const alice = await inn.member('alice');
    expect(await alice.renew('x')).toEqual({ ok: true });
  });
});

describe('tokens, from end to end', () => {
  it('let in who has one, to its room and by its name, and are renewed by the next', async () => {
    await open(await tokenAuthorizer(secret));
    const token = await signToken({ secret, room: 'sums', name: 'alice', expiresIn: 60 });
    const { guest, reply } = await joins('alice', token);
    expect(reply).toEqual({ ok: true, members: [] });
    expect((await joins('bob', token)).reply).toMatchObject({ code: 'unauthorized' });
    expect((await joins('alice', token, 'other')).reply).toMatchObject({ code: 'unauthorized' });
    expect((await joins('alice')).reply).toMatchObject({ code: 'unauthorized' });
    const forBob = await signToken({ secret, room: 'sums', name: 'bob', expiresIn: 60 });
    expect(await guest.renew(forBob)).toMatchObject({ code: 'unauthorized' });
    expect(await guest.renew(await signToken({ secret, room: 'sums', expiresIn: 60 }))).toEqual({ ok: true });
    const talk = JSON.stringify(events);
    for (const part of token.split('.')) expect(talk).not.toContain(part);
  });
});
