import { check, checkMisuse, checkRejects, checkSame, checkThrows } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

/** States, and what is refused in each of them: of a communicator first, then of a pool. */
export const lifecycle: readonly ContractCase[] = [
  contractCase('S1 a communicator that is not initialized does not send', {
    async alice(self) {
      const { communicator } = self.bench();
      communicator.addConnection('bob');
      check(communicator.state === 'uninitialized', 'a communicator begins uninitialized');
      const sent = communicator.send('bob', { head: new Uint8Array(1), segments: [] }, { queue: '', ack: 'delivered' });
      await checkRejects(sent, 'illegal-state', 'a send before initialize');
    },
  }),

  contractCase('S1 a communicator that is not initialized is not shut down', {
    async alice(self) {
      const { communicator } = self.bench();
      await checkRejects(communicator.shutdown(), 'illegal-state', 'shutdown before initialize');
      check(communicator.state === 'uninitialized', 'a refused shutdown changes nothing');
    },
  }),

  contractCase('S1 a communicator is initialized once', {
    async alice(self) {
      const bench = self.bench();
      await bench.start();
      check(bench.communicator.state === 'started', 'an initialized communicator is started');
      await checkRejects(bench.start(), 'illegal-state', 'a second initialize');
      await bench.communicator.shutdown();
      check(stateOf(bench.communicator) === 'stopped', 'a communicator that was shut down is stopped');
      await checkRejects(bench.start(), 'illegal-state', 'initialize after shutdown');
      await bench.communicator.shutdown();
    },
  }),

  contractCase('S1 a connection is added before and after the start, and not once stopped', {
    async alice(self) {
      const bench = await self.sit();
      bench.communicator.addConnection('dave');
      await self.fence('sat');
      await bench.communicator.shutdown();
      checkThrows(() => bench.communicator.addConnection('erin'), 'illegal-state', 'a connection once stopped');
    },
    async bob(self) {
      await self.sit();
      await self.fence('sat');
    },
  }),

  contractCase('S1 a communicator does not send to whom it does not know, and looks at its state first', {
    async alice(self) {
      const bench = await self.sit();
      const error = await checkRejects(bench.send('nobody', [1]), 'unknown-peer', 'a send to nobody');
      check(error.peer === 'nobody', 'the error names the peer');
      await bench.communicator.shutdown();
      await checkRejects(bench.send('nobody', [1]), 'illegal-state', 'a send to nobody once stopped');
    },
    async bob(self) {
      await self.sit();
    },
  }),

  contractCase('S1 a connection is added once', {
    async alice(self) {
      const { communicator } = self.bench();
      communicator.addConnection('bob');
      checkThrows(() => communicator.addConnection('bob'), 'duplicate-peer', 'a second connection of that name');
      communicator.removeConnection('bob');
      communicator.addConnection('bob');
      checkThrows(() => communicator.removeConnection('carol'), 'unknown-peer', 'removing whom nobody added');
    },
  }),

  contractCase('S2 a pool goes from uninitialized to started to stopped, and is disposed of at the end of its block', {
    async alice(self) {
      const pool = self.pool();
      check(pool.state === 'uninitialized', 'a pool begins uninitialized');
      await checkRejects(pool.shutdown(), 'illegal-state', 'shutdown before initialize');
      const initialized = pool.initialize();
      check(stateOf(pool) === 'started', 'a pool is started from the call on');
      await checkRejects(pool.initialize(), 'illegal-state', 'a second initialize');
      await initialized;
      await dispose(pool);
      check(stateOf(pool) === 'stopped', 'a pool that was disposed of is stopped');
      check((await pool.closed) === undefined, 'nothing but its shutdown ended it');
      await pool.shutdown();
      await dispose(pool);
      await checkRejects(pool.initialize(), 'illegal-state', 'initialize after shutdown');
      const states = self.heard(pool).flatMap((event) => (event.type === 'state' ? [event.state] : []));
      check(states[0] === 'started' && states.at(-1) === 'stopped', `the states are told: ${states.join()}`);
    },
  }),

  contractCase('S2 disposing of a pool that never started does nothing', {
    async alice(self) {
      const pool = self.pool();
      await dispose(pool);
      check(pool.state === 'uninitialized', 'a pool that never started is not stopped');
      await pool.initialize();
    },
  }),

  contractCase('S2 clients are added before and after the start', {
    async alice(self) {
      const pool = self.pool();
      pool.addClient('bob');
      checkSame([...pool.clients], ['bob'], 'the clients');
      await pool.initialize();
      pool.addClient('dave');
      checkSame([...pool.clients], ['bob', 'dave'], 'the clients');
      pool.removeClient('dave');
      checkSame([...pool.clients], ['bob'], 'the clients');
      await self.fence('met');
      await pool.shutdown();
      checkThrows(() => pool.addClient('erin'), 'illegal-state', 'addClient once stopped');
    },
    async bob(self) {
      await self.join();
      await self.fence('met');
    },
  }),

  contractCase('S2 a client is added once, and a refused one leaves no trace', {
    async alice(self) {
      const pool = self.pool({ clients: ['bob'] });
      checkThrows(() => pool.addClient('bob'), 'duplicate-peer', 'a second bob');
      checkThrows(() => pool.addClient('alice'), 'duplicate-peer', 'oneself');
      for (const name of ['', 'a\nb', 'x'.repeat(129)]) {
        await checkMisuse(() => pool.addClient(name), `the name ${JSON.stringify(name)}`);
      }
      checkSame([...pool.clients], ['bob'], 'the clients');
      checkThrows(() => pool.removeClient('carol'), 'unknown-peer', 'removing whom nobody added');
    },
  }),

  contractCase('S2 nobody sends to whom he does not know', {
    async alice(self) {
      const pool = self.pool({ clients: ['bob'] });
      await checkRejects(pool.send('bob', 1), 'illegal-state', 'a send before initialize');
      await checkRejects(pool.send('nobody', 1), 'illegal-state', 'the state is looked at before the recipient');
      await checkRejects(pool.broadcast(1), 'illegal-state', 'a broadcast before initialize');
      await pool.initialize();
      const error = await checkRejects(pool.send('nobody', 1), 'unknown-peer', 'a send to nobody');
      check(error.peer === 'nobody' && error.delivery === 'none', 'the error names the peer, and that nothing left');
      await checkRejects(pool.ping('nobody'), 'unknown-peer', 'a ping to nobody');
      check(pool.stats().total.messagesSent === 0, 'what was not sent is not counted');
    },
    async bob(self) {
      await self.join();
    },
  }),

  contractCase('S2 nobody receives from whom he does not know', {
    async alice(self) {
      const pool = self.pool({ clients: ['bob'] });
      await checkRejects(pool.recv('bob'), 'illegal-state', 'a recv before initialize');
      await pool.initialize();
      await checkRejects(pool.recv('nobody'), 'unknown-peer', 'a recv from nobody');
      const all = await checkRejects(
        pool.recvAll({ senders: ['bob', 'nobody'] }),
        'unknown-peer',
        'a recvAll of nobody',
      );
      check(all.missing.includes('nobody'), 'the error names who is missing');
    },
    async bob(self) {
      await self.join();
    },
  }),

  contractCase('A9 nothing is sent once stopped, and what waits is told', {
    async alice(self) {
      const pool = await self.join();
      const waiting = [pool.recv('bob', 'never'), pool.recvAny('never'), pool.recvAll('never'), pool.waitFor(9)];
      const told = Promise.all(
        waiting.map((wait) => checkRejects(wait, 'closed', 'what waited when the pool stopped')),
      );
      await pool.shutdown();
      await told;
      await checkRejects(pool.send('bob', 1), 'illegal-state', 'a send once stopped');
      await checkRejects(pool.send('nobody', 1), 'illegal-state', 'the state is looked at before the recipient');
      await checkRejects(pool.broadcast(1), 'illegal-state', 'a broadcast once stopped');
      await checkRejects(pool.waitFor('bob'), 'illegal-state', 'waitFor once stopped');
      await checkRejects(pool.ping('bob'), 'illegal-state', 'a ping once stopped');
      checkThrows(() => pool.removeClient('bob'), 'illegal-state', 'removeClient once stopped');
      await pool.send('bob', 1, { ack: 'none' });
      self.complaints.splice(0);
    },
    async bob(self) {
      const pool = await self.join();
      await self.until(() => self.membership(pool).includes('leave alice goodbye'));
    },
  }),

  contractCase('A1 rooms and names are strings that say something', {
    async alice(self) {
      for (const name of ['', 'a\u0000b', 'x'.repeat(129), '\ud800']) {
        await checkMisuse(() => self.pool({}, name), `the name ${JSON.stringify(name)}`);
      }
      await checkMisuse(() => self.pool({}, 7 as unknown as string), 'a name that is no string');
    },
  }),

  contractCase('names that mean something to JavaScript are names like others, and are compared after NFC', {
    async alice(self) {
      const pool = self.pool({ clients: ['10', '__proto__', 'e\u0301'] });
      checkSame([...pool.clients], ['10', '__proto__', '\u00e9'], 'the clients');
      await pool.initialize();
      await pool.broadcast('hello', { recipients: ['__proto__', 'e\u0301'] });
      checkSame(await pool.recv('10'), 10, 'what 10 sent');
    },
    async bob(self) {
      const pools = ['10', '__proto__', '\u00e9'].map((name) => self.pool({ clients: ['alice'] }, name));
      await Promise.all(pools.map((pool) => pool.initialize()));
      const [ten, proto, accent] = pools;
      await ten?.send('alice', 10);
      checkSame(await proto?.recv('alice'), 'hello', 'what __proto__ got');
      checkSame(await accent?.recv('alice'), 'hello', 'what the accented one got');
    },
  }),
];

/** As `await using` does, also where the platform has no such symbol. */
async function dispose(pool: object): Promise<void> {
  const symbol: symbol =
    (Symbol as { readonly asyncDispose?: symbol }).asyncDispose ?? Symbol.for('Symbol.asyncDispose');
  await (Reflect.get(pool, symbol) as () => Promise<void>).call(pool);
}

/** Read anew: the compiler believes that a state it has seen stays. */
function stateOf(subject: { readonly state: string }): string {
  return subject.state;
}
