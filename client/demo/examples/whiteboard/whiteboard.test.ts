import { getHub, LocalCommunicator, Pool } from 'peerpool';
import { expect, test } from 'vitest';
import { type Segment, Whiteboard } from './whiteboard.ts';

interface Seat {
  readonly pool: Pool;
  readonly board: Whiteboard;
  /** What is to be seen. */
  readonly seen: Map<string, Segment>;
}

/** In the room, with a board that shows what it hears of. */
async function seat(hub: string, name: string): Promise<Seat> {
  const pool = new Pool(name, new LocalCommunicator({ hub: getHub(hub) }));
  const seen = new Map<string, Segment>();
  const board = new Whiteboard(pool, {
    drawn: (segments) => {
      for (const segment of segments) seen.set(segment.id, segment);
    },
    redrawn: (segments) => {
      seen.clear();
      for (const segment of segments) seen.set(segment.id, segment);
    },
    cursor: () => {},
    failed: (error) => {
      throw error;
    },
  });
  await pool.initialize();
  return { pool, board, seen };
}

const line = (...numbers: readonly number[]): Uint16Array => Uint16Array.from(numbers);
const shown = ({ seen }: Seat): string[] => [...seen.keys()].sort();

test('all come to the same drawing, a newcomer too, in whatever order they draw and clear', async () => {
  const alice = await seat('board', 'alice');
  const bob = await seat('board', 'bob');
  await Promise.all([alice.board.draw(line(1, 2, 3, 4)), bob.board.draw(line(5, 6)), alice.board.draw(line(7, 8))]);
  for (const one of [alice, bob]) await expect.poll(() => shown(one)).toHaveLength(3);
  expect(shown(bob)).toEqual(shown(alice));

  const carol = await seat('board', 'carol');
  await expect.poll(() => shown(carol)).toEqual(shown(alice));
  expect([...carol.seen.values()].find(({ places }) => places.length === 4)?.author).toBe('alice');

  // Two at once: what carol drew before she heard of it goes, what she draws after it stays.
  await Promise.all([bob.board.clear(), carol.board.draw(line(9, 9))]);
  await carol.board.draw(line(10, 10));
  const places = ({ seen }: Seat): (number | undefined)[] => [...seen.values()].map((one) => one.places[0]);
  for (const one of [alice, bob, carol]) {
    await expect.poll(() => places(one)).toContain(10);
    await expect.poll(() => places(one)).not.toContain(1);
    expect(shown(one)).toEqual(shown(carol));
  }
  for (const { pool } of [alice, bob, carol]) await pool.shutdown();
});

test('what is no place on the board is refused, and drawn nowhere', async () => {
  const alice = await seat('strangers', 'alice');
  const mallory = await seat('strangers', 'mallory');
  const complaints: string[] = [];
  alice.pool.on('error', ({ error }) => complaints.push(error.message));
  for (const places of [line(1, 20_000), line(1), 'everywhere'])
    await mallory.pool
      .send('alice', { id: 'x', author: 'mallory', at: 1, places }, { msgId: 'segment' })
      .catch((error: unknown) => error);
  await mallory.board.draw(line(1, 1));
  await expect.poll(() => [...alice.seen.values()].map(({ author }) => author)).toEqual(['mallory']);
  await expect.poll(() => complaints).toHaveLength(3);
  for (const { pool } of [alice, mallory]) await pool.shutdown();
});
