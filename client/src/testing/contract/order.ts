import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

const MEBIBYTE = 1024 * 1024;

/** Exactly once and in order; the first message; the last one; sizes; nobody waits behind what is long. */
export const order: readonly ContractCase[] = [
  contractCase('exactly once and in order within each id, whatever the sizes', {
    async alice(self) {
      const pool = await self.join();
      const sends = sizes(300).map((size, index) => pool.send('bob', tagged(index, size), `id ${index % 3}`));
      await Promise.all(sends);
    },
    async bob(self) {
      const pool = await self.join();
      for (const [index, size] of sizes(300).entries()) {
        checkTagged(await pool.recv('alice', `id ${index % 3}`), index, size);
      }
      const { unread, messagesReceived } = pool.stats().total;
      checkSame([unread, messagesReceived], [0, 300], 'unread and received');
    },
  }),

  contractCase('messages are received in reverse order by id', {
    async alice(self) {
      const pool = await self.join();
      for (let index = 0; index < 50; index++) await pool.send('bob', index, String(index));
      await self.fence('sent');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('sent');
      for (let index = 49; index >= 0; index--) checkSame(await pool.recv('alice', String(index)), index);
    },
  }),

  contractCase('a thousand ids, received in another order than sent', {
    async alice(self) {
      const pool = await self.join();
      await Promise.all(shuffled(1000, 7).map((id) => pool.send('bob', id, String(id))));
    },
    async bob(self) {
      const pool = await self.join();
      const received = await Promise.all(shuffled(1000, 11).map((id) => pool.recv('alice', String(id))));
      checkSame(received, shuffled(1000, 11));
    },
  }),

  contractCase('the first message counts, sent the moment initialize resolves', {
    async alice(self) {
      const pool = self.pool({ clients: ['bob'] });
      await pool.initialize().then(() => pool.send('bob', 'first', { ack: 'none' }));
    },
    async bob(self) {
      const pool = self.pool({ clients: ['alice'] });
      const [first] = await Promise.all([
        pool.initialize().then(() => pool.recv('alice')),
        self.until(() => self.membership(pool).includes('join alice')),
      ]);
      checkSame(first, 'first');
    },
  }),

  contractCase('the first message counts, sent the moment waitFor resolves, or join is heard', {
    async alice(self) {
      const pool = self.pool({ clients: ['carol'], discover: true });
      const off = pool.on('join', ({ name }) => {
        off();
        pool.send(name, 'on join', 'joined').catch((error: Error) => self.complaints.push(error));
      });
      pool.removeClient('carol');
      await pool.initialize();
      await pool.waitFor('bob');
      await pool.send('bob', 'first');
    },
    async bob(self) {
      const pool = self.pool();
      await pool.initialize();
      await pool.waitFor(1);
      checkSame(await pool.recv('alice', 'joined'), 'on join');
      checkSame(await pool.recv('alice'), 'first');
    },
  }),

  contractCase('M9 what is sent while peers still connect waits, and arrives in order', {
    async alice(self) {
      const pool = self.pool({ clients: ['bob'] });
      const initialized = pool.initialize();
      // Before anybody is there: the state is started, and bob is on his way.
      const early = watch(pool.send('bob', 'early', { ack: 'delivered' }));
      await self.fence('sent');
      await initialized;
      const later = [1, 2, 3].map((number) => pool.send('bob', number));
      const outcome = await early.outcome;
      await Promise.all(later);
      await pool.send('bob', outcome.status === 'fulfilled', 'early arrived');
    },
    async bob(self) {
      await self.fence('sent');
      const pool = await self.join();
      const received = [await pool.recv('alice'), await pool.recv('alice'), await pool.recv('alice')];
      const arrived = await pool.recv('alice', 'early arrived');
      if (arrived === true) checkSame([...received, await pool.recv('alice')], ['early', 1, 2, 3]);
      else checkSame(received, [1, 2, 3]);
    },
  }),

  contractCase('M9 what is sent to a named client that is not there yet waits for it', {
    async alice(self) {
      const pool = self.pool({ clients: ['bob'] });
      await pool.initialize();
      pool.addClient('carol');
      const early = [1, 2, 3].map((number) => watch(pool.send('carol', number)));
      await pool.ping('bob');
      check(
        early.every(({ pending }) => pending),
        'what is sent to who is on its way waits',
      );
      await self.fence('sent to carol');
      for (const { outcome } of early) check((await outcome).status === 'fulfilled', 'what waited has arrived');
    },
    async bob(self) {
      const pool = self.pool({ clients: ['alice'] });
      await pool.initialize();
      await self.fence('sent to carol');
    },
    async carol(self) {
      await self.fence('sent to carol');
      const pool = self.pool({ clients: ['alice'] });
      await pool.initialize();
      for (const number of [1, 2, 3]) checkSame(await pool.recv('alice'), number);
    },
  }),

  contractCase('A7 what was sent before shutdown is delivered, awaited or not', {
    async alice(self) {
      const pool = await self.join();
      const sends = sizes(60).map((size, index) => watch(pool.send('bob', tagged(index, size))));
      await pool.shutdown({ timeout: 20_000 });
      for (const { outcome } of sends)
        check((await outcome).status === 'fulfilled', 'a send before shutdown is delivered');
    },
    async bob(self) {
      const pool = await self.join();
      await self.until(() => self.membership(pool).includes('leave alice goodbye'));
      for (const [index, size] of sizes(60).entries()) {
        checkTagged(await pool.recv('alice', { timeout: 0 }), index, size);
      }
      await checkRejects(pool.recv('alice', { timeout: 0 }), 'peer-left', 'a recv of more than was sent');
    },
  }),

  contractCase(
    'both sides send large and small at once',
    Object.fromEntries(
      (['alice', 'bob'] as const).map((name) => [
        name,
        async (self: Parameters<ContractCase['parties'][string]>[0]) => {
          const pool = await self.join();
          const [other = ''] = self.others;
          const all = [4 * MEBIBYTE, 0, 3 * MEBIBYTE, 1, 70_000, 1024];
          const sends = all.map((size, index) => pool.send(other, tagged(index, size)));
          for (const [index, size] of all.entries()) checkTagged(await pool.recv(other), index, size);
          await Promise.all(sends);
        },
      ]),
    ),
  ),

  contractCase('values of every size, from 0 B to 1 MiB and over the borders between', {
    async alice(self) {
      const pool = await self.join();
      for (const [index, size] of borders().entries()) await pool.send('bob', tagged(index, size));
    },
    async bob(self) {
      const pool = await self.join();
      for (const [index, size] of borders().entries()) checkTagged(await pool.recv('alice'), index, size);
    },
  }),

  contractCase('no head-of-line blocking: 64 B pass 16 MiB of another id', {
    async alice(self) {
      const pool = await self.join();
      const bulk = watch(pool.send('bob', tagged(1, 16 * MEBIBYTE), 'bulk'));
      await pool.send('bob', tagged(2, 64), 'small');
      check(bulk.pending, 'the small message arrived while the large one was under way');
      check((await bulk.outcome).status === 'fulfilled', 'the large one arrives too');
    },
    async bob(self) {
      const pool = await self.join();
      checkTagged(await pool.recv('alice', 'small'), 2, 64);
      await checkRejects(
        pool.recv('alice', { msgId: 'bulk', timeout: 0 }),
        'timeout',
        'the large one is not there yet',
      );
      checkTagged(await pool.recv('alice', 'bulk'), 1, 16 * MEBIBYTE);
    },
  }),

  contractCase('long messages of different ids share the way', {
    async alice(self) {
      const pool = await self.join();
      const long = watch(pool.send('bob', tagged(1, 16 * MEBIBYTE), 'long'));
      await pool.send('bob', tagged(2, MEBIBYTE), 'shorter');
      check(long.pending, 'the shorter message did not wait for the end of the longer one');
      await long.outcome;
    },
    async bob(self) {
      const pool = await self.join();
      checkTagged(await pool.recv('alice', 'shorter'), 2, MEBIBYTE);
      checkTagged(await pool.recv('alice', 'long'), 1, 16 * MEBIBYTE);
    },
  }),
];

/** A view of this many bytes that can be told from others. */
function tagged(index: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 997) bytes[at] = (index + at) % 251;
  return bytes;
}

function checkTagged(value: unknown, index: number, size: number): void {
  check(value instanceof Uint8Array, `message ${index} is bytes`);
  check(value.length === size, `message ${index} has ${size} bytes, not ${value.length}`);
  for (let at = 0; at < size; at += 997) check(value[at] === (index + at) % 251, `message ${index} differs at ${at}`);
}

/** Mostly small, some on either side of a fragment, some of several. */
function sizes(count: number): readonly number[] {
  const kinds = [0, 64, 1000, 8192, 20, 70_000, 16_384, 3, 300_000, 65_536];
  return Array.from({ length: count }, (_, index) => kinds[index % kinds.length] ?? 0);
}

function borders(): readonly number[] {
  const around = [8 * 1024, 16 * 1024, 32 * 1024, 64 * 1024, 256 * 1024, MEBIBYTE].flatMap((size) => [
    size - 1,
    size,
    size + 1,
  ]);
  return [0, 1, 255, 256, ...around];
}

/** 0 … count − 1 in an order that the seed decides. */
function shuffled(count: number, seed: number): readonly number[] {
  const list = Array.from({ length: count }, (_, index) => index);
  let state = seed;
  for (let last = count - 1; last > 0; last--) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (last + 1);
    [list[last], list[other]] = [list[other] ?? 0, list[last] ?? 0];
  }
  return list;
}
