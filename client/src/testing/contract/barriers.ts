import { check, checkMisuse, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase, type Procedure } from '../contract-case.ts';

const everyone = ['alice', 'bob', 'carol'] as const;

function all(procedure: Procedure): Record<string, Procedure> {
  return Object.fromEntries(everyone.map((name) => [name, procedure]));
}

/** Where all wait for all. */
export const barriers: readonly ContractCase[] = [
  contractCase(
    'a barrier is crossed by all or by nobody: what was sent before it is here after it, twenty rounds long',
    all(async (self) => {
      const pool = await self.join();
      for (let round = 0; round < 20; round++) {
        await pool.broadcast(round, 'at');
        await pool.barrier('round');
        const others = await pool.recvAll({ msgId: 'at', timeout: 0 });
        checkSame(
          [...others.values()],
          self.others.map(() => round),
        );
        await pool.barrier(`read ${round}`);
      }
    }),
  ),

  contractCase('a barrier waits for the last one', {
    async alice(self) {
      const pool = await self.join();
      const crossed = watch(pool.barrier('gate'));
      await self.fence('alice and bob wait');
      await pool.ping('carol');
      check(crossed.pending, 'carol has not come');
      await self.fence('carol comes');
      check((await crossed.outcome).status === 'fulfilled', 'all have come');
    },
    async bob(self) {
      const pool = await self.join();
      const crossed = watch(pool.barrier('gate'));
      await self.fence('alice and bob wait');
      await self.fence('carol comes');
      check((await crossed.outcome).status === 'fulfilled', 'all have come');
    },
    async carol(self) {
      const pool = await self.join();
      await self.fence('alice and bob wait');
      await self.fence('carol comes');
      await pool.barrier('gate');
    },
  }),

  contractCase('a barrier that is timed out names who is missing, and its next call meets the next of the others', {
    async alice(self) {
      const pool = await self.join();
      const error = await checkRejects(pool.barrier('gate', { timeout: 20 }), 'timeout', 'a barrier');
      checkSame(error.missing, ['bob', 'carol']);
      await self.fence('alice gave up');
      await self.fence('bob and carol have crossed once');
      const second = watch(pool.barrier('gate'));
      await pool.ping('bob');
      await pool.ping('carol');
      check(second.pending, 'the others have reached it once, and this is the second time');
      await self.fence('once more');
      check((await second.outcome).status === 'fulfilled', 'the second meets the second');
    },
    ...Object.fromEntries(
      ['bob', 'carol'].map((name) => [
        name,
        async (self) => {
          const pool = await self.join();
          await self.fence('alice gave up');
          await pool.barrier('gate');
          await self.fence('bob and carol have crossed once');
          await self.fence('once more');
          await pool.barrier('gate');
        },
      ]) as [string, Procedure][],
    ),
  }),

  contractCase('barriers of different ids, and messages with such ids, never meet', {
    async alice(self) {
      const pool = await self.join();
      const other = watch(pool.barrier('other'));
      await Promise.all([pool.barrier('gate'), pool.send('bob', 'a message', 'gate')]);
      check(other.pending, 'bob is at another one');
      await self.fence('crossed');
      await other.outcome;
    },
    async bob(self) {
      const pool = await self.join();
      await pool.barrier('gate');
      checkSame(await pool.recv('alice', 'gate'), 'a message');
      await self.fence('crossed');
      await pool.barrier('other');
    },
  }),

  contractCase('who leaves before it reached a barrier fails it at once, and who leaves behind it does not', {
    async alice(self) {
      const pool = await self.join();
      const waiting = checkRejects(pool.barrier('gate', { timeout: Infinity }), 'peer-left', 'the barrier');
      await self.fence('alice waits');
      const error = await waiting;
      checkSame(error.missing, ['bob', 'carol']);
      checkSame([...error.errors.keys()], ['carol']);
      const again = await checkRejects(pool.barrier('gate'), 'peer-left', 'the next one');
      checkSame(again.missing, ['carol']);
      pool.removeClient('carol');
      await self.fence('without carol');
      await pool.barrier('of two');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('alice waits');
      await self.until(() => self.membership(pool).includes('leave carol goodbye'));
      pool.removeClient('carol');
      await self.fence('without carol');
      await pool.barrier('of two');
      // It goes at once, and alice has crossed all the same.
      await pool.shutdown();
    },
    async carol(self) {
      const pool = await self.join();
      await self.fence('alice waits');
      await pool.shutdown();
      await self.fence('without carol');
    },
  }),

  contractCase('a barrier ends with the pool, by its signal, and refuses misuse', {
    async alice(self) {
      const alone = self.pool({}, 'dave');
      await checkRejects(alone.barrier('gate'), 'illegal-state', 'a barrier before the start');
      const pool = await self.join();
      for (const id of [undefined, 3, null, '\ud800', 'x'.repeat(2000)])
        await checkMisuse(() => pool.barrier(id as string), 'an id of a barrier');
      const controller = new AbortController();
      const given = pool.barrier('gate', { signal: controller.signal }).catch((reason: unknown) => reason);
      controller.abort('enough');
      checkSame(await given, 'enough');
      const ended = watch(pool.barrier('gate', { timeout: Infinity }));
      await pool.shutdown();
      const outcome = await ended.outcome;
      check(outcome.status === 'rejected', 'the pool has stopped');
      await checkRejects(Promise.reject(outcome.reason), 'closed', 'the barrier');
      await self.fence('over');
    },
    async bob(self) {
      await self.join();
      await self.fence('over');
    },
  }),
];
