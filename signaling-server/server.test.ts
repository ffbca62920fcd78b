import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Refusal } from '#shared/signaling';
import { HELD_FOR } from './rooms/rooms.ts';
import type { SignalingEvent } from './server.ts';
import { type Guest, Inn } from './testing/guest.ts';

let inn: Inn;
afterEach(async () => {
  vi.useRealTimers();
  await inn.close();
  vi.restoreAllMocks();
});

const alice = { name: 'alice', instance: 'alice-1' };
const bob = { name: 'bob', instance: 'bob-1' };
const carol = { name: 'carol', instance: 'carol-1' };
const alice2 = { name: 'alice', instance: 'alice-2' };

/** What the next life of that guest's page asks for. */
const reloaded = (next: Guest, { key }: Guest) => ({ ...next.request('alice', 'sums', 'alice-2'), key });

describe('joining', () => {
  it('names the members in the order in which they joined, and tells them of the newcomer once', async () => {
    inn = await Inn.open();
    const first = inn.guest();
    expect(await first.join('alice')).toEqual({ ok: true, members: [] });
    const second = inn.guest();
    expect(await second.join('bob')).toEqual({ ok: true, members: [alice] });
    const third = inn.guest();
    expect(await third.join('carol')).toEqual({ ok: true, members: [alice, bob] });
    await Promise.all([first, second, third].map((guest) => guest.caughtUp()));
    expect(first.all('joined')).toEqual([
      ['joined', bob],
      ['joined', carol],
    ]);
    expect(second.all('joined')).toEqual([['joined', carol]]);
    expect(third.all('joined')).toEqual([]);
  });

  it('lets each pair of twenty that join at once meet exactly once', async () => {
    inn = await Inn.open();
    const guests = Array.from({ length: 20 }, () => inn.guest());
    const replies = await Promise.all(guests.map((guest, index) => guest.join(`peer-${index}`)));
    await Promise.all(guests.map((guest) => guest.caughtUp()));
    const heardOf = guests.map((guest, index) => {
      const reply = replies[index];
      const there = reply?.ok === true ? reply.members.map(({ name }) => name) : [];
      return [...there, ...guest.all('joined').map(([, { name }]) => name)];
    });
    for (const [index, names] of heardOf.entries()) {
      const others = [...guests.keys()].filter((other) => other !== index);
      expect(new Set(names)).toEqual(new Set(others.map((other) => `peer-${other}`)));
      expect(names).toHaveLength(others.length);
    }
    // Nothing but refusals may come before the reply.
    for (const guest of guests) expect(guest.heard.map(([what]) => what).indexOf('reply')).toBe(1);
    // Of a pair the earlier hears of the later: so the lists have every length once.
    const lengths = replies.map((reply) => (reply.ok ? reply.members.length : -1));
    expect(new Set(lengths)).toEqual(new Set(guests.keys()));
  });

  it('compares names after NFC, and takes __proto__ and 10 for names like others', async () => {
    inn = await Inn.open();
    await inn.member('e\u0301');
    expect(await inn.guest().join('\u00e9')).toMatchObject({ ok: false, code: 'name-taken' });
    expect(await inn.guest().join('__proto__', '__proto__')).toEqual({ ok: true, members: [] });
    expect(await inn.guest().join('10', '__proto__')).toMatchObject({
      members: [{ name: '__proto__', instance: '__proto__-1' }],
    });
    expect(await inn.signaling.counts()).toMatchObject({ peers: 3, rooms: 2 });
  });

  it('keeps rooms apart: the same name in two, and no word from one to the other', async () => {
    inn = await Inn.open();
    const here = await inn.member('alice', 'one');
    const there = await inn.member('alice', 'two');
    const stranger = await inn.member('bob', 'two');
    stranger.say('signal', { name: 'alice', instance: 'alice-1' }, 'to two');
    await there.until(() => there.all('signal').length > 0);
    await here.caughtUp();
    expect(here.all('signal')).toEqual([]);
    expect(here.all('joined')).toEqual([]);
  });

  it('refuses who comes into a full room or a full server, and takes the place that is free again', async () => {
    inn = await Inn.open({ maxPeersPerRoom: 2, maxRooms: 1 });
    const first = await inn.member('alice');
    const second = await inn.member('bob');
    const third = inn.guest();
    expect(await third.join('carol')).toMatchObject({ ok: false, code: 'room-full' });
    expect(await third.join('carol', 'other')).toMatchObject({ ok: false, code: 'server-full' });
    second.say('leave');
    await first.until(() => first.all('left').length > 0);
    expect(await third.join('carol')).toEqual({ ok: true, members: [alice] });
  });

  it('closes a socket that does not join in time', async () => {
    inn = await Inn.open({ joinDeadline: 100 });
    const member = await inn.member('alice');
    const idle = inn.guest();
    expect(await idle.closed()).toBe('io server disconnect');
    expect(idle.all('refused')).toEqual([['refused', 'not-joined']]);
    await member.caughtUp();
    expect(member.socket.connected).toBe(true);
  });
});

describe('names', () => {
  it('refuses a name in use, and leaves its holder alone', async () => {
    inn = await Inn.open();
    const holder = await inn.member('alice');
    const other = inn.guest();
    const refused = await other.join('alice');
    expect(refused).toMatchObject({
      ok: false,
      code: 'name-taken',
      message: expect.stringContaining('"alice"') as unknown,
    });
    await holder.caughtUp();
    expect(holder.all('joined')).toEqual([]);
    expect(await other.join('bob')).toEqual({ ok: true, members: [alice] });
  });

  it('hands a name over to the same key and instance: the old socket is told, and the others hear who is back', async () => {
    inn = await Inn.open();
    const witness = await inn.member('bob');
    const old = await inn.member('alice');
    await inn.member('carol');
    const again = inn.guest();
    const request = { ...again.request('alice'), key: old.key };
    expect(await again.ask(request)).toEqual({ ok: true, members: [bob, carol] });
    expect(await old.closed()).toBe('io server disconnect');
    expect(old.all('refused')).toEqual([['refused', 'replaced']]);
    witness.say('signal', alice, 'are you there?');
    await again.until(() => again.all('signal').length > 0);
    await witness.caughtUp();
    expect(witness.all('joined')).toEqual([
      ['joined', alice],
      ['joined', carol],
      ['joined', alice],
    ]);
    expect(witness.all('left')).toEqual([]);
    expect(await inn.signaling.counts()).toMatchObject({ peers: 3, rooms: 1 });
    // And it has kept its place in the order.
    expect(await inn.guest().join('dave')).toMatchObject({ members: [bob, alice, carol] });
  });

  it('refuses the same key with another instance while the old socket answers, and any other key', async () => {
    inn = await Inn.open();
    const holder = await inn.member('alice');
    holder.socket.on('still-here', (answer) => answer(true));
    const other = inn.guest();
    expect(await other.ask(reloaded(other, holder))).toMatchObject({
      code: 'name-taken',
      message: expect.stringContaining('answers') as unknown,
    });
    expect(await other.ask(other.request('alice'))).toMatchObject({ code: 'name-taken' });
    await holder.caughtUp();
    expect(holder.heard.map(([what]) => what)).toEqual(['connect', 'reply', 'refused']);
    // And the other may take another name.
    expect(await other.join('bob')).toEqual({ ok: true, members: [alice] });
  });

  it('hands a name over to the same key and another instance when the old socket does not answer', async () => {
    inn = await Inn.open();
    const witness = await inn.member('bob');
    const frozen = await inn.member('alice');
    const asked = new Promise((resolve) => frozen.socket.on('still-here', resolve));
    const next = inn.guest();
    await next.until(() => next.all('connect').length > 0);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const joined = next.ask(reloaded(next, frozen));
    await asked;
    await frozen.caughtUp();
    expect(next.all('reply')).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(await joined).toEqual({ ok: true, members: [bob] });
    expect(await frozen.closed()).toBe('io server disconnect');
    expect(frozen.all('refused').at(-1)).toEqual(['refused', 'replaced']);
    await witness.caughtUp();
    expect(witness.heard.slice(2, 5)).toEqual([
      ['joined', alice],
      ['left', alice, 'closed'],
      ['joined', alice2],
    ]);
    expect(witness.all('left')).toHaveLength(1);
    expect(await inn.signaling.counts()).toMatchObject({ peers: 2, rooms: 1 });
  });

  it('hands it over at once when the old socket closes instead of answering', async () => {
    inn = await Inn.open();
    const witness = await inn.member('bob');
    const old = await inn.member('alice');
    old.socket.on('still-here', () => old.socket.io.engine.close());
    const next = inn.guest();
    await next.until(() => next.all('connect').length > 0);
    // No clock goes on, so that only the closing can be what is heard.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    expect(await next.ask(reloaded(next, old))).toEqual({ ok: true, members: [bob] });
    vi.advanceTimersByTime(1000);
    await witness.caughtUp();
    expect(witness.all('left')).toEqual([['left', alice, 'closed']]);
    expect(witness.all('joined').at(-1)).toEqual(['joined', alice2]);
  });

  it.each(['another life', 'nonsense', 'itself'])('takes any answer for one: %s', async (answer) => {
    inn = await Inn.open();
    const holder = await inn.member('alice');
    holder.socket.on('still-here', (say) => (say as (...values: unknown[]) => void)(answer, { ok: false }, []));
    const other = inn.guest();
    expect(await other.ask(reloaded(other, holder))).toMatchObject({ code: 'name-taken' });
  });

  it('asks nobody whose key is not shown', async () => {
    inn = await Inn.open();
    const holder = await inn.member('alice');
    let asked = 0;
    holder.socket.on('still-here', () => asked++);
    const other = inn.guest();
    await other.ask(other.request('alice', 'sums', 'alice-2'));
    await holder.caughtUp();
    expect(asked).toBe(0);
  });

  it('refuses an instance that was replaced, without asking', async () => {
    inn = await Inn.open();
    const holder = await inn.member('alice');
    let asked = 0;
    holder.socket.on('still-here', () => asked++);
    const other = inn.guest();
    expect(await other.ask({ ...reloaded(other, holder), again: true })).toMatchObject({ code: 'replaced' });
    await holder.caughtUp();
    expect(asked).toBe(0);
  });

  it('closes while it waits for an answer, and leaves nothing', async () => {
    inn = await Inn.open();
    const holder = await inn.member('alice');
    const other = inn.guest();
    const asked = new Promise((resolve) => holder.socket.once('still-here', resolve));
    other.say('join', reloaded(other, holder), () => undefined);
    await asked;
    await inn.signaling.close();
    const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout');
    expect(other.all('reply')).toEqual([]);
    expect(holder.all('refused')).toEqual([['refused', 'shutting-down']]);
    expect(timers).toEqual([]);
  });

  it('says once that somebody left, and the name is free at once', async () => {
    inn = await Inn.open();
    const witness = await inn.member('alice');
    const leaver = await inn.member('bob');
    leaver.say('leave');
    await witness.until(() => witness.all('left').length > 0);
    await inn.member('bob');
    await witness.caughtUp();
    expect(witness.heard.slice(2, 5)).toEqual([
      ['joined', bob],
      ['left', bob, 'left'],
      ['joined', bob],
    ]);
    expect(witness.all('left')).toHaveLength(1);
  });

  it.each([
    ['socket.io', (guest: Guest) => guest.socket.disconnect()],
    ['the connection', (guest: Guest) => guest.socket.io.engine.close()],
  ] as const)('says once that somebody closed %s, and keeps the name for its key', async (_what, go) => {
    inn = await Inn.open();
    const witness = await inn.member('bob');
    const goer = await inn.member('alice');
    go(goer);
    await witness.until(() => witness.all('left').length > 0);
    const stranger = inn.guest();
    expect(await stranger.join('alice')).toMatchObject({
      code: 'name-taken',
      message: expect.stringMatching(/another \d+ s/) as unknown,
    });
    expect(await inn.signaling.counts()).toMatchObject({ peers: 1, rooms: 1 });
    const next = inn.guest();
    expect(await next.ask(reloaded(next, goer))).toEqual({ ok: true, members: [bob] });
    await witness.caughtUp();
    expect(witness.heard.slice(2, 5)).toEqual([
      ['joined', alice],
      ['left', alice, 'closed'],
      ['joined', alice2],
    ]);
    expect(witness.all('left')).toHaveLength(1);
  });

  it('gives a name to a stranger when its time is over', async () => {
    inn = await Inn.open();
    const witness = await inn.member('bob');
    const goer = await inn.member('alice');
    goer.socket.disconnect();
    await witness.until(() => witness.all('left').length > 0);
    const stranger = inn.guest();
    expect(await stranger.join('alice')).toMatchObject({ code: 'name-taken' });
    const later = performance.now() + HELD_FOR;
    vi.spyOn(performance, 'now').mockReturnValue(later);
    expect(await stranger.join('alice')).toEqual({ ok: true, members: [bob] });
  });

  it('says leave once, also to who leaves and closes in one breath', async () => {
    inn = await Inn.open();
    const witness = await inn.member('alice');
    const leaver = await inn.member('bob');
    leaver.say('leave');
    leaver.socket.disconnect();
    await witness.until(() => witness.all('left').length > 0);
    await witness.caughtUp();
    expect(witness.all('left')).toEqual([['left', bob, 'left']]);
  });

  it('forgets who goes before its join has been answered', async () => {
    inn = await Inn.open();
    const witness = await inn.member('alice');
    const hasty = inn.guest();
    await hasty.until(() => hasty.all('connect').length > 0);
    hasty.say('join', hasty.request('bob'), () => undefined);
    hasty.socket.disconnect();
    await witness.until(() => witness.all('left').length > 0);
    expect(await inn.signaling.counts()).toMatchObject({ peers: 1, rooms: 1 });
  });
});

describe('signals', () => {
  it('go to one instance, from whom the server says, unread and in order, binary too', async () => {
    inn = await Inn.open();
    const sender = await inn.member('alice');
    const recipient = await inn.member('bob');
    const bystander = await inn.member('carol');
    const signals = [{ from: 'mallory', sdp: 'v=0\r\n' }, [1, null], '', 0, { sealed: Buffer.from([1, 2, 3]) }];
    for (const signal of signals) sender.say('signal', bob, signal);
    await recipient.until(() => recipient.all('signal').length === signals.length);
    expect(recipient.all('signal')).toEqual(signals.map((signal) => ['signal', alice, signal]));
    await bystander.caughtUp();
    expect(bystander.all('signal')).toEqual([]);
  });

  it('to another life of a name, to nobody and before joining reach nobody', async () => {
    inn = await Inn.open();
    const sender = await inn.member('alice');
    const recipient = await inn.member('bob');
    sender.say('signal', { name: 'bob', instance: 'bob-0' }, 'stale');
    sender.say('signal', carol, 'nobody');
    const early = inn.guest();
    early.say('signal', bob, 'early');
    await early.until(() => early.all('refused').length > 0);
    expect(early.all('refused')).toEqual([['refused', 'not-joined']]);
    sender.say('signal', bob, 'fence');
    await recipient.until(() => recipient.all('signal').length > 0);
    expect(recipient.all('signal')).toEqual([['signal', alice, 'fence']]);
    expect(sender.all('refused')).toEqual([]);
  });
});

describe('ways in', () => {
  it('serves long polling, and its change to a WebSocket', async () => {
    inn = await Inn.open();
    const polling = inn.guest({ transports: ['polling'] });
    expect(await polling.join('alice')).toEqual({ ok: true, members: [] });
    const both = inn.guest({ transports: ['polling', 'websocket'] });
    expect(await both.join('bob')).toEqual({ ok: true, members: [alice] });
    both.say('signal', alice, 'hello');
    await polling.until(() => polling.all('signal').length > 0);
    expect(polling.all('signal')).toEqual([['signal', bob, 'hello']]);
  });

  it.each(['polling', 'websocket'])('lets only listed origins in, by %s', async (transport) => {
    inn = await Inn.open({ origin: ['https://example.org'] });
    const from = (origin?: string) =>
      inn.guest({ transports: [transport], ...(origin !== undefined && { extraHeaders: { origin } }) });
    const stranger = from('https://example.com');
    await expect(new Promise((_, reject) => stranger.socket.on('connect_error', reject))).rejects.toThrow();
    expect(await from('https://example.org').join('alice')).toMatchObject({ ok: true });
    expect(await from().join('bob')).toMatchObject({ ok: true });
  });
});

describe('what the operator hears', () => {
  it('is who came, who went and what was refused', async () => {
    const events: SignalingEvent[] = [];
    inn = await Inn.open({ observe: (event) => events.push(event) });
    const leaver = await inn.member('alice');
    await inn.guest().join('alice');
    leaver.say('leave');
    await leaver.closed();
    const garbled = inn.guest();
    await garbled.until(() => garbled.all('connect').length > 0);
    garbled.raw('9');
    await garbled.closed();
    expect(events).toEqual([
      { type: 'joined', room: 'sums', member: alice, members: 1, again: false, took: expect.any(Number) as number },
      { type: 'refused', refusal: expect.objectContaining({ code: 'name-taken' }) as Refusal, closed: false },
      { type: 'left', room: 'sums', member: alice, reason: 'left' },
      { type: 'unreadable', message: 'unknown packet type 9' },
    ]);
  });

  it('can fail without hurting a client', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
    inn = await Inn.open({
      observe: () => {
        throw new Error('the log is full');
      },
    });
    const guest = inn.guest();
    expect(await guest.join('alice')).toEqual({ ok: true, members: [] });
    guest.say('nonsense');
    await guest.caughtUp();
    expect(warned).toHaveBeenCalledWith(new Error('the log is full'));
  });
});
