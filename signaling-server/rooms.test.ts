import { describe, expect, it } from 'vitest';
import { instanceId, peerName, roomName } from '#shared/identifiers';
import { MemoryRooms, ownership, type Rooms, type Seat } from './rooms.ts';

const sums = roomName('sums');
const chat = roomName('chat');

function seat(
  name: string,
  { socket = `socket of ${name}`, instance = `${name}-1`, key = `key of ${name}` } = {},
): Seat {
  return { name: peerName(name), instance: instanceId(instance), proof: ownership(key), socket };
}

const member = (name: string) => ({ name, instance: `${name}-1` });
const alone = { ok: true, members: [], replaced: undefined };

/** What every implementation keeps. */
describe.each<[string, (limits: { maxPeersPerRoom: number; maxRooms: number }) => Rooms]>([
  ['memory', (limits) => new MemoryRooms(limits)],
])('rooms in %s', (_where, open) => {
  const roomy = () => open({ maxPeersPerRoom: 100, maxRooms: 100 });

  it('name the others in the order in which they joined', async () => {
    const rooms = roomy();
    expect(await rooms.join(sums, seat('10'))).toEqual(alone);
    expect(await rooms.join(sums, seat('9'))).toMatchObject({ members: [member('10')] });
    expect(await rooms.join(sums, seat('__proto__'))).toMatchObject({ members: [member('10'), member('9')] });
    await rooms.leave(sums, peerName('10'), 'socket of 10');
    await rooms.join(sums, seat('10'));
    expect(await rooms.join(sums, seat('x'))).toMatchObject({
      members: [member('9'), member('__proto__'), member('10')],
    });
  });

  it('decide who of many asked first, and answer in that order', async () => {
    const rooms = roomy();
    const settled: number[] = [];
    const names = Array.from({ length: 50 }, (_, index) => `peer-${index}`);
    const taken = await Promise.all(
      names.map(async (name, index) => {
        const outcome = await rooms.join(sums, seat(name));
        settled.push(index);
        return outcome;
      }),
    );
    expect(taken.map((outcome) => outcome.ok && outcome.members.length)).toEqual([...names.keys()]);
    expect(settled).toEqual([...names.keys()]);
  });

  it('give a name to exactly one of many that ask in the same instant', async () => {
    const rooms = roomy();
    const claims = Array.from({ length: 50 }, (_, index) => seat('alice', { socket: `${index}`, key: `key ${index}` }));
    const outcomes = await Promise.all(claims.map((claim) => rooms.join(sums, claim)));
    expect(outcomes.filter(({ ok }) => ok)).toEqual([alone]);
    expect(outcomes.filter((outcome) => !outcome.ok && outcome.code === 'name-taken')).toHaveLength(49);
    expect(await rooms.counts()).toEqual({ peers: 1, rooms: 1 });
  });

  it('hand a name over to key and instance together, and count it once', async () => {
    const rooms = roomy();
    await rooms.join(sums, seat('alice'));
    await rooms.join(sums, seat('bob'));
    expect(await rooms.join(sums, seat('alice', { socket: 'new', key: 'another' }))).toMatchObject({ ok: false });
    expect(await rooms.join(sums, seat('alice', { socket: 'new', instance: 'alice-2' }))).toMatchObject({ ok: false });
    expect(await rooms.join(sums, seat('alice', { socket: 'new' }))).toEqual({
      ok: true,
      members: [member('bob')],
      replaced: 'socket of alice',
    });
    expect(await rooms.counts()).toEqual({ peers: 2, rooms: 1 });
  });

  it('let only the socket that holds a name free it, and only once', async () => {
    const rooms = roomy();
    await rooms.join(sums, seat('alice'));
    await rooms.join(sums, seat('alice', { socket: 'new' }));
    const alice = peerName('alice');
    expect(await rooms.leave(sums, alice, 'socket of alice')).toBe(false);
    expect(await rooms.leave(chat, alice, 'new')).toBe(false);
    expect(await rooms.leave(sums, peerName('bob'), 'new')).toBe(false);
    expect(await rooms.leave(sums, alice, 'new')).toBe(true);
    expect(await rooms.leave(sums, alice, 'new')).toBe(false);
    expect(await rooms.counts()).toEqual({ peers: 0, rooms: 0 });
  });

  it('are as many and as large as they may be, and a holder comes back into a full one', async () => {
    const rooms = open({ maxPeersPerRoom: 2, maxRooms: 1 });
    await rooms.join(sums, seat('alice'));
    await rooms.join(sums, seat('bob'));
    expect(await rooms.join(sums, seat('carol'))).toMatchObject({ ok: false, code: 'room-full' });
    expect(await rooms.join(chat, seat('carol'))).toMatchObject({ ok: false, code: 'server-full' });
    expect(await rooms.join(sums, seat('bob', { socket: 'new' }))).toMatchObject({ ok: true });
    await rooms.leave(sums, peerName('alice'), 'socket of alice');
    await rooms.leave(sums, peerName('bob'), 'new');
    expect(await rooms.join(chat, seat('carol'))).toEqual(alone);
    expect(await rooms.counts()).toEqual({ peers: 1, rooms: 1 });
  });
});
