import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';
import type { Message } from '../../pool/message.ts';
import type { Party } from '../party.ts';

/** What is released by hand, and who waits for it. */
export const releases: readonly ContractCase[] = [
  contractCase('C2 sync send resolves only after release', {
    async alice(self) {
      const pool = await self.join();
      const sent = watch(pool.send('bob', 'held', { ack: 'consumed' }));
      await self.fence('taken');
      await pool.ping('bob');
      check(sent.pending, 'it was taken, and not released');
      await self.fence('release it');
      check((await sent.outcome).status === 'fulfilled', 'it was released');
    },
    async bob(self) {
      const pool = await self.join();
      const message = await pool.recvAny({ manualRelease: true });
      check(message.hasSlot, 'it holds a slot');
      await self.fence('taken');
      await self.fence('release it');
      const { identity, serial } = message;
      checkSame(await message.release(), { identity, serial }, 'the release');
      checkSame(await message.release(), { identity, serial }, 'a second release');
      check(!message.hasSlot, 'it holds none any more');
    },
  }),

  contractCase('C3 ignore_msg: what nobody takes is delivered nevertheless', {
    async alice(self) {
      const pool = await self.join();
      for (let index = 0; index < 100; index++) await pool.send('bob', index);
      const asked = watch(pool.request('bob', 'ignored', { timeout: 30 }));
      check((await asked.outcome).status === 'rejected', 'nobody answers');
      await self.fence('sent');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('sent');
      checkSame(pool.stats().total.unread, 101, 'what lies unread');
    },
  }),

  contractCase('C4 await release in handler: the next message is handled then', {
    async alice(self) {
      const pool = await self.join();
      const sent = Array.from({ length: 20 }, (_, index) => pool.send('bob', index, { ack: 'consumed' }));
      await Promise.all(sent);
    },
    async bob(self) {
      const pool = await self.join({ slots: 1 });
      const handled: unknown[] = [];
      pool.onMessage(
        async (message) => {
          const mark = await message.release();
          checkSame(mark.serial, message.serial, 'the mark');
          handled.push(message.value);
          self.lookAgain();
        },
        { manualRelease: true },
      );
      await self.until(() => handled.length === 20);
      checkSame(
        handled,
        Array.from({ length: 20 }, (_, index) => index),
        'the order',
      );
    },
  }),

  contractCase(
    'C6 echo_timeout: two in strict turns that await each other’s echo end in timeouts, and work afterwards',
    {
      alice: strictTurns,
      bob: strictTurns,
    },
  ),

  contractCase('C7 slot exhaustion + resume: who has no slot left waits, and goes on when one is released', {
    async alice(self) {
      const pool = await self.join();
      const sent = Array.from({ length: 9 }, (_, index) => watch(pool.send('bob', index, { ack: 'consumed' })));
      await pool.send('bob', 9);
      await self.fence('sent');
      await self.fence('exhausted');
      check(
        sent.every(({ pending }) => pending),
        'none is released',
      );
      await self.fence('release');
      for (const { outcome } of sent) check((await outcome).status === 'fulfilled', 'each is released');
    },
    async bob(self) {
      const pool = await self.join({ slots: 3 });
      const held: Message[] = [];
      const values: unknown[] = [];
      const loop = pool.messages({ from: 'alice', manualRelease: true });
      const reading = (async () => {
        for await (const message of loop) {
          held.push(message);
          values.push(message.value);
          self.lookAgain();
        }
      })();
      await self.fence('sent');
      await self.until(() => held.length === 3);
      checkSame(pool.stats().total.unread, 7, 'what lies unread');
      await pool.ping('alice');
      await self.fence('exhausted');
      check(held.length === 3, 'no fourth while three are held');
      await self.fence('release');
      for (let index = 0; index < 10; index++) {
        await self.until(() => held.length > index);
        check(held.filter(({ hasSlot }) => hasSlot).length <= 3, 'never more than there are slots');
        await held[index]?.release();
      }
      checkSame(
        values,
        Array.from({ length: 10 }, (_, index) => index),
        'the order',
      );
      await loop.return?.();
      await reading;
    },
  }),

  contractCase('C7 slots are each sender’s own: who holds all of one delays no other', {
    async alice(self) {
      const pool = await self.join();
      for (const value of ['first', 'second']) await pool.send('bob', value);
      await self.fence('alice has sent');
    },
    async bob(self) {
      const pool = await self.join({ slots: 1 });
      await self.fence('alice has sent');
      const first = await pool.recvAny({ manualRelease: true });
      const next = await pool.recvAny({ manualRelease: true });
      checkSame([first.value, next.value], ['first', 'carol’s'], 'what is taken');
      checkSame(await pool.recv('alice'), 'second', 'what is taken without a slot needs none');
      await Promise.all([first.release(), next.release()]);
    },
    async carol(self) {
      const pool = await self.join();
      await self.fence('alice has sent');
      await pool.send('bob', 'carol’s');
    },
  }),

  contractCase('a handler that throws releases its slot, although it would have been released by hand', {
    async alice(self) {
      const pool = await self.join();
      for (let index = 0; index < 5; index++) await pool.send('bob', index, { ack: 'consumed' });
    },
    async bob(self) {
      const pool = await self.join({ slots: 1 });
      pool.onMessage(({ value }) => Promise.reject(new Error(`no ${String(value)}`)), { manualRelease: true });
      await self.until(() => self.complaints.length === 5);
      checkSame(
        self.complaints.splice(0).map(({ message }) => message),
        ['no 0', 'no 1', 'no 2', 'no 3', 'no 4'],
        'the errors',
      );
    },
  }),

  contractCase('C12 stop with unreleased message: it waits up to its timeout, releases it, and says so', {
    async alice(self) {
      const pool = await self.join();
      const sent = watch(pool.send('bob', 'held', { ack: 'consumed' }));
      await self.fence('held');
      check((await sent.outcome).status === 'fulfilled', 'it was released for bob');
      await self.until(() => self.membership(pool).includes('leave bob goodbye'));
    },
    async bob(self) {
      const pool = await self.join();
      const message = await pool.recvAny({ manualRelease: true });
      await self.fence('held');
      const error = await checkRejects(pool.shutdown({ timeout: 50 }), 'timeout', 'the shutdown');
      checkSame(error.missing, ['alice'], 'whose it held');
      check(!message.hasSlot && pool.state === 'stopped', 'it ended nevertheless');
      await message.release();
    },
  }),

  contractCase('C12 stop with unreleased message: released in time, it ends as any other', {
    async alice(self) {
      const pool = await self.join();
      const sent = watch(pool.send('bob', 'held', { ack: 'consumed' }));
      await self.fence('held');
      check((await sent.outcome).status === 'fulfilled', 'it was released');
    },
    async bob(self) {
      const pool = await self.join();
      const message = await pool.recvAny({ manualRelease: true });
      await self.fence('held');
      const stopped = watch(pool.shutdown());
      await Promise.resolve();
      check(stopped.pending, 'it waits for the release');
      await message.release();
      check((await stopped.outcome).status === 'fulfilled', 'nothing is to be said');
    },
  }),
];

/** In a handler that lets nobody in beside itself, waits for the echo of the other, who does the same. */
async function strictTurns(self: Party): Promise<void> {
  const [other = ''] = self.others;
  const pool = self.pool({ clients: self.others, slots: 1 });
  let turns: 'strict' | 'free' = 'strict';
  pool.onRequest(
    async ({ value }) => {
      if (turns === 'free') return value;
      turns = 'free';
      await self.fence('both handle');
      const error = await checkRejects(pool.request(other, 'echo?', { timeout: 50 }), 'timeout', 'the echo');
      checkSame(error.peer, other, 'whose echo it is');
      // The other's handler has not ended either, and so none of the two could be answered.
      await self.fence('both timed out');
      return value;
    },
    { serial: true },
  );
  await pool.initialize();
  checkSame((await pool.request(other, 'begin')).value, 'begin', 'who waits long enough is answered');
  checkSame((await pool.request(other, 'again')).value, 'again', 'afterwards');
  check(pool.stats().total.late === 1, 'the echo came in the end, and was dropped');
}
