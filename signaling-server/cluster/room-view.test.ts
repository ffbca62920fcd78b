import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../rooms/rooms.ts';
import { type Entry, type Occupant, RoomView } from './room-view.ts';

const seat = (name: string, life = 1, socket = `${name} ${life}`): Occupant => ({
  name,
  instance: `${name}-${life}`,
  socket,
});

const entry = (version: number, type: Entry['type'], occupant: Occupant, how: Entry['how'] = 'closed'): Entry => ({
  before: version - 1,
  version,
  type,
  occupant,
  how,
});

const joined = (instance: string): Change => ({ type: 'joined', member: { name: instance.slice(0, -2), instance } });
const left = (instance: string, how: 'left' | 'closed'): Change => ({
  type: 'left',
  member: { name: instance.slice(0, -2), instance },
  how,
});

describe('a view of a room', () => {
  it('tells what it reads, and nothing twice', () => {
    const view = new RoomView(7, [seat('alice')]);
    expect(view.read(entry(7, 'joined', seat('alice')))).toEqual({ changes: [], follows: true });
    expect(view.read(entry(8, 'joined', seat('bob')))).toEqual({ changes: [joined('bob-1')], follows: true });
    expect(view.read(entry(8, 'joined', seat('bob')))).toEqual({ changes: [], follows: true });
    const gone = entry(9, 'left', seat('bob'), 'left');
    expect(view.read(gone)).toEqual({ changes: [left('bob-1', 'left')], follows: true });
  });

  it('sees that something was missed, and goes on', () => {
    const view = new RoomView(7, [seat('alice')]);
    expect(view.read(entry(12, 'joined', seat('bob')))).toEqual({ changes: [joined('bob-1')], follows: false });
    expect(view.read(entry(13, 'left', seat('bob'), 'left')).follows).toBe(true);
  });

  it('says of who is back over another socket that it joined, and of who is there already nothing', () => {
    const view = new RoomView(7, [seat('alice')]);
    const back = entry(8, 'joined', seat('alice', 1, 'newer'));
    expect(view.read(back).changes).toEqual([joined('alice-1')]);
    const restored = entry(9, 'joined', seat('alice', 1, 'newer'));
    expect(view.read(restored).changes).toEqual([]);
    // Of the socket before.
    expect(view.read(entry(10, 'left', seat('alice'))).changes).toEqual([]);
  });

  it('knows that who had the name before is gone, also where nobody said so', () => {
    const view = new RoomView(7, [seat('alice')]);
    expect(view.read(entry(8, 'joined', seat('alice', 2))).changes).toEqual([
      left('alice-1', 'closed'),
      joined('alice-2'),
    ]);
  });

  it('passes on that somebody went of its own will, also when it is known to be gone', () => {
    const view = new RoomView(7, [seat('alice')]);
    expect(view.read(entry(8, 'left', seat('alice'))).changes).toEqual([left('alice-1', 'closed')]);
    expect(view.read(entry(9, 'left', seat('alice'), 'left')).changes).toEqual([left('alice-1', 'left')]);
    expect(view.read(entry(10, 'left', seat('alice'), 'closed')).changes).toEqual([]);
  });

  it('finds what differs from the store, unless it knows more', () => {
    const view = new RoomView(7, [seat('alice'), seat('bob'), seat('carol')]);
    expect(view.compare(7, [])).toEqual([]);
    expect(view.compare(9, [seat('carol', 2), seat('bob'), seat('dave')])).toEqual([
      left('alice-1', 'closed'),
      left('carol-1', 'closed'),
      joined('carol-2'),
      joined('dave-1'),
    ]);
    expect(view.compare(10, [seat('carol', 2), seat('bob'), seat('dave')])).toEqual([]);
  });

  /** What somebody believes who hears of all changes. */
  const believed = (members: Set<string>, changes: readonly Change[]): void => {
    for (const { type, member } of changes) {
      if (type === 'joined') members.add(member.instance);
      else members.delete(member.instance);
    }
  };

  it('that misses whatever it misses tells the truth once it has compared', () => {
    const steps = fc.array(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c'),
        life: fc.integer({ min: 1, max: 3 }),
        stays: fc.boolean(),
        missed: fc.boolean(),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const room = new Map<string, Occupant>();
        const view = new RoomView(0, []);
        const members = new Set<string>();
        let version = 0;
        for (const { name, life, stays, missed } of all) {
          const before = room.get(name);
          const occupant = stays ? seat(name, life) : before;
          if (occupant === undefined) continue;
          version += 1;
          if (stays) room.set(name, occupant);
          else room.delete(name);
          if (!missed) believed(members, view.read(entry(version, stays ? 'joined' : 'left', occupant)).changes);
        }
        believed(members, view.compare(version + 1, [...room.values()]));
        expect([...members].sort()).toEqual([...room.values()].map(({ instance }) => instance).sort());
      }),
    );
  });
});
