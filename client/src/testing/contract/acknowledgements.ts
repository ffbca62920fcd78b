import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

const MEBIBYTE = 1024 * 1024;

/** When a send ends, how it is given up, and what is said about it then. */
export const acknowledgements: readonly ContractCase[] = [
  contractCase('what is withdrawn from the midst of a flood leaves nobody waiting', {
    async alice(self) {
      const pool = await self.join();
      for (let round = 0; round < 20; round++) {
        const controller = new AbortController();
        const kept = Array.from({ length: 300 }, () => pool.send('bob', new Uint8Array(1024)));
        const given = Array.from({ length: 300 }, () =>
          pool.send('bob', new Uint8Array(1024), { signal: controller.signal }).catch((reason: unknown) => {
            check(reason === 'enough', 'who withdraws hears the own reason');
          }),
        );
        // Some of it has left by then, more or less of it in each round.
        for (let turn = 0; turn < round % 4; turn++) await pool.ping('bob');
        controller.abort('enough');
        await Promise.all([...kept, ...given]);
      }
      await pool.send('bob', 'end', 'end');
    },
    async bob(self) {
      const pool = await self.join();
      pool.onMessage(() => {});
      checkSame(await pool.recv('alice', { msgId: 'end', timeout: 60_000 }), 'end');
    },
  }),

  contractCase("ack 'delivered': the other pool holds it when the send resolves", {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', 'held', { msgId: 'x', ack: 'delivered' });
      await self.fence('delivered');
      check(pool.stats().total.inFlight === 0, 'nothing is in flight');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('delivered');
      check(pool.stats().total.unread === 1, 'it is in the mailbox');
      checkSame(await pool.recv('alice', { msgId: 'x', timeout: 0 }), 'held');
    },
  }),

  contractCase("ack 'consumed': resolves when a taker took it, and not before", {
    async alice(self) {
      const pool = await self.join();
      const taken = watch(pool.send('bob', 'taken', { msgId: 'x', ack: 'consumed' }));
      await pool.send('bob', 'fence', 'y');
      await pool.ping('bob');
      check(taken.pending, 'nobody has taken it');
      await self.fence('not taken yet');
      check((await taken.outcome).status === 'fulfilled', 'it was taken');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('not taken yet');
      checkSame(await pool.recv('alice', 'x'), 'taken');
    },
  }),

  contractCase("ack 'consumed': with a handler, resolves when what the handler does has ended, also by a throw", {
    async alice(self) {
      const pool = await self.join();
      const [calm, throwing] = ['calm', 'throwing'].map((value) => watch(pool.send('bob', value, { ack: 'consumed' })));
      await self.fence('handled');
      await pool.ping('bob');
      check(calm?.pending === true && throwing?.pending === true, 'its handler has not ended');
      await self.fence('go on');
      check((await calm.outcome).status === 'fulfilled', 'the calm one was consumed');
      check((await throwing.outcome).status === 'fulfilled', 'the one whose handler throws was consumed');
    },
    async bob(self) {
      const pool = await self.join();
      let goOn: () => void = () => {};
      const gate = new Promise<void>((resolve) => (goOn = resolve));
      let begun = 0;
      pool.onMessage(
        async ({ value }) => {
          begun++;
          self.lookAgain();
          await gate;
          if (value === 'throwing') throw new Error('as expected');
        },
        { concurrency: 2 },
      );
      await self.until(() => begun === 2);
      await self.fence('handled');
      await self.fence('go on');
      goOn();
      await self.until(() => self.complaints.length > 0);
      checkSame(
        self.complaints.splice(0).map(({ message }) => message),
        ['as expected'],
        'the errors',
      );
    },
  }),

  contractCase("ack 'accepted': resolves while there is room, and what is accepted arrives", {
    async alice(self) {
      const pool = await self.join();
      for (let index = 0; index < 100; index++) await pool.send('bob', index, { ack: 'accepted' });
    },
    async bob(self) {
      const pool = await self.join();
      for (let index = 0; index < 100; index++) checkSame(await pool.recv('alice'), index);
    },
  }),

  contractCase("ack 'none': returns at once, arrives in order, and never rejects", {
    async alice(self) {
      const pool = await self.join({ maxMessageSize: MEBIBYTE });
      for (let index = 0; index < 50; index++) await pool.send('bob', index, { ack: 'none' });
      await pool.send('nobody', 1, { ack: 'none' });
      await pool.send('bob', new Uint8Array(2 * MEBIBYTE), { ack: 'none' });
      await self.until(() => self.complaints.length > 0);
      const codes = self.complaints.splice(0).map(({ message }) => message.split(':')[0]);
      check(codes.includes('unknown-peer'), `what failed is told: ${codes.join()}`);
      await pool.send('bob', 'last');
    },
    async bob(self) {
      const pool = await self.join();
      for (let index = 0; index < 50; index++) checkSame(await pool.recv('alice'), index);
      checkSame(await pool.recv('alice'), 'last');
    },
  }),

  contractCase('a message that is larger than one sends is refused before it leaves', {
    async alice(self) {
      const pool = await self.join({ maxMessageSize: MEBIBYTE });
      const error = await checkRejects(pool.send('bob', new Uint8Array(2 * MEBIBYTE)), 'too-large', 'a send of 2 MiB');
      check(error.delivery === 'none', 'nothing left');
      await pool.send('bob', 'small');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 'small');
    },
  }),

  contractCase('a message that is larger than the other takes rejects its very send', {
    async alice(self) {
      const pool = await self.join();
      const before = pool.send('bob', 'before');
      const large = checkRejects(pool.send('bob', new Uint8Array(2 * MEBIBYTE)), 'too-large', 'a send of 2 MiB');
      const after = pool.send('bob', 'after');
      check((await large).peer === 'bob', 'the error names bob');
      await Promise.all([before, after]);
    },
    async bob(self) {
      const pool = await self.join({ maxMessageSize: MEBIBYTE });
      checkSame([await pool.recv('alice'), await pool.recv('alice')], ['before', 'after']);
    },
  }),

  contractCase('a send that is timed out before it left never leaves', {
    async alice(self) {
      const pool = await self.join();
      pool.addClient('late');
      const error = await checkRejects(pool.send('late', 1, { timeout: 20 }), 'timeout', 'a send to who is not there');
      check(error.delivery === 'none', 'nothing left');
      check(error.peer === 'late', 'the error names the peer');
    },
    async bob(self) {
      await self.join();
    },
  }),

  contractCase('a send that is aborted is withdrawn, and the reason passes through untouched', {
    async alice(self) {
      const pool = await self.join();
      pool.addClient('late');
      const controller = new AbortController();
      const reason = { any: 'thing' };
      const waiting = watch(pool.send('late', 1, { signal: controller.signal }));
      const receiving = watch(pool.recv('bob', { msgId: 'x', signal: controller.signal }));
      controller.abort(reason);
      for (const { outcome } of [waiting, receiving]) {
        const ended = await outcome;
        check(ended.status === 'rejected' && ended.reason === reason, 'the reason is the caller’s own');
      }
      const dead = await watch(pool.send('bob', 1, { signal: controller.signal })).outcome;
      check(dead.status === 'rejected' && dead.reason === reason, 'an aborted signal sends nothing');
      await self.fence('aborted');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('aborted');
      await pool.ping('alice');
      check(pool.stats().total.messagesReceived === 0, 'nothing came');
    },
  }),

  contractCase('a long send that is aborted half-way is cancelled, and what comes after it arrives', {
    async alice(self) {
      const pool = await self.join();
      const controller = new AbortController();
      const long = watch(pool.send('bob', new Uint8Array(24 * MEBIBYTE), { msgId: 'x', signal: controller.signal }));
      await pool.send('bob', 'beside', 'y');
      check(long.pending, 'the long one is under way');
      controller.abort(new Error('enough'));
      const ended = await long.outcome;
      check(ended.status === 'rejected' && String(ended.reason) === 'Error: enough', 'the reason is the caller’s own');
      await pool.send('bob', 'next', 'x');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice', 'y'), 'beside');
      checkSame(
        await pool.recv('alice', 'x'),
        'next',
        'a cancelled message is dropped, and the next of its id arrives',
      );
      check(pool.stats().total.unread === 0, 'nothing of it is left');
    },
  }),

  contractCase("a send that is timed out after it left says 'unknown' or 'delivered', never 'none'", {
    async alice(self) {
      const pool = await self.join();
      const error = await checkRejects(
        pool.send('bob', 'never taken', { msgId: 'x', ack: 'consumed', timeout: 200 }),
        'timeout',
        'a send nobody takes',
      );
      check(error.delivery === 'unknown' || error.delivery === 'delivered', `it may have arrived: ${error.delivery}`);
      await self.fence('timed out');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('timed out');
      checkSame(await pool.recv('alice', { msgId: 'x', timeout: 0 }), 'never taken');
    },
  }),

  contractCase('a receive that is aborted or timed out takes nothing', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('gave up');
      await pool.send('bob', 'whole', 'x');
    },
    async bob(self) {
      const pool = await self.join();
      const controller = new AbortController();
      const aborted = watch(pool.recv('alice', { msgId: 'x', signal: controller.signal }));
      controller.abort();
      check((await aborted.outcome).status === 'rejected', 'the first gave up');
      await checkRejects(pool.recv('alice', { msgId: 'x', timeout: 1 }), 'timeout', 'the second');
      await self.fence('gave up');
      checkSame(await pool.recv('alice', 'x'), 'whole');
    },
  }),

  contractCase('a remote that can not unpack rejects the very send, and its neighbours arrive', {
    async alice(self) {
      const bench = await self.sit({ packer: 'messagepack' });
      const before = bench.send('bob', [1], 'mx');
      const broken = bench.send('bob', [0xc1], 'mx');
      const after = bench.send('bob', [2], 'mx');
      const error = await checkRejects(broken, 'malformed', 'a send that can not be unpacked');
      check(error.peer === 'bob' && error.detail.length > 0, `it gives the remote reason: ${error.message}`);
      await Promise.all([before, after]);
    },
    async bob(self) {
      const pool = await self.join();
      checkSame([await pool.recv('alice', 'x'), await pool.recv('alice', 'x')], [1, 2]);
      check(pool.stats().total.unread === 0, 'nothing of the broken one is left');
    },
  }),

  contractCase('what parse throws rejects that receive, and the next message is received', {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', 'seven');
      await pool.send('bob', 7);
    },
    async bob(self) {
      const pool = await self.join();
      const parse = (value: unknown): number => {
        if (typeof value !== 'number') throw new Error('no number');
        return value;
      };
      const error = await checkRejects(pool.recv('alice', { parse }), 'malformed', 'what does not parse');
      check(error.message.includes('no number'), `it says why: ${error.message}`);
      checkSame(await pool.recv('alice', { parse }), 7);
    },
  }),
];
