import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

/** Questions, and which answer is whose. */
export const requests: readonly ContractCase[] = [
  contractCase('C1 request/answer identity equal, serial differs', {
    async alice(self) {
      const pool = await self.join();
      const identities = new Set<string>();
      const serials: number[] = [];
      for (let round = 0; round < 5; round++) {
        const answer = await pool.request('bob', round, 'question');
        const { bob } = await self.fence(`answered ${round}`);
        const { identity, serial } = bob as { identity: string; serial: number };
        checkSame(answer.identity, identity, 'the identity');
        check(answer.serial !== serial, `the serial is another: ${answer.serial}`);
        serials.push(answer.serial);
        checkSame([answer.sender, answer.msgId, answer.value], ['bob', 'question', round + 1], 'the answer');
        identities.add(identity);
      }
      check(identities.size === 5, 'each request has an identity of its own');
      const [first = 0] = serials;
      const counted = serials.map((_, index) => (first + index) >>> 0);
      checkSame(serials, counted, 'a serial counts what came from its sender, answers too');
    },
    async bob(self) {
      const pool = await self.join();
      for (let round = 0; round < 5; round++) {
        const asked = await pool.recvAny<number>('question');
        await asked.reply(asked.value + 1);
        await self.fence(`answered ${round}`, { identity: asked.identity, serial: asked.serial });
      }
    },
  }),

  contractCase('C5 echo: what a handler replies comes back as it was sent, a thousand times', {
    async alice(self) {
      const pool = await self.join();
      pool.onMessage(() => {}, 'echo');
      const value = { n: 7n, bytes: Uint8Array.of(1, 2, 3) };
      for (let round = 0; round < 20; round++) {
        const values = Array.from({ length: 50 }, (_, index) => ({ ...value, index: round * 50 + index }));
        const answers = await Promise.all(values.map((one) => pool.request('bob', one)));
        checkSame(
          answers.map((answer) => answer.value),
          values,
          'the echoes',
        );
      }
      await pool.send('bob', 'plain', 'plain');
      checkSame(await pool.recv('bob', 'plain'), 'plain', 'the reply to what was no request is a message of its id');
    },
    async bob(self) {
      const pool = await self.join();
      pool.onRequest(({ value }) => value);
      const message = await pool.recvAny('plain');
      await message.reply(message.value);
    },
  }),

  contractCase('C11 late answer: it is dropped and counted, and meets no other request', {
    async alice(self) {
      const pool = await self.join();
      const late = await checkRejects(pool.request('bob', 'slow', { timeout: 30 }), 'timeout', 'the slow one');
      check(late.peer === 'bob' && late.message.includes('30'), `it says for whom it waited: ${late.message}`);
      const quick = pool.request('bob', 'quick');
      await quick.sent;
      await self.fence('asked twice');
      checkSame((await quick).value, 'answer to quick');
      await self.fence('answered twice');
      checkSame([pool.stats().total.late, pool.stats().peers.get('bob')?.late], [1, 1], 'what came late');
      await checkRejects(pool.recvAny({ everyId: true, timeout: 0 }), 'timeout', 'the mailbox');
      pool.resetStats();
      checkSame(pool.stats().total.late, 0, 'counted from zero again');
    },
    async bob(self) {
      const pool = await self.join();
      const [slow, quick] = [await pool.recvAny(), await pool.recvAny()];
      await self.fence('asked twice');
      await slow.reply('answer to slow');
      await quick.reply('answer to quick');
      await self.fence('answered twice');
    },
  }),

  contractCase('C13 in-flight message object reuse: each send and each answer is a copy of its moment', {
    async alice(self) {
      const pool = await self.join();
      const same = { round: 0, bytes: new Uint8Array(200_000) };
      const sent: Promise<unknown>[] = [];
      for (; same.round < 5; same.round++) {
        sent.push(pool.send('bob', same.bytes.fill(same.round)), pool.send('bob', same), pool.request('bob', same));
      }
      same.bytes.fill(99);
      await Promise.all(sent.slice(0, -1));
      await sent.at(-1);
    },
    async bob(self) {
      const pool = await self.join();
      for (let round = 0; round < 5; round++) {
        checkSame(await pool.recv('alice'), new Uint8Array(200_000).fill(round), 'the bytes');
        checkSame(await pool.recv('alice'), { round, bytes: new Uint8Array(200_000).fill(round) }, 'the object');
        const asked = await pool.recvAny();
        const first = asked.reply(asked.value);
        const again = await checkRejects(asked.reply('again'), 'illegal-state', 'a second answer to one request');
        check(again.peer === 'alice', 'it names who asked');
        await first;
      }
    },
  }),

  contractCase('a hundred requests at once, both ways and answered in any order, never meet each other’s answers', {
    async alice(self) {
      await bothWays(self);
    },
    async bob(self) {
      await bothWays(self);
    },
  }),

  contractCase('what the handler throws rejects its very request; a handler may answer by itself', {
    async alice(self) {
      const pool = await self.join();
      const [bad, good] = [pool.request('bob', 'bad', 'x'), pool.request('bob', 'good', 'x')];
      const error = await checkRejects(bad, 'remote', 'the bad one');
      checkSame([error.peer, error.msgId, error.reason], ['bob', 'x', 'RangeError'], 'what the error says');
      check(error.message.includes('too bad'), `the remote message is in it: ${error.message}`);
      checkSame((await good).value, 'replied', 'the good one');
    },
    async bob(self) {
      const pool = self.pool({ clients: self.others });
      pool.onRequest(
        async (message) => {
          if (message.value === 'bad') throw new RangeError('too bad');
          await message.reply('replied');
          return 'not this';
        },
        { msgId: 'x', serial: true },
      );
      await pool.initialize();
    },
  }),

  contractCase('a request ends when who was asked leaves; an answer to who left ends too; sent is never unhandled', {
    async alice(self) {
      const pool = await self.join();
      const asked = pool.request('bob', 1, { timeout: Infinity });
      const left = checkRejects(asked, 'peer-left', 'the request');
      await asked.sent;
      await self.fence('asked');
      check((await left).peer === 'bob', 'it names who left');
      await checkRejects(pool.request('bob', 2), 'peer-left', 'a request to who left');
      await checkRejects(pool.request('nobody', 3), 'unknown-peer', 'a request to nobody');
    },
    async bob(self) {
      const pool = await self.join();
      const message = await pool.recvAny();
      await self.fence('asked');
      await pool.shutdown();
      await checkRejects(message.reply('too late'), 'illegal-state', 'an answer after the end');
    },
  }),

  contractCase('a request given up leaves its answer to nobody, and the reason passes through untouched', {
    async alice(self) {
      const pool = await self.join();
      const controller = new AbortController();
      const asked = pool.request('bob', 1, { signal: controller.signal, timeout: Infinity });
      const watched = watch(asked);
      await asked.sent;
      await self.fence('asked');
      controller.abort(7);
      const outcome = await watched.outcome;
      check(outcome.status === 'rejected' && outcome.reason === 7, 'the reason is the caller’s own');
      await self.fence('given up');
      await self.fence('answered');
      check(pool.stats().total.late === 1, 'the answer came, and was counted');
    },
    async bob(self) {
      const pool = await self.join();
      const message = await pool.recvAny();
      await self.fence('asked');
      await self.fence('given up');
      await message.reply('for nobody');
      await self.fence('answered');
    },
  }),
];

async function bothWays(self: Parameters<ContractCase['parties'][string]>[0]): Promise<void> {
  const pool = self.pool({ clients: self.others });
  const held: (() => void)[] = [];
  pool.onRequest<number>(async ({ value }) => {
    await new Promise<void>((resolve) => {
      held.push(resolve);
      // The last ten first, so that no answer is where its request was.
      if (held.length === 10) for (const goOn of held.splice(0).reverse()) goOn();
    });
    return `${self.name} says ${value}`;
  });
  await pool.initialize();
  const [other = ''] = self.others;
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const answers = await Promise.all(numbers.map((number) => pool.request(other, number)));
  checkSame(
    answers.map(({ value }) => value),
    numbers.map((number) => `${other} says ${number}`),
    'the answers',
  );
}
