import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase, type Procedure } from '../contract-case.ts';

/** Who meets whom, and how it is told. */
export const membership: readonly ContractCase[] = [
  contractCase('M1 who comes late gets the whole mesh', {
    async alice(self) {
      await meetAndGreet(self);
    },
    async bob(self) {
      await meetAndGreet(self);
    },
    async carol(self) {
      await meetAndGreet(self);
    },
    async dave(self) {
      await self.fence('three are there');
      const pool = self.pool();
      await pool.initialize();
      checkSame(
        [...pool.clients].sort(),
        ['alice', 'bob', 'carol'],
        'in an open room initialize waits for all who were there',
      );
      await pool.broadcast('hello from dave');
    },
  }),

  contractCase(
    'M2 five that join in the same instant find each other',
    Object.fromEntries(
      ['alice', 'bob', 'carol', 'dave', 'erin'].map((name): [string, Procedure] => [
        name,
        async (self) => {
          const pool = self.pool();
          await self.fence('ready');
          await pool.initialize();
          await pool.waitFor(4);
          checkSame([...pool.clients].sort(), [...self.others].sort(), 'the clients');
          await pool.broadcast(self.name);
          const names = await pool.recvAll();
          checkSame([...names.values()].map(String).sort(), [...self.others].sort(), 'who was heard');
          const joins = self.membership(pool);
          checkSame([...joins].sort(), self.others.map((other) => `join ${other}`).sort(), 'each is met once');
        },
      ]),
    ),
  ),

  contractCase('a departure is said once, with its reason, and what was sent stays readable', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('met');
      await pool.send('bob', 'unread', 'x');
      await pool.shutdown();
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('met');
      const waiting = watch(pool.recv('alice', 'never'));
      const all = watch(pool.recvAll({ msgId: 'never', senders: ['alice'] }));
      await self.until(() => self.membership(pool).includes('leave alice goodbye'));
      for (const { outcome } of [waiting, all]) {
        const ended = await outcome;
        check(ended.status === 'rejected' && String(ended.reason).includes('peer-left'), 'who waited is told');
      }
      check(!pool.connected('alice'), 'nobody is connected to who left');
      check(pool.clients.has('alice'), 'a named client stays one');
      const late = await checkRejects(pool.send('alice', 1), 'peer-left', 'a send to who left');
      check(late.reason === 'goodbye' && late.delivery === 'none', `with the reason of the departure: ${late.reason}`);
      await checkRejects(pool.recv('alice', 'never'), 'peer-left', 'a recv from who left');
      checkSame(await pool.recv('alice', 'x'), 'unread');
      await pool.ping('carol');
      checkSame(
        self.membership(pool).filter((line) => line.includes('alice')),
        ['join alice', 'leave alice goodbye'],
      );
    },
    async carol(self) {
      await self.join();
      await self.fence('met');
    },
  }),

  contractCase('A8 each side of a closed connection is told once', {
    async alice(self) {
      const bench = await self.sit();
      await bench.send('bob', [1]);
      await bench.communicator.shutdown();
      await bench.communicator.shutdown();
      checkSame(lines(bench.heard, 'left'), ['left bob goodbye'], 'the closer');
      check(bench.heard.at(-1) === 'stopped by itself', 'that it stopped is heard last');
    },
    async bob(self) {
      const bench = await self.sit();
      await self.until(() => lines(bench.heard, 'left').length > 0);
      await bench.send('alice', [1]).then(
        () => check(false, 'nothing is sent to who left'),
        () => undefined,
      );
      checkSame(lines(bench.heard, 'left'), ['left alice goodbye'], 'the other side');
      checkSame(lines(bench.heard, 'error'), [], 'a goodbye is no error');
      const order = bench.heard.map((line) => line.split(' ')[0]);
      checkSame(order, ['joined', 'message', 'left'], 'the order');
    },
  }),

  contractCase(
    'M10 both shut down in the same instant, and nobody waits for the other',
    Object.fromEntries(
      ['alice', 'bob'].map((name): [string, Procedure] => [
        name,
        async (self) => {
          const pool = await self.join();
          const [other = ''] = self.others;
          const sent = watch(pool.send(other, 'last words'));
          await self.fence('now');
          await pool.shutdown();
          const { status } = await sent.outcome;
          check(status === 'fulfilled', 'what was sent before the goodbye was acknowledged');
          check((await pool.closed) === undefined, 'it ended in peace');
          checkSame(await pool.recv(other, { timeout: 0 }), 'last words', 'what came stays readable');
        },
      ]),
    ),
  ),

  contractCase('A7 abort drops what has not left, and every send is told', {
    async alice(self) {
      const pool = await self.join();
      const sends = Array.from({ length: 20 }, () => watch(pool.send('bob', new Uint8Array(1024 * 1024))));
      await sends[0]?.outcome;
      await pool.shutdown({ flush: false });
      const outcomes = await Promise.all(sends.map(({ outcome }) => outcome));
      const rejected = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as object] : []));
      check(rejected.length > 0, 'what has not left rejects');
      for (const error of rejected) {
        check(
          'code' in error && error.code === 'closed' && 'delivery' in error,
          `with closed: ${(error as Error).message}`,
        );
      }
      await self.fence('aborted', outcomes.filter(({ status }) => status === 'fulfilled').length);
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: 4 * 1024 * 1024 });
      const { alice } = await self.fence('aborted');
      await self.until(() => self.membership(pool).some((line) => line.startsWith('leave alice')));
      const { unread } = pool.stats().total;
      check(unread >= Number(alice), `what was acknowledged is here: ${unread} of ${String(alice)}`);
    },
  }),

  contractCase('who is removed is told, and is a client no more', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('met');
      const waiting = watch(pool.recv('bob'));
      pool.removeClient('bob', 'you talk too much');
      const ended = await waiting.outcome;
      check(ended.status === 'rejected' && String(ended.reason).includes('peer-left'), 'who waited for it is told');
      checkSame([...pool.clients], ['carol'], 'the clients');
      await checkRejects(pool.send('bob', 1), 'peer-left', 'a send to who was removed');
      await self.fence('removed');
      await pool.send('carol', 'still here');
      checkSame(
        self.membership(pool).filter((line) => line.includes('bob')),
        ['join bob', 'leave bob removed'],
      );
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('met');
      const waiting = watch(pool.recv('alice', 'never'));
      await self.until(() => self.membership(pool).includes('leave alice removed'));
      const ended = await waiting.outcome;
      check(ended.status === 'rejected' && String(ended.reason).includes('peer-left'), 'who waits for it is told');
      const error = await checkRejects(pool.send('alice', 1), 'peer-left', 'a send to who removed me');
      check(error.reason === 'removed', `with the reason: ${error.reason}`);
      await self.fence('removed');
      await pool.send('carol', 'still here');
    },
    async carol(self) {
      const pool = await self.join();
      await self.fence('met');
      await self.fence('removed');
      checkSame([...(await pool.recvAll()).values()], ['still here', 'still here']);
    },
  }),

  contractCase('who was removed is met again when it is added again', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('met');
      pool.removeClient('bob');
      await self.fence('removed');
      pool.addClient('bob');
      await pool.waitFor('bob');
      await pool.send('bob', 'again');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('met');
      await self.until(() => self.membership(pool).includes('leave alice removed'));
      await self.fence('removed');
      await pool.waitFor('alice');
      checkSame(await pool.recv('alice'), 'again');
    },
  }),

  contractCase('waitFor counts, names, and ends by time or signal', {
    async alice(self) {
      const pool = self.pool({ discover: true });
      await pool.initialize();
      const late = await checkRejects(pool.waitFor(['bob', 'carol'], { timeout: 20 }), 'timeout', 'waitFor');
      check(late.missing.includes('carol'), `it names who is missing: ${late.missing.join()}`);
      const controller = new AbortController();
      const aborted = watch(pool.waitFor(2, { signal: controller.signal }));
      controller.abort('no more');
      const ended = await aborted.outcome;
      check(ended.status === 'rejected' && ended.reason === 'no more', 'the reason is the caller’s own');
      const [two, both] = [pool.waitFor(2), pool.waitFor(['carol', 'bob'])];
      await self.fence('come');
      await Promise.all([two, both]);
      await pool.waitFor('bob', { timeout: 0 });
      check(pool.connected('bob') && pool.connected('carol'), 'both are connected');
    },
    async bob(self) {
      const pool = self.pool();
      await pool.initialize();
      await self.fence('come');
    },
    async carol(self) {
      await self.fence('come');
      await self.pool().initialize();
    },
  }),

  contractCase('members begins with who is here, and ends with the pool', {
    async alice(self) {
      const pool = await self.join();
      const events: string[] = [];
      for await (const { type, name } of pool.members()) {
        events.push(`${type} ${name}`);
        if (events.length === 1) await self.fence('seen');
        if (events.length === 2) await pool.shutdown();
      }
      checkSame(events.slice(0, 2), ['join bob', 'leave bob']);
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('seen');
      await pool.shutdown();
    },
  }),

  contractCase('how a peer is reached, and how far it is', {
    async alice(self) {
      const pool = await self.join();
      check((await pool.ping('bob')) >= 0, 'a ping takes some milliseconds');
      const link = pool.stats().peers.get('bob')?.link;
      check(link?.state === 'connected' && link.kind !== undefined, 'the link is known');
      check((pool.stats().peers.get('bob')?.roundTripTime ?? -1) >= 0, 'the round-trip time is known');
      const states = self.heard(pool).flatMap((event) => (event.type === 'link' ? [event.state] : []));
      checkSame(states.at(-1), 'connected', 'the newest link event');
    },
    async bob(self) {
      await self.join();
    },
  }),
];

const meetAndGreet: Procedure = async (self) => {
  const pool = self.pool();
  await pool.initialize();
  await pool.waitFor(2);
  await self.fence('three are there');
  await pool.waitFor('dave');
  checkSame(await pool.recv('dave'), 'hello from dave');
};

/** Lines of one kind, without the instances. */
function lines(heard: readonly string[], kind: string): readonly string[] {
  return heard
    .filter((line) => line.startsWith(kind))
    .map((line) =>
      line
        .split(' ')
        .filter((_, index) => index !== 2)
        .join(' '),
    );
}
