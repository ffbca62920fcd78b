import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Capability, CAPABILITIES, type IceServers, type JoinReply } from '#shared/signaling';
import type { Permit } from '../admission/authorization.ts';
import { signToken, tokenAuthorizer } from '../admission/tokens.ts';
import { Inn } from '../testing/guest.ts';
import { type IceOptions, iceOptions } from './ice-options.ts';
import { IceSupply } from './ice-supply.ts';

const stun = ['stun:stun.example.org'];
const turn = { urls: ['turn:turn.example.org', 'turns:turn.example.org?transport=tcp'], secret: 'north' };
const SECOND = 1000;
const YEAR = 365 * 24 * 3600;
const TEXT = expect.any(String) as string;
const alice = { room: 'sums', name: 'alice' };

const permit = (...capabilities: Capability[]): Permit => ({
  ok: true,
  expires: Infinity,
  capabilities: new Set(capabilities),
});
const ALL = permit(...CAPABILITIES);

/** As coturn checks it. */
function checked(username = '', credential = ''): number {
  expect(credential).toBe(createHmac('sha1', turn.secret).update(username).digest('base64'));
  return Number(username.split(':')[0]);
}

describe('what a visit is handed', () => {
  let handed: IceServers[];
  const supplyOf = (options: IceOptions): IceSupply => {
    const ice = iceOptions(options);
    if (ice === undefined) throw new Error('there is nothing to hand out');
    return new IceSupply(ice, (servers) => handed.push(servers));
  };
  const supply = (ttl = 60): IceSupply => supplyOf({ stun, turn: { ...turn, ttl } });

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_800_000_000_500 });
    handed = [];
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('at its join are STUN servers and TURN servers with a credential of its own', () => {
    const opened = supply();
    const { ice } = opened.open(alice, ALL);
    opened.stop();
    expect(ice).toEqual({
      servers: [{ urls: stun }, { urls: turn.urls, username: TEXT, credential: TEXT }],
      holds: 60 * SECOND,
    });
    const { username, credential } = ice?.servers[1] ?? {};
    // Never shorter than the client is told.
    expect(checked(username, credential)).toBe(1_800_000_061);
    expect(username).not.toContain('alice');
  });

  it('is fresh before the last has expired, for as long as the visit goes on', () => {
    const opened = supply();
    const first = opened.open(alice, ALL).ice;
    vi.advanceTimersByTime(44 * SECOND);
    expect(handed).toEqual([]);
    vi.advanceTimersByTime(1 * SECOND);
    expect(handed).toHaveLength(1);
    vi.advanceTimersByTime(9 * 45 * SECOND);
    const usernames = [first, ...handed].map((servers) => servers?.servers[1]?.username);
    const ends = usernames.map((username) => Number(username?.split(':')[0]));
    expect(ends).toEqual(Array.from({ length: 11 }, (_, index) => 1_800_000_061 + 45 * index));
    expect(new Set(usernames.map((username) => username?.split(':')[1])).size).toBe(1);
    expect(vi.getTimerCount()).toBe(1);
    opened.stop();
    vi.advanceTimersByTime(3600 * SECOND);
    expect(handed).toHaveLength(10);
  });

  it('may hold for longer than a timer counts', () => {
    const opened = supply(YEAR);
    expect(opened.open(alice, ALL).ice?.holds).toBe(YEAR * SECOND);
    vi.advanceTimersByTime(0.74 * YEAR * SECOND);
    expect(handed).toEqual([]);
    vi.advanceTimersByTime(0.02 * YEAR * SECOND);
    expect(handed).toHaveLength(1);
    opened.stop();
  });

  it('comes at once to who slept through the end of the last', () => {
    const opened = supply();
    opened.open(alice, ALL);
    vi.setSystemTime(1_800_003_600_000);
    vi.advanceTimersByTime(60 * SECOND);
    expect(handed).toHaveLength(1);
    expect(handed[0]?.servers[1]?.username).toMatch(/^18000037\d\d:/);
    opened.stop();
  });

  it('follows what a renewal allows, at once and from then on', () => {
    const opened = supply();
    expect(opened.open(alice, permit('join')).ice).toEqual({ servers: [{ urls: stun }] });
    expect(vi.getTimerCount()).toBe(0);
    opened.renewed(ALL);
    expect(handed.at(-1)?.servers).toHaveLength(2);
    opened.renewed(ALL);
    expect(handed).toHaveLength(1);
    opened.renewed(permit('join', 'signal'));
    expect(handed.at(-1)).toEqual({ servers: [{ urls: stun }] });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('without TURN servers never changes', () => {
    const one = supplyOf({ stun });
    expect(one.open(alice, ALL)).toEqual({ ice: { servers: [{ urls: stun }] } });
    one.renewed(permit('join'));
    expect(handed).toEqual([]);
  });
});

describe('ICE servers, from end to end', () => {
  let inn: Inn;
  afterEach(() => inn.close());

  const iceOf = (reply: JoinReply): IceServers | undefined => (reply.ok ? reply.ice : undefined);
  const secret = 'a secret of thirty-two bytes, ok';

  it('come with the reply to a join and fresh before they expire', async () => {
    inn = await Inn.open({ ice: { stun, turn: { ...turn, ttl: 1 } } });
    const guest = inn.guest();
    const ice = iceOf(await guest.join('alice'));
    expect(ice).toMatchObject({ servers: [{ urls: stun }, { urls: turn.urls }], holds: SECOND });
    checked(ice?.servers[1]?.username, ice?.servers[1]?.credential);
    await guest.until(() => guest.all('ice').length === 2);
    expect(guest.all('ice')[1]?.[1]).toMatchObject({ servers: [{ urls: stun }, { urls: turn.urls }], holds: SECOND });
  });

  it('leave no timer behind when the server closes', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    inn = await Inn.open({ ice: { turn } });
    await inn.member('alice');
    const due = set.mock.calls.findIndex(([, delay]) => delay !== undefined && delay > 2_600_000);
    expect(due).toBeGreaterThan(-1);
    await inn.signaling.close();
    expect(cleared).toHaveBeenCalledWith(set.mock.results[due]?.value);
    vi.restoreAllMocks();
  });

  it('are nothing that a client hears of, where there are none', async () => {
    inn = await Inn.open();
    expect(await inn.guest().join('alice')).toEqual({ ok: true, members: [] });
  });

  it('are TURN servers for who may have them: by its token, and by the next', async () => {
    inn = await Inn.open({ ice: { stun, turn }, authorize: await tokenAuthorizer(secret) });
    const token = (...capabilities: Capability[]): Promise<string> =>
      signToken({ secret, room: 'sums', expiresIn: 60, capabilities });
    const guest = inn.guest();
    const reply = await guest.ask({ ...guest.request('alice'), token: await token('join', 'signal') });
    expect(iceOf(reply)).toEqual({ servers: [{ urls: stun }] });
    expect(await guest.renew(await token(...CAPABILITIES))).toEqual({ ok: true });
    await guest.until(() => guest.all('ice').length === 1);
    expect(await guest.renew(await token('join'))).toEqual({ ok: true });
    await guest.until(() => guest.all('ice').length === 2);
    expect(guest.all('ice').map(([, { servers }]) => servers.length)).toEqual([2, 1]);
    const plain = inn.guest();
    const all = await signToken({ secret, room: 'sums', expiresIn: 60 });
    expect(iceOf(await plain.ask({ ...plain.request('bob'), token: all }))?.servers).toHaveLength(2);
  });
});
