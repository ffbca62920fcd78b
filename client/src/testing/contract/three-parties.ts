import { check, checkSame } from '../check.ts';
import { type ContractCase, contractCase, type Procedure } from '../contract-case.ts';

const everyone = ['alice', 'bob', 'carol'] as const;

/** All three do the same. */
function all(procedure: Procedure): Record<string, Procedure> {
  return Object.fromEntries(everyone.map((name) => [name, procedure]));
}

/** What three parties say to each other, all at once. */
export const threeParties: readonly ContractCase[] = [
  contractCase(
    'S4 one message each way between all pairs, at the same time',
    all(async (self) => {
      const pool = await self.join();
      const sends = self.others.map((other) => pool.send(other, `${self.name} to ${other}`));
      for (const other of self.others) checkSame(await pool.recv(other), `${other} to ${self.name}`);
      await Promise.all(sends);
    }),
  ),

  contractCase(
    'S4 several messages each way between all pairs',
    all(async (self) => {
      const pool = await self.join();
      const numbers = Array.from({ length: 20 }, (_, index) => index);
      const sends = self.others.flatMap((other) => numbers.map((number) => pool.send(other, [self.name, number])));
      for (const other of self.others) {
        for (const number of numbers) checkSame(await pool.recv(other), [other, number]);
      }
      await Promise.all(sends);
    }),
  ),

  contractCase('S4 several messages to some', {
    async alice(self) {
      const pool = await self.join();
      for (const number of [1, 2, 3]) await pool.send('bob', number);
      await pool.send('carol', 'one');
    },
    async bob(self) {
      const pool = await self.join();
      for (const number of [1, 2, 3]) checkSame(await pool.recv('alice'), number);
    },
    async carol(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 'one');
      await self.until(() => pool.stats().peers.get('bob')?.messagesReceived === 0);
    },
  }),

  contractCase('S4 a broadcast reaches everybody else', {
    async alice(self) {
      const pool = await self.join();
      await pool.broadcast({ round: 1 }, 'news');
      const { total, peers } = pool.stats();
      check(total.messagesSent === 2 && total.unread === 0, 'a broadcast counts once per recipient');
      check(peers.get('bob')?.bytesSent === peers.get('carol')?.bytesSent, 'each got the same bytes');
    },
    ...Object.fromEntries(
      ['bob', 'carol'].map(
        (name) =>
          [
            name,
            async (self) => {
              const pool = await self.join();
              checkSame(await pool.recv('alice', 'news'), { round: 1 });
            },
          ] as [string, Procedure],
      ),
    ),
  }),

  contractCase(
    'S4 everybody broadcasts under the same id at the same time, and receives from all',
    all(async (self) => {
      const pool = await self.join();
      const sent = pool.broadcast(`share of ${self.name}`, 'Round1');
      const shares = await pool.recvAll('Round1');
      checkSame(
        [...shares],
        self.others.map((other) => [other, `share of ${other}`]),
        'the shares, in the order of the clients',
      );
      await sent;
    }),
  ),

  contractCase('S4 two senders, text and bytes in turn', {
    async alice(self) {
      const pool = await self.join();
      for (let round = 0; round < 5; round++) {
        checkSame(await pool.recv('bob'), `text ${round}`);
        checkSame(await pool.recv('carol'), Uint8Array.of(round));
        checkSame(await pool.recv('bob'), Uint8Array.of(round, round));
        checkSame(await pool.recv('carol'), `carol ${round}`);
      }
    },
    async bob(self) {
      const pool = await self.join();
      for (let round = 0; round < 5; round++) {
        await pool.send('alice', `text ${round}`);
        await pool.send('alice', Uint8Array.of(round, round));
      }
    },
    async carol(self) {
      const pool = await self.join();
      for (let round = 0; round < 5; round++) {
        const sends = [pool.send('alice', Uint8Array.of(round)), pool.send('alice', `carol ${round}`)];
        await Promise.all(sends);
      }
    },
  }),

  contractCase('S4 recvAll of some, in the order asked for', {
    async alice(self) {
      const pool = await self.join();
      checkSame([...(await pool.recvAll({ msgId: 'x', senders: ['carol'] }))], [['carol', 'from carol']]);
      const both = await pool.recvAll({ msgId: 'y', senders: ['carol', 'bob', 'carol'] });
      checkSame(
        [...both],
        [
          ['carol', 2],
          ['bob', 1],
        ],
      );
      checkSame([...(await pool.recvAll({ senders: [] }))], []);
    },
    async bob(self) {
      const pool = await self.join();
      await pool.send('alice', 1, 'y');
    },
    async carol(self) {
      const pool = await self.join();
      await pool.send('alice', 'from carol', 'x');
      await pool.send('alice', 2, 'y');
    },
  }),

  contractCase('S4 a broadcast to some reaches nobody else', {
    async alice(self) {
      const pool = await self.join();
      await pool.broadcast('secret', { recipients: ['carol', 'carol'] });
      await self.fence('sent');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('sent');
      await pool.ping('alice');
      check(pool.stats().total.messagesReceived === 0, 'bob got nothing');
    },
    async carol(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 'secret');
      await self.fence('sent');
      check(pool.stats().total.messagesReceived === 1, 'a name twice is sent to once');
    },
  }),

  contractCase('recvAny, messages and onMessage each take what is theirs, and nobody takes a message twice', {
    async alice(self) {
      const pool = await self.join();
      const any = await pool.recvAny('any');
      checkSame([any.msgId, any.value, any.sender], ['any', `from ${any.sender}`, any.sender]);
      const second = await pool.recvAny('any');
      checkSame([any.sender, second.sender].sort(), ['bob', 'carol'], 'both');
      const handled: string[] = [];
      const off = pool.onMessage((message) => {
        handled.push(`${message.sender} ${String(message.value)}`);
        self.lookAgain();
      }, 'handled');
      await self.until(() => handled.length === 2);
      off();
      const looped: string[] = [];
      for await (const { sender, serial } of pool.messages({ everyId: true })) {
        looped.push(`${sender} ${serial}`);
        if (looped.length === 2) break;
      }
      checkSame(handled.sort(), ['bob 2', 'carol 2']);
      check(new Set(looped).size === 2, 'the loop got two messages');
      await self.fence('all but one');
      checkSame((await pool.recvAny({ everyId: true })).value, 'last', 'what the loop left');
    },
    async bob(self) {
      const pool = await self.join();
      await pool.send('alice', 'from bob', 'any');
      await pool.send('alice', 2, 'handled');
      await pool.send('alice', 3);
      await self.fence('all but one');
      await pool.send('alice', 'last', 'late');
    },
    async carol(self) {
      const pool = await self.join();
      await pool.send('alice', 'from carol', 'any');
      await pool.send('alice', 2, 'handled');
      await pool.send('alice', 3, '3');
      await self.fence('all but one');
    },
  }),
];
