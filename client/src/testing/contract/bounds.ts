import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

const MEBIBYTE = 1024 * 1024;
const OVERHEAD = 256;

/** Memory is bounded at both ends, whatever the other side does. */
export const bounds: readonly ContractCase[] = [
  contractCase('a reader that stops: what lies there is bounded, sends stay pending, and all goes on when it reads', {
    async alice(self) {
      const pool = await self.join();
      const sends = Array.from({ length: 64 }, (_, index) => watch(pool.send('bob', chunk(index))));
      await sends[0]?.outcome;
      // Whatever the window lets pass has passed once so much of another id went to and fro.
      for (let round = 0; round < 30; round++) {
        await pool.send('bob', round, 'to');
        await pool.recv('bob', 'fro');
      }
      check(
        sends.some(({ pending }) => pending),
        'some sends are pending',
      );
      await self.fence('full');
      for (const { outcome } of sends) check((await outcome).status === 'fulfilled', 'in the end all arrive');
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: 4 * MEBIBYTE });
      for (let round = 0; round < 30; round++) {
        await pool.recv('alice', 'to');
        await pool.send('alice', round, 'fro');
      }
      const lying = (pool.stats().peers.get('alice')?.unread ?? 0) * (MEBIBYTE / 4 + OVERHEAD);
      check(lying <= 4 * MEBIBYTE + MEBIBYTE, `at most inboxLimit and a message lie there: ${lying}`);
      await self.fence('full');
      for (let index = 0; index < 64; index++) checkSame(await pool.recv('alice'), chunk(index));
    },
  }),

  contractCase('small messages nobody reads are bounded too', {
    async alice(self) {
      const pool = await self.join();
      const sends = Array.from({ length: 2000 }, (_, index) => watch(pool.send('bob', index)));
      for (let round = 0; round < 20; round++) {
        await pool.send('bob', round, 'to');
        await pool.recv('bob', 'fro');
      }
      check(
        sends.some(({ pending }) => pending),
        'some sends are pending',
      );
      await self.fence('full');
      for (const { outcome } of sends) check((await outcome).status === 'fulfilled', 'in the end all arrive');
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: 100_000 });
      for (let round = 0; round < 20; round++) {
        await pool.recv('alice', 'to');
        await pool.send('alice', round, 'fro');
      }
      const unread = pool.stats().total.unread;
      check(unread * OVERHEAD <= 100_000, `an empty message costs ${OVERHEAD} bytes: ${unread} lie there`);
      await self.fence('full');
      for (let index = 0; index < 2000; index++) checkSame(await pool.recv('alice'), index);
    },
  }),

  contractCase('one message larger than inboxLimit passes', {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', chunk(1), 'before');
      const large = pool.send('bob', new Uint8Array(3 * MEBIBYTE).fill(5), 'large');
      await self.fence('sent');
      await large;
      await pool.send('bob', 'after');
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: MEBIBYTE });
      await self.fence('sent');
      checkSame(await pool.recv('alice', 'before'), chunk(1));
      checkSame(await pool.recv('alice', 'large'), new Uint8Array(3 * MEBIBYTE).fill(5));
      checkSame(await pool.recv('alice'), 'after');
    },
  }),

  contractCase('a mailbox full of one id lets another pass that somebody waits for', {
    async alice(self) {
      const pool = await self.join();
      const flood = Array.from({ length: 40 }, (_, index) => watch(pool.send('bob', chunk(index), 'flood')));
      await flood[0]?.outcome;
      const wanted = [1, 2, 3].map((number) => pool.send('bob', new Uint8Array(300_000).fill(number), 'wanted'));
      await Promise.all(wanted);
      check(
        flood.some(({ pending }) => pending),
        'the flood still waits',
      );
      await self.fence('passed');
      for (const { outcome } of flood) await outcome;
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: 2 * MEBIBYTE });
      for (const number of [1, 2, 3]) {
        checkSame(await pool.recv('alice', 'wanted'), new Uint8Array(300_000).fill(number));
      }
      await self.fence('passed');
      for (let index = 0; index < 40; index++) checkSame(await pool.recv('alice', 'flood'), chunk(index));
    },
  }),

  contractCase('a handler, a recvAny and a recvAll get what they wait for past a full mailbox', {
    async alice(self) {
      const pool = await self.join();
      const flood = Array.from({ length: 40 }, (_, index) => watch(pool.send('bob', chunk(index), 'flood')));
      await flood[0]?.outcome;
      for (const id of ['handled', 'any', 'all']) await pool.send('bob', new Uint8Array(300_000), id);
      await self.fence('passed');
      for (const { outcome } of flood) await outcome;
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: 2 * MEBIBYTE });
      let handled = 0;
      pool.onMessage(() => {
        handled++;
        self.lookAgain();
      }, 'handled');
      await Promise.all([pool.recvAny('any'), pool.recvAll('all'), self.until(() => handled === 1)]);
      await self.fence('passed');
      for (let index = 0; index < 40; index++) checkSame(await pool.recv('alice', 'flood'), chunk(index));
    },
  }),

  contractCase('what waits for one recipient is bounded by outboxLimit', {
    async alice(self) {
      const pool = await self.join({ outboxLimit: 2 * MEBIBYTE });
      pool.addClient('late');
      const sends = Array.from({ length: 5 }, () => watch(pool.send('late', new Uint8Array(MEBIBYTE - OVERHEAD))));
      const error = await checkRejects(
        pool.send('late', new Uint8Array(MEBIBYTE)),
        'refused',
        'a send beyond the limit',
      );
      check(error.delivery === 'none' && error.peer === 'late', 'nothing left, and the error says for whom');
      const refused = sends.filter(({ pending }) => !pending).length;
      check(refused >= 2 && refused < 5, `some wait, the others were refused: ${refused}`);
      await pool.send('bob', 'for others there is room');
      pool.removeClient('late');
      for (const { outcome } of sends) check((await outcome).status === 'rejected', 'who was removed gets nothing');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 'for others there is room');
    },
  }),

  contractCase('one who does not read keeps nobody else waiting', {
    async alice(self) {
      const pool = await self.join();
      const flood = Array.from({ length: 40 }, (_, index) => watch(pool.send('bob', chunk(index), 'flood')));
      for (let index = 0; index < 10; index++) await pool.send('carol', chunk(index));
      check(
        flood.some(({ pending }) => pending),
        'bob still does not read',
      );
      await self.fence('carol has hers');
      for (const { outcome } of flood) await outcome;
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: 2 * MEBIBYTE });
      await self.fence('carol has hers');
      for (let index = 0; index < 40; index++) checkSame(await pool.recv('alice', 'flood'), chunk(index));
    },
    async carol(self) {
      const pool = await self.join();
      for (let index = 0; index < 10; index++) checkSame(await pool.recv('alice'), chunk(index));
      await self.fence('carol has hers');
    },
  }),
];

function chunk(index: number): Uint8Array {
  return new Uint8Array(MEBIBYTE / 4).fill(index % 251);
}
