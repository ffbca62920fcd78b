import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

/** What the systems before this one got wrong. */
export const regressions: readonly ContractCase[] = [
  contractCase('BR duplicate id unread: both messages are there, in order', {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', 1, 'same');
      await pool.send('bob', 2, 'same');
      await self.fence('sent');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('sent');
      checkSame([await pool.recv('alice', 'same'), await pool.recv('alice', 'same')], [1, 2]);
    },
  }),

  contractCase('BR two waiters same id: each gets its own, first come first served', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('waiting');
      await pool.send('bob', 1, 'same');
      await pool.send('bob', 2, 'same');
    },
    async bob(self) {
      const pool = await self.join();
      const waiters = [pool.recv('alice', 'same'), pool.recv('alice', 'same')];
      await self.fence('waiting');
      checkSame(await Promise.all(waiters), [1, 2]);
    },
  }),

  contractCase('BR late message after timeout, BR retry recv after timeout: the next receive gets it', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('timed out');
      await pool.send('bob', 'late', 'x');
      await self.fence('sent');
      await self.fence('again');
      await pool.send('bob', 'retried', 'x');
    },
    async bob(self) {
      const pool = await self.join();
      await checkRejects(pool.recv('alice', { msgId: 'x', timeout: 5 }), 'timeout', 'the first');
      await self.fence('timed out');
      await self.fence('sent');
      checkSame(await pool.recv('alice', 'x'), 'late');
      await checkRejects(pool.recv('alice', { msgId: 'x', timeout: 5 }), 'timeout', 'the second');
      const retry = pool.recv('alice', 'x');
      await self.fence('again');
      checkSame(await retry, 'retried');
    },
  }),

  contractCase('BR [] recipients: nobody', {
    async alice(self) {
      const pool = await self.join();
      await pool.broadcast('nobody hears this', { recipients: [] });
      checkSame(await pool.recvAll({ senders: [] }), new Map());
      check(pool.stats().total.messagesSent === 0, 'nothing was sent');
      await pool.send('bob', 'the first one');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 'the first one');
    },
  }),

  contractCase('BR partial broadcast failure: the others got it, and the error says who did not', {
    async alice(self) {
      const pool = await self.join();
      await checkRejects(pool.broadcast(1, { recipients: ['bob', 'nobody'] }), 'unknown-peer', 'a broadcast to nobody');
      check(pool.stats().total.messagesSent === 0, 'every name is checked before anything is sent');
      const error = await checkRejects(pool.broadcast(new Uint8Array(2_000_000)), 'too-large', 'a broadcast');
      checkSame(error.missing, ['carol'], 'who did not get it');
      check(error.errors.get('carol')?.code === 'too-large', 'and why');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), new Uint8Array(2_000_000));
    },
    async carol(self) {
      await self.join({ maxMessageSize: 1_000_000 });
    },
  }),

  contractCase('BR partial recv_all failure: what did arrive stays readable, in its place', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('bob has sent');
      const error = await checkRejects(pool.recvAll({ msgId: 'x', timeout: 20 }), 'timeout', 'a recvAll');
      checkSame(error.missing, ['carol'], 'who is missing');
      checkSame([await pool.recv('bob', 'x'), await pool.recv('bob', 'x')], [1, 2]);
      const gathering = watch(pool.recvAll({ msgId: 'x' }));
      await self.fence('carol may go');
      const ended = await gathering.outcome;
      check(ended.status === 'rejected', 'who leaves meanwhile is missing at once');
      check(String(ended.reason).includes('peer-left') && 'missing' in (ended.reason as object), 'and named');
    },
    async bob(self) {
      const pool = await self.join();
      await pool.send('alice', 1, 'x');
      await pool.send('alice', 2, 'x');
      await self.fence('bob has sent');
      await self.fence('carol may go');
    },
    async carol(self) {
      const pool = await self.join();
      await self.fence('bob has sent');
      await self.fence('carol may go');
      await pool.shutdown();
    },
  }),

  contractCase('BR shutdown error type: what waits rejects with a PoolError that is closed', {
    async alice(self) {
      const pool = await self.join();
      const waiting = pool.recv('bob', 'x');
      const stopped = pool.shutdown();
      const error = await checkRejects(waiting, 'closed', 'what waited');
      check(error.peer === 'bob' && error.msgId === 'x', 'it says for what');
      await stopped;
    },
    async bob(self) {
      await self.join();
    },
  }),

  contractCase('BR {type,data} object: it is an object like others', {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', { type: 'int', data: new Uint8Array(3) });
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), { type: 'int', data: new Uint8Array(3) });
      check(({} as Record<string, unknown>)['x'] === undefined, 'nothing was polluted');
    },
  }),

  contractCase('BR broadcast bytes counted: once for each recipient, and as many as arrive', {
    async alice(self) {
      const pool = await self.join();
      await pool.broadcast('x'.repeat(1000));
      const { total, peers } = pool.stats();
      check(
        total.bytesSent >= 2000 && total.bytesSent === 2 * (peers.get('bob')?.bytesSent ?? 0),
        'twice the bytes of one',
      );
      await self.fence('counted', peers.get('bob')?.bytesSent);
      pool.resetStats();
      check(pool.stats().total.bytesSent === 0, 'and from zero again');
      await pool.shutdown();
      check(pool.stats().total.bytesSent === 0, 'readable after shutdown');
    },
    async bob(self) {
      const pool = await self.join();
      await pool.recv('alice');
      const { alice } = await self.fence('counted');
      check(pool.stats().total.bytesReceived === alice, 'what is received is what was sent');
    },
    async carol(self) {
      await self.join();
      await self.fence('counted');
    },
  }),

  contractCase('BR explicit "0" vs auto id: they never meet', {
    async alice(self) {
      const pool = await self.join();
      await Promise.all([
        pool.send('bob', 'auto 1'),
        pool.send('bob', 'explicit 0', '0'),
        pool.send('bob', 'auto 2'),
        pool.send('bob', 'explicit empty', ''),
        pool.send('bob', 'auto 3'),
      ]);
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice', ''), 'explicit empty');
      checkSame(await pool.recv('alice'), 'auto 1');
      checkSame(await pool.recv('alice'), 'auto 2');
      checkSame(await pool.recv('alice', '0'), 'explicit 0');
      checkSame(await pool.recv('alice'), 'auto 3');
    },
  }),

  contractCase('BR failed send keeps auto ids in step', {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', 1);
      await checkRejects(
        pool.send('bob', () => {}),
        'unpackable',
        'what can not be packed',
      );
      await checkRejects(pool.send('nobody', 1), 'unknown-peer', 'a send to nobody');
      await pool.send('bob', 2);
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 1);
      await checkRejects(pool.recv('alice', { msgId: 'none', timeout: 0 }), 'timeout', 'a recv that fails');
      checkSame(await pool.recv('alice'), 2);
    },
  }),

  contractCase('BR timeout 0: takes only what is there', {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', 'there', 'x');
      await self.fence('sent');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('sent');
      await checkRejects(pool.recv('alice', { msgId: 'y', timeout: 0 }), 'timeout', 'what is not there');
      await checkRejects(pool.recvAll({ msgId: 'y', timeout: 0 }), 'timeout', 'what is not there');
      checkSame(await pool.recv('alice', { msgId: 'x', timeout: 0 }), 'there');
    },
  }),

  contractCase('BR send after peer loss: it rejects at once, and so does whatever waited', {
    async alice(self) {
      const pool = await self.join();
      await self.until(() => pool.stats().peers.get('bob')?.messagesReceived === 1 || self.membership(pool).length > 1);
      await self.until(() => self.membership(pool).some((line) => line.startsWith('leave bob')));
      for (const ack of ['delivered', 'accepted', 'consumed'] as const) {
        const error = await checkRejects(pool.send('bob', 1, { ack }), 'peer-left', `a send with ack ${ack}`);
        check(error.delivery === 'none', 'nothing left');
      }
      await pool.send('bob', 1, { ack: 'none' });
      await self.until(() => self.complaints.length > 0);
      check(self.complaints.splice(0)[0]?.message.startsWith('peer-left: ') === true, 'a quiet failure is told');
      await checkRejects(pool.broadcast(1), 'peer-left', 'a broadcast to who left');
      checkSame(await pool.recv('bob'), 'bye', 'what it said before stays readable');
    },
    async bob(self) {
      const pool = await self.join();
      await pool.send('alice', 'bye');
      await pool.shutdown();
    },
  }),

  contractCase('BR handler throws → slot freed: the next message is handled, and the error is told', {
    async alice(self) {
      const pool = await self.join();
      for (const value of [1, 2, 3]) await pool.send('bob', value, { ack: 'consumed' });
    },
    async bob(self) {
      const pool = await self.join();
      const handled: unknown[] = [];
      pool.onMessage(({ value }) => {
        handled.push(value);
        self.lookAgain();
        throw new Error(`no ${String(value)}`);
      });
      await self.until(() => handled.length === 3 && self.complaints.length === 3);
      checkSame(handled, [1, 2, 3]);
      checkSame(
        self.complaints.splice(0).map(({ message }) => message),
        ['no 1', 'no 2', 'no 3'],
        'the errors',
      );
    },
  }),
];
