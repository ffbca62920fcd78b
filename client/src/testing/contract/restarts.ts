import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

/** A name that comes back is another instance; a name is one party's at a time. */
export const restarts: readonly ContractCase[] = [
  contractCase('M3 a restart is not a continuation', {
    async alice(self) {
      const old = await self.join();
      await old.send('bob', 'old', 'x');
      await old.send('bob', 'old', 'y');
      await self.fence('sent');
      await old.shutdown();
      await self.fence('gone');
      const young = await self.join();
      check(young.instance !== old.instance, 'an instance is new with every start');
      await young.send('bob', 'young', 'x');
      await self.fence('back');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('sent');
      const waiting = watch(pool.recv('alice', 'z'));
      const loop = pool.messages({ from: 'alice', msgId: 'z' });
      const looping = watch(loop.next());
      await self.fence('gone');
      await self.fence('back');
      const ended = await waiting.outcome;
      check(
        ended.status === 'rejected' && String(ended.reason).includes('peer-left'),
        'who waited for the old one is told',
      );
      check((await looping.outcome).status === 'fulfilled', 'a loop over who said goodbye ends');
      checkSame(self.membership(pool), ['join alice', 'leave alice goodbye', 'restart alice 2']);
      checkSame(await pool.recv('alice', 'x'), 'young', 'what the young one sent');
      await checkRejects(pool.recv('alice', { msgId: 'y', timeout: 0 }), 'timeout', 'what the old one sent is dropped');
    },
  }),

  contractCase('M3 five restarts in a row', {
    async alice(self) {
      for (let life = 0; life < 5; life++) {
        const pool = await self.join();
        await pool.send('bob', life);
        checkSame(await pool.recv('bob'), life);
        await pool.shutdown();
        await self.fence(`end of life ${life}`);
      }
    },
    async bob(self) {
      const pool = await self.join();
      for (let life = 0; life < 5; life++) {
        await pool.waitFor('alice');
        checkSame(await pool.recv('alice'), life);
        await pool.send('alice', life);
        await self.until(() => self.membership(pool).filter((line) => line === 'leave alice goodbye').length > life);
        await self.fence(`end of life ${life}`);
      }
    },
  }),

  contractCase('A4, A5 a name belongs to one at a time, and is free again after its owner left', {
    async alice(self) {
      const pool = self.pool();
      await pool.initialize();
      await self.fence('taken');
      await self.fence('refused');
      await pool.shutdown();
      await self.fence('free');
    },
    async bob(self) {
      await self.fence('taken');
      const second = self.pool({}, 'alice');
      const error = await checkRejects(second.initialize(), 'duplicate-peer', 'a name that is taken');
      check(error.message.includes('alice'), `it names the name: ${error.message}`);
      check(second.state === 'stopped', 'a pool that failed to start is stopped');
      const end = await second.closed;
      check(end?.code === 'duplicate-peer', 'closed says why');
      await checkRejects(second.send('alice', 1), 'illegal-state', 'a pool that failed to start');
      self.complaints.splice(0);
      await self.fence('refused');
      await self.fence('free');
      const third = self.pool({}, 'alice');
      await third.initialize();
    },
  }),

  contractCase('A3 nobody is reached who is not there: it waits as long as it was told', {
    async alice(self) {
      const pool = self.pool({ clients: ['nobody'] });
      const error = await checkRejects(pool.initialize({ timeout: 100 }), 'timeout', 'initialize');
      checkSame(error.missing, ['nobody'], 'who is missing');
      check(pool.state === 'stopped', 'a pool that failed to start is stopped');
      const controller = new AbortController();
      const second = self.pool({ clients: ['nobody'] });
      const started = watch(second.initialize({ signal: controller.signal }));
      controller.abort('changed my mind');
      const ended = await started.outcome;
      check(ended.status === 'rejected' && ended.reason === 'changed my mind', 'the reason is the caller’s own');
      const third = self.pool();
      await third.initialize();
      await checkRejects(third.send('nobody', 1), 'unknown-peer', 'a send to who never was there');
    },
  }),

  contractCase('a closed pool refuses a stranger, with words on both sides', {
    async alice(self) {
      const pool = await self.join({ clients: ['bob'] });
      await self.fence('closed');
      await self.until(() => self.complaints.length > 0);
      const [error] = self.complaints.splice(0);
      check(
        error?.message.startsWith('refused: ') === true && error.message.includes('carol'),
        `alice: ${error?.message}`,
      );
      await self.fence('refused');
      checkSame([...pool.clients], ['bob'], 'the clients');
      await checkRejects(pool.send('carol', 1), 'unknown-peer', 'a send to a stranger');
    },
    async bob(self) {
      const pool = await self.join({ clients: ['alice'] });
      await self.fence('closed');
      await self.fence('refused');
      await pool.ping('alice');
      self.complaints.splice(0);
    },
    async carol(self) {
      await self.fence('closed');
      const pool = self.pool({ clients: ['alice'] });
      const error = await checkRejects(pool.initialize(), 'refused', 'a stranger’s initialize');
      check(error.peer === 'alice' && error.message.includes('carol'), `carol: ${error.message}`);
      self.complaints.splice(0);
      await self.fence('refused');
    },
  }),

  contractCase('a closed pool with discover is open to others as well', {
    async alice(self) {
      const pool = await self.join({ clients: ['bob'], discover: true });
      await pool.waitFor('carol');
      checkSame(await pool.recv('carol'), 'hello');
    },
    async bob(self) {
      await self.join({ clients: ['alice'], discover: true });
    },
    async carol(self) {
      const pool = self.pool();
      await pool.initialize();
      await pool.waitFor('alice');
      await pool.send('alice', 'hello');
    },
  }),

  contractCase(
    'two packers that differ are refused, with words on both sides',
    Object.fromEntries(
      (['alice', 'bob'] as const).map((name) => [
        name,
        async (self: Parameters<ContractCase['parties'][string]>[0]) => {
          const [other = ''] = self.others;
          const bench = self.bench({ packer: `packer of ${name}`, discover: false });
          bench.communicator.addConnection(other);
          const error = await checkRejects(bench.start(), 'refused', 'initialize');
          check(error.peer === other, 'the error names the peer');
          for (const packer of ['packer of alice', 'packer of bob']) {
            check(error.message.includes(packer), `it names both packers: ${error.message}`);
          }
        },
      ]),
    ),
  ),
];
