import type { CallContext } from '../../pool/calls/call-context.ts';
import type { Remote } from '../../pool/calls/remote.ts';
import { check, checkMisuse, checkRejects, checkSame } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

const STARTS = 5;

/** What is exposed, when, to whom, and in which order it runs. */
export const exposure: readonly ContractCase[] = [
  contractCase(
    'a thousand starts: what was exposed before initialize answers the very first call (a handful of them)',
    {
      async alice(self) {
        for (let start = 0; start < STARTS; start++) {
          const pool = await self.join();
          checkSame(await pool.call('bob', 'next', [start]), start + 1, 'the first call');
          await self.fence(`start ${start}`);
          await pool.shutdown();
          await self.fence(`end ${start}`);
        }
      },
      async bob(self) {
        for (let start = 0; start < STARTS; start++) {
          const pool = self.pool({ clients: self.others });
          pool.expose({ next: (number: number) => number + 1 });
          await pool.initialize();
          await self.fence(`start ${start}`);
          await pool.shutdown();
          await self.fence(`end ${start}`);
        }
      },
    },
  ),

  contractCase('a call that comes before anything is exposed waits for the first expose', {
    async alice(self) {
      const pool = await self.join();
      const early = Array.from({ length: 20 }, (_, index) => pool.call<number>('bob', 'next', [index]));
      await pool.ping('bob');
      await self.fence('called');
      checkSame(
        await Promise.all(early),
        Array.from({ length: 20 }, (_, index) => index + 1),
        'the results',
      );
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('called');
      pool.expose({ next: (number: number) => number + 1 });
    },
  }),

  contractCase('methods of a named object, by a typed proxy; what is undone is exposed no more', {
    async alice(self) {
      const pool = await self.join();
      const calculator: Remote<Calculator> = pool.remote<Calculator>('bob', { object: 'calculator' });
      checkSame([await calculator.add(1, 2), await calculator.nothing()], [3, undefined], 'the results');
      check(!('then' in (await Promise.resolve(calculator))), 'the proxy can be awaited, and is itself then');
      checkSame(await pool.remote<Calculator>('bob').add(1, 2), '12', 'the unnamed one');
      const error = await checkRejects(pool.remote<Calculator>('bob').nothing(), 'remote', 'what only the other has');
      check(error.method === 'nothing', 'it names the method');
      await self.fence('undo it');
      await self.fence('undone');
      await checkRejects(calculator.add(1, 2), 'remote', 'what was undone');
      checkSame(await pool.remote<Calculator>('bob').add(1, 2), '12', 'the other is still exposed');
    },
    async bob(self) {
      const pool = await self.join();
      const undo = pool.expose('calculator', { add: (one: number, other: number) => one + other, nothing() {} });
      pool.expose({ add: (one: number, other: number) => `${one}${other}` });
      await self.fence('undo it');
      undo();
      undo();
      await self.fence('undone');
    },
  }),

  contractCase('the method knows who calls it, in which life', {
    async alice(self) {
      const pool = await self.join();
      checkSame(await pool.call('bob', 'who'), ['alice', pool.instance, false], 'the context');
    },
    async bob(self) {
      const pool = await self.join();
      pool.expose({
        who(this: CallContext) {
          return [this.peer, this.instance, this.signal.aborted];
        },
      });
      checkSame(await pool.call('bob', 'who'), ['bob', pool.instance, false], 'a call to oneself');
    },
  }),

  contractCase('callAll: what became of the call at each peer, in the order of the clients', {
    async alice(self) {
      const pool = await self.join();
      const results = await pool.callAll<number>('half', [8]);
      checkSame([...results.keys()], ['bob', 'carol'], 'the peers');
      checkSame(results.get('bob'), { status: 'fulfilled', value: 4 }, 'the result of bob');
      const carol = results.get('carol');
      check(carol?.status === 'rejected' && String(carol.reason).includes('no halves'), 'the error of carol');
      checkSame([...(await pool.callAll('half', [8], { peers: [] })).keys()], [], 'nobody is nobody');
      await checkRejects(pool.callAll('half', [8], { peers: ['bob', 'dave'] }), 'unknown-peer', 'a stranger');
    },
    async bob(self) {
      const pool = await self.join();
      pool.expose({ half: (number: number) => number / 2 });
    },
    async carol(self) {
      const pool = await self.join();
      pool.expose({ half: () => Promise.reject(new Error('no halves')) });
    },
  }),

  contractCase('functions in arguments are refused, with where they are; nothing is called', {
    async alice(self) {
      const pool = await self.join();
      const error = await checkRejects(pool.call('bob', 'run', [1, { back: () => 1 }]), 'unpackable', 'a callback');
      checkSame([error.peer, error.method, error.path], ['bob', 'run', '$[1].back'], 'what the error says');
      check(error.delivery === 'none', 'nothing left');
      const proxy = pool.remote<Calculator>('bob');
      await checkRejects(pool.call('bob', 'run', [proxy]), 'unpackable', 'a proxy');
      await checkMisuse(() => pool.call('bob', 'run', 'abc' as unknown as unknown[]), 'arguments that are no array');
      checkSame(await pool.call('bob', 'run'), 0, 'the arguments of a call without any');
    },
    async bob(self) {
      const pool = await self.join();
      pool.expose({ run: (...args: unknown[]) => args.length });
    },
  }),

  contractCase('calls begin in the order of their arrival and overlap; serial ones wait for one another', {
    async alice(self) {
      const pool = await self.join();
      const all = ['overlapping', 'serial'].map(async (method) => {
        const results = [0, 1, 2, 3].map((index) => pool.call('bob', method, [index]));
        const outcomes = await Promise.allSettled(results);
        checkSame(
          outcomes.map(({ status }) => status),
          ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
          method,
        );
      });
      await Promise.all(all);
      await self.fence('ended');
    },
    async bob(self) {
      const pool = await self.join();
      const heard: Record<string, string[]> = { overlapping: [], serial: [] };
      const method = (name: string) => async (index: number) => {
        heard[name]?.push(`begin ${index}`);
        // The earlier a call begins, the longer it takes.
        for (let turn = index; turn < 4; turn++) await pool.ping('alice');
        heard[name]?.push(`end ${index}`);
        if (index === 1) throw new Error('as expected');
      };
      pool.expose({ overlapping: method('overlapping') });
      pool.expose({ serial: method('serial') }, { serial: true });
      await self.fence('ended');
      const begins = heard['overlapping']?.filter((line) => line.startsWith('begin'));
      checkSame(begins, ['begin 0', 'begin 1', 'begin 2', 'begin 3'], 'the order');
      const serial = [0, 1, 2, 3].flatMap((index) => [`begin ${index}`, `end ${index}`]);
      checkSame(heard['serial'], serial, 'one after the other');
    },
  }),

  contractCase(
    'calls with more in their arguments than the other has room for are run or refused, and the session goes on',
    {
      async alice(self) {
        const pool = await self.join();
        let refused = 0;
        const calls = Array.from({ length: 60 }, () => pool.call('bob', 'size', [new Uint8Array(100_000)]));
        for (const call of calls) {
          call.catch(() => {
            refused++;
            self.lookAgain();
          });
        }
        const outcomes = Promise.allSettled(calls);
        await self.until(() => refused > 30);
        await self.fence('refused');
        for (const outcome of await outcomes) {
          if (outcome.status === 'fulfilled') checkSame(outcome.value, 100_000, 'the result');
          else check(String(outcome.reason).includes('refused: '), `it was refused: ${String(outcome.reason)}`);
        }
        checkSame(await pool.call('bob', 'size', [new Uint8Array(7)]), 7, 'afterwards');
        checkSame(self.membership(pool), ['join bob'], 'nobody left');
      },
      async bob(self) {
        const pool = self.pool({ clients: self.others, inboxLimit: 300_000 });
        let goOn = (): void => {};
        const gate = new Promise<void>((resolve) => (goOn = resolve));
        pool.expose({ size: (bytes: Uint8Array) => gate.then(() => bytes.length) });
        await pool.initialize();
        await self.fence('refused');
        goOn();
      },
    },
  ),

  contractCase('notify: resolves when the other has it; what it throws is heard there, and not sent back', {
    async alice(self) {
      const pool = await self.join();
      await pool.notify('bob', 'count', [1]);
      await pool.notify('bob', 'fail');
      await pool.notify('bob', 'missing');
      await self.fence('heard');
      check(pool.stats().total.messagesReceived === 0, 'nothing was sent back');
    },
    async bob(self) {
      const pool = await self.join();
      const counted: number[] = [];
      pool.expose({
        count: (number: number) => counted.push(number),
        fail: () => Promise.reject(new Error('as expected')),
      });
      await self.until(() => self.complaints.length === 2);
      checkSame(counted, [1], 'what was counted');
      const [fail, missing] = self.complaints.splice(0).map(({ message }) => message);
      check(fail?.includes('as expected') === true && missing?.includes('missing') === true, 'both are told');
      await pool.ping('alice');
      await self.fence('heard');
    },
  }),
];

interface Calculator {
  add(one: number, other: number): number;
  nothing(): void;
}
