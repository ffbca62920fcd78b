import { afterEach, describe, expect, it } from 'vitest';
import { instanceId, peerName, roomName } from '#shared/identifiers';
import {
  type Change,
  type Claim,
  HELD_FOR,
  ownership,
  type RoomLimits,
  type Rooms,
  type RoomsListener,
} from '../rooms/rooms.ts';

const sums = roomName('sums');
const chat = roomName('chat');

interface Details {
  readonly socket?: string;
  readonly instance?: string;
  readonly key?: string;
  readonly again?: boolean;
  readonly silent?: string;
}

function seat(name: string, details: Details = {}): Claim {
  const { socket = `socket of ${name}`, instance = `${name}-1`, key = `key of ${name}`, again = false } = details;
  const proof = ownership(key);
  return { name: peerName(name), instance: instanceId(instance), proof, socket, again, silent: details.silent };
}

const member = (name: string, instance = `${name}-1`) => ({ name, instance });
const alone = { ok: true, members: [], replaced: undefined, before: undefined };
const alice = peerName('alice');

/** What was told at one node, in order. */
export interface Told {
  readonly room: string;
  readonly version: number;
  readonly change: Change;
}

/** Writes down what rooms tell. */
export class Recorder implements RoomsListener {
  readonly told: Told[] = [];
  readonly unseats: string[] = [];
  #waiting: (() => void)[] = [];

  changed(room: string, version: number, change: Change): void {
    this.told.push({ room, version, change });
    this.#look();
  }

  unseated(socket: string): void {
    this.unseats.push(socket);
    this.#look();
  }

  /** Looks again whenever something was told. */
  async until(condition: (told: readonly Told[]) => boolean): Promise<readonly Told[]> {
    while (!condition(this.told)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.told;
  }

  #look(): void {
    for (const look of this.#waiting.splice(0)) look();
  }
}

/** One implementation, as the contract sees it. */
export interface Implementation {
  readonly rooms: Rooms;
  /** Of the node through which a socket of that name comes. */
  heard(socket: string): Recorder;
  /** Lets so many ms pass, by the clock by which names are kept. Nodes live on. */
  pass(milliseconds: number): Promise<void>;
  /** That clock goes by so many ms at most while a test does something else. */
  readonly slack: number;
  close(): Promise<void>;
}

/** What every implementation keeps. `nodes`: how many the sockets are spread over. */
export function roomsContract(
  where: string,
  nodes: number,
  implement: (limits: RoomLimits) => Promise<Implementation>,
): void {
  describe(`rooms ${where}`, () => {
    let implementation: Implementation | undefined;
    afterEach(() => implementation?.close());

    const open = async (limits: RoomLimits): Promise<Rooms> => {
      implementation = await implement(limits);
      return implementation.rooms;
    };
    const roomy = () => open({ maxPeersPerRoom: 100, maxRooms: 100 });
    const pass = async (milliseconds: number) => implementation?.pass(milliseconds);
    const slack = (): number => implementation?.slack ?? 0;
    const heard = (socket: string): Recorder => {
      if (implementation === undefined) throw new Error('nothing is open');
      return implementation.heard(socket);
    };

    it('name the others in the order in which they joined', async () => {
      const rooms = await roomy();
      expect(await rooms.join(sums, seat('10'))).toMatchObject(alone);
      expect(await rooms.join(sums, seat('9'))).toMatchObject({ members: [member('10')] });
      expect(await rooms.join(sums, seat('__proto__'))).toMatchObject({ members: [member('10'), member('9')] });
      await rooms.leave(sums, peerName('10'), 'socket of 10', 'left');
      await rooms.join(sums, seat('10'));
      expect(await rooms.join(sums, seat('x'))).toMatchObject({
        members: [member('9'), member('__proto__'), member('10')],
      });
    });

    // Through several nodes nobody can say who asked first.
    const ofOne = nodes === 1 ? it : () => undefined;
    ofOne('decide who of many asked first, and answer in that order', async () => {
      const rooms = await roomy();
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
      const rooms = await roomy();
      const claims = Array.from({ length: 50 }, (_, index) =>
        seat('alice', { socket: `${index}`, key: `key ${index}` }),
      );
      const outcomes = await Promise.all(claims.map((claim) => rooms.join(sums, claim)));
      expect(outcomes.filter(({ ok }) => ok)).toMatchObject([alone]);
      expect(outcomes.filter((outcome) => !outcome.ok && outcome.code === 'name-taken')).toHaveLength(49);
      expect(await rooms.counts()).toEqual({ peers: 1, rooms: 1 });
    });

    it('hand a name over to key and instance together, and count it once', async () => {
      const rooms = await roomy();
      await rooms.join(sums, seat('alice'));
      await rooms.join(sums, seat('bob'));
      expect(await rooms.join(sums, seat('alice', { socket: 'new', key: 'another' }))).toMatchObject({
        code: 'name-taken',
        message: expect.stringContaining('in use') as unknown,
      });
      expect(await rooms.join(sums, seat('alice', { socket: 'new' }))).toMatchObject({
        ok: true,
        members: [member('bob')],
        replaced: 'socket of alice',
        before: member('alice'),
      });
      expect(await rooms.counts()).toEqual({ peers: 2, rooms: 1 });
      // In its place, for nobody has noticed.
      expect(await rooms.join(sums, seat('carol'))).toMatchObject({ members: [member('alice'), member('bob')] });
    });

    it('give a name to another instance with the key only when its socket is silent, and a new place with it', async () => {
      const rooms = await roomy();
      await rooms.join(sums, seat('alice'));
      await rooms.join(sums, seat('bob'));
      const reloaded = { socket: 'new', instance: 'alice-2' };
      const contested = { ok: false, code: 'contested', socket: 'socket of alice' };
      expect(await rooms.join(sums, seat('alice', reloaded))).toEqual(contested);
      expect(await rooms.join(sums, seat('alice', { ...reloaded, silent: 'another' }))).toEqual(contested);
      const silent = 'socket of alice';
      const stranger = seat('alice', { ...reloaded, silent, key: 'another' });
      expect(await rooms.join(sums, stranger)).toMatchObject({ code: 'name-taken' });
      expect(await rooms.join(sums, seat('alice', { ...reloaded, silent }))).toMatchObject({
        ok: true,
        members: [member('bob')],
        replaced: 'socket of alice',
        before: member('alice'),
      });
      expect(await rooms.join(sums, seat('carol'))).toMatchObject({
        members: [member('bob'), member('alice', 'alice-2')],
      });
      expect(await rooms.leave(sums, alice, 'socket of alice', 'closed')).toBe(false);
      expect(await rooms.counts()).toEqual({ peers: 3, rooms: 1 });
    });

    it('give a name that two of its key find silent to the first of them', async () => {
      const rooms = await roomy();
      await rooms.join(sums, seat('alice'));
      const silent = 'socket of alice';
      const claims = ['2', '3'].map((life) => seat('alice', { socket: life, instance: `alice-${life}`, silent }));
      const outcomes = await Promise.all(claims.map((claim) => rooms.join(sums, claim)));
      expect(outcomes).toMatchObject([{ ok: true }, { ok: false, code: 'contested', socket: '2' }]);
    });

    it('do not give a name back to an instance that was replaced, silent or not', async () => {
      const rooms = await roomy();
      await rooms.join(sums, seat('alice', { socket: 'new', instance: 'alice-2' }));
      const back = seat('alice', { socket: 'old', again: true, silent: 'new' });
      expect(await rooms.join(sums, back)).toMatchObject({ ok: false, code: 'replaced' });
      await rooms.leave(sums, alice, 'new', 'closed');
      expect(await rooms.join(sums, back)).toMatchObject({ ok: false, code: 'replaced' });
      await pass(HELD_FOR);
      expect(await rooms.join(sums, back)).toMatchObject(alone);
    });

    it('let only the socket that holds a name free it, and only once', async () => {
      const rooms = await roomy();
      await rooms.join(sums, seat('alice'));
      await rooms.join(sums, seat('alice', { socket: 'new' }));
      for (const how of ['left', 'closed'] as const) {
        expect(await rooms.leave(sums, alice, 'socket of alice', how)).toBe(false);
        expect(await rooms.leave(chat, alice, 'new', how)).toBe(false);
        expect(await rooms.leave(sums, peerName('bob'), 'new', how)).toBe(false);
      }
      expect(await rooms.leave(sums, alice, 'new', 'left')).toBe(true);
      expect(await rooms.leave(sums, alice, 'new', 'left')).toBe(false);
      expect(await rooms.counts()).toEqual({ peers: 0, rooms: 0 });
    });

    it('keep a name for 10 s after its socket closed: nobody is there, and strangers are told how long', async () => {
      const rooms = await roomy();
      await rooms.join(sums, seat('alice'));
      await rooms.join(sums, seat('bob'));
      expect(await rooms.leave(sums, alice, 'socket of alice', 'closed')).toBe(true);
      expect(await rooms.leave(sums, alice, 'socket of alice', 'closed')).toBe(false);
      expect(await rooms.counts()).toEqual({ peers: 1, rooms: 1 });
      expect(await rooms.join(sums, seat('carol'))).toMatchObject({ members: [member('bob')] });
      const stranger = seat('alice', { socket: 'new', key: 'another' });
      await pass(2500);
      expect(await rooms.join(sums, stranger)).toMatchObject({
        code: 'name-taken',
        message: expect.stringContaining('another 8 s') as unknown,
      });
      await pass(HELD_FOR - 2500 - slack());
      expect(await rooms.join(sums, stranger)).toMatchObject({ ok: false, code: 'name-taken' });
      await pass(slack());
      expect(await rooms.join(sums, stranger)).toMatchObject({ ok: true, replaced: undefined, before: undefined });
    });

    it.each(['alice-1', 'alice-2'])('give a name that is kept to its key at once, as instance %s', async (instance) => {
      const rooms = await roomy();
      await rooms.join(sums, seat('alice'));
      await rooms.join(sums, seat('bob'));
      await rooms.leave(sums, alice, 'socket of alice', 'closed');
      expect(await rooms.join(sums, seat('alice', { socket: 'new', instance }))).toMatchObject({
        ok: true,
        members: [member('bob')],
        replaced: undefined,
        before: undefined,
      });
      expect(await rooms.join(sums, seat('carol'))).toMatchObject({
        members: [member('bob'), member('alice', instance)],
      });
      // The time that ran for the one before is over, and does not take it away.
      await pass(HELD_FOR);
      expect(await rooms.counts()).toEqual({ peers: 3, rooms: 1 });
      expect(await rooms.join(sums, seat('alice', { key: 'another' }))).toMatchObject({ code: 'name-taken' });
      expect(await rooms.leave(sums, alice, 'new', 'left')).toBe(true);
      expect(await rooms.join(sums, seat('alice', { key: 'another' }))).toMatchObject({ ok: true });
    });

    it('free a name at once that came back and then left, and count it once meanwhile', async () => {
      const rooms = await open({ maxPeersPerRoom: 2, maxRooms: 1 });
      await rooms.join(sums, seat('alice'));
      await rooms.leave(sums, alice, 'socket of alice', 'closed');
      await rooms.join(sums, seat('alice', { socket: 'new' }));
      expect(await rooms.join(sums, seat('bob'))).toMatchObject({ ok: true });
      await rooms.leave(sums, peerName('bob'), 'socket of bob', 'left');
      await rooms.leave(sums, alice, 'new', 'left');
      expect(await rooms.counts()).toEqual({ peers: 0, rooms: 0 });
      expect(await rooms.join(sums, seat('alice', { key: 'another' }))).toMatchObject(alone);
    });

    it('count names that are kept among places, and forget them and their rooms after their time', async () => {
      const rooms = await open({ maxPeersPerRoom: 2, maxRooms: 1 });
      await rooms.join(sums, seat('alice'));
      await rooms.join(sums, seat('bob'));
      await rooms.leave(sums, alice, 'socket of alice', 'closed');
      await pass(1);
      await rooms.leave(sums, peerName('bob'), 'socket of bob', 'closed');
      expect(await rooms.counts()).toEqual({ peers: 0, rooms: 1 });
      expect(await rooms.join(sums, seat('carol'))).toMatchObject({ code: 'room-full' });
      expect(await rooms.join(chat, seat('carol'))).toMatchObject({ code: 'server-full' });
      await pass(HELD_FOR - slack());
      expect(await rooms.counts()).toEqual({ peers: 0, rooms: 1 });
      await pass(slack());
      expect(await rooms.counts()).toEqual({ peers: 0, rooms: 0 });
      expect(await rooms.join(chat, seat('carol'))).toMatchObject(alone);
    });

    it('are as many and as large as they may be, and a holder comes back into a full one', async () => {
      const rooms = await open({ maxPeersPerRoom: 2, maxRooms: 1 });
      await rooms.join(sums, seat('alice'));
      await rooms.join(sums, seat('bob'));
      expect(await rooms.join(sums, seat('carol'))).toMatchObject({ ok: false, code: 'room-full' });
      expect(await rooms.join(chat, seat('carol'))).toMatchObject({ ok: false, code: 'server-full' });
      expect(await rooms.join(sums, seat('bob', { socket: 'new' }))).toMatchObject({ ok: true });
      await rooms.leave(sums, alice, 'socket of alice', 'left');
      await rooms.leave(sums, peerName('bob'), 'new', 'left');
      expect(await rooms.join(chat, seat('carol'))).toMatchObject(alone);
      expect(await rooms.counts()).toEqual({ peers: 1, rooms: 1 });
    });

    it('tell who is there of each who joins and leaves, by versions that rise', async () => {
      const rooms = await roomy();
      const first = await rooms.join(sums, seat('alice'));
      const second = await rooms.join(sums, seat('bob'));
      await rooms.join(sums, seat('bob', { socket: 'newer' }));
      await rooms.leave(sums, peerName('bob'), 'newer', 'closed');
      await rooms.join(sums, seat('bob', { instance: 'bob-2' }));
      const silent = 'socket of bob';
      await rooms.join(sums, seat('bob', { socket: 'newest', instance: 'bob-3', silent }));
      await rooms.leave(sums, peerName('bob'), 'newest', 'left');
      if (!first.ok || !second.ok) throw new Error('nobody joined');
      const since = first.version;
      const told = await heard('socket of alice').until(
        (all) => all.filter(({ version }) => version > since).length >= 7,
      );
      const later = told.filter(({ version }) => version > since);
      const joined = (instance: string) => ({ type: 'joined', member: member('bob', instance) });
      const left = (instance: string, how: string) => ({ type: 'left', member: member('bob', instance), how });
      expect(later.map(({ change }) => change)).toEqual([
        joined('bob-1'),
        joined('bob-1'),
        left('bob-1', 'closed'),
        joined('bob-2'),
        left('bob-2', 'closed'),
        joined('bob-3'),
        left('bob-3', 'left'),
      ]);
      const versions = later.map(({ version }) => version);
      expect(versions).toEqual([...versions].sort((one, other) => one - other));
      expect(second.version).toBe(versions[0]);
      expect(since).toBeLessThan(second.version);
    });
  });
}
