import { MessagePackPacker } from '../../packers/message-pack.ts';
import type { CallContext } from '../../pool/calls/call-context.ts';
import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

/** Remote calls: who gets which result, which error, and when. */
export const calls: readonly ContractCase[] = [
  contractCase(
    'M6 remote exception reaches the awaiter: exactly the call that caused it rejects, with all that is known',
    {
      async alice(self) {
        const pool = await self.join();
        const [before, failed, after] = [1, 2, 3].map((number) => pool.call('bob', 'odd', [number]));
        const error = await checkRejects(failed ?? Promise.resolve(), 'remote', 'the call that throws');
        checkSame([await before, await after], [1, 3], 'its neighbours');
        checkSame([error.peer, error.method, error.reason], ['bob', 'odd', 'RangeError'], 'what the error says');
        check(error.message.includes('2 is even'), `the remote message is in it: ${error.message}`);
        const { cause } = error;
        check(cause instanceof RangeError && cause.message === '2 is even', 'its cause is the remote error');
        checkSame(cause.cause, { number: 2 }, 'and the cause of that came along');
        check(cause.stack?.includes('contract') !== true, 'the stack stays where it is, unless it is allowed out');
      },
      async bob(self) {
        const pool = self.pool({ clients: self.others });
        pool.expose({
          odd(number: number) {
            if (number % 2 === 0) throw new RangeError(`${number} is even`, { cause: { number } });
            return number;
          },
        });
        await pool.initialize();
      },
    },
  ),

  contractCase('M6 what is thrown and is no error, or can not be packed, rejects its call; so does such a result', {
    async alice(self) {
      const pool = await self.join();
      for (const [method, reason, said] of [
        ['text', 'thrown', 'plain text'],
        ['nothing', 'thrown', 'undefined'],
        ['hostile', 'thrown', 'object'],
        ['holdsFunction', 'TypeError', 'holds a function'],
        ['returnsFunction', 'unpackable', 'function'],
      ] as const) {
        const error = await checkRejects(pool.call('bob', method), 'remote', method);
        checkSame([error.peer, error.method, error.reason], ['bob', method, reason], method);
        check(error.message.includes(said), `${method} says ${said}: ${error.message}`);
      }
    },
    async bob(self) {
      const pool = await self.join();
      pool.expose({
        text: throwing('plain text'),
        nothing: throwing(undefined),
        hostile: throwing(new Hostile()),
        holdsFunction: throwing(new TypeError('it holds a function', { cause: () => 1 })),
        returnsFunction: () => () => 1,
      });
    },
  }),

  contractCase('M6 the stack comes along when the packer of the exposing side allows it', {
    async alice(self) {
      const pool = await self.join();
      const { cause } = await checkRejects(pool.call('bob', 'fail'), 'remote', 'the call');
      check(cause instanceof Error && cause.stack?.includes('failHere') === true, `the stack is bob's`);
    },
    async bob(self) {
      const pool = await self.join({ packer: new MessagePackPacker({ stacks: true }) });
      pool.expose({
        fail: function failHere() {
          throw new Error('as expected');
        },
      });
    },
  }),

  contractCase('M7 pending calls reject on loss, at once and naming who was lost; calls to others go on', {
    async alice(self) {
      const pool = await self.join();
      const lost = Array.from({ length: 50 }, () =>
        checkRejects(pool.call('bob', 'wait', [], { timeout: Infinity }), 'peer-left', 'a call to who left'),
      );
      const kept = pool.call('carol', 'wait', [], { timeout: Infinity });
      await self.fence('called');
      for (const error of await Promise.all(lost)) {
        checkSame([error.peer, error.method], ['bob', 'wait'], 'what the error says');
        check(error.delivery !== 'none', 'it may have been run');
      }
      const after = await checkRejects(pool.call('bob', 'wait'), 'peer-left', 'a call after the loss');
      check(after.delivery === 'none', 'it never left');
      await self.fence('lost');
      checkSame(await kept, 'carol is still here');
    },
    async bob(self) {
      const pool = await self.join();
      let running = 0;
      const wait = (): Promise<void> => {
        running++;
        self.lookAgain();
        return new Promise(() => {});
      };
      pool.expose({ wait });
      await self.until(() => running === 50);
      await self.fence('called');
      await pool.shutdown({ flush: false });
      await self.fence('lost');
    },
    async carol(self) {
      const pool = await self.join();
      let goOn: (result: string) => void = () => {};
      const gate = new Promise<string>((resolve) => (goOn = resolve));
      pool.expose({ wait: () => gate });
      await self.fence('called');
      await self.fence('lost');
      goOn('carol is still here');
    },
  }),

  contractCase('M8 unknown method: a clear error that names it, for whatever is not exposed', {
    async alice(self) {
      const pool = await self.join();
      const hidden = ['subtract', 'constructor', '__proto__', 'toString', '_private', 'then', 'count', 'inherited'];
      for (const method of hidden) {
        const error = await checkRejects(pool.call('bob', method), 'remote', method);
        checkSame([error.peer, error.method, error.reason], ['bob', method, 'unknown-method'], method);
        check(error.message.includes(method), `the message names it: ${error.message}`);
      }
      checkSame(await pool.call('bob', 'add', [1, 2]), 3);
      await self.fence('called');
      await self.fence('undone');
      await checkRejects(pool.call('bob', 'add', [1, 2]), 'remote', 'what is exposed no more');
    },
    async bob(self) {
      const pool = await self.join();
      const methods: object = Object.assign(Object.create({ inherited: () => 1 }) as object, {
        add: (one: number, other: number) => one + other,
        _private: () => 1,
        ...Object.fromEntries(['then', 'constructor'].map((name) => [name, () => 1])),
        count: 1,
      });
      const undo = pool.expose(methods);
      await self.fence('called');
      undo();
      await self.fence('undone');
    },
  }),

  contractCase(
    'a call that is not answered in time, or given up, ends; its method hears it; a late result is dropped and counted',
    {
      async alice(self) {
        const pool = await self.join();
        const late = await checkRejects(pool.call('bob', 'wait', ['late'], { timeout: 300 }), 'timeout', 'the call');
        checkSame([late.peer, late.method], ['bob', 'wait'], 'what the error says');
        check(late.message.includes('300'), `and how long it waited: ${late.message}`);
        const controller = new AbortController();
        const given = watch(pool.call('bob', 'wait', ['given up'], { signal: controller.signal, timeout: Infinity }));
        await self.fence('both run');
        controller.abort('enough');
        const outcome = await given.outcome;
        check(outcome.status === 'rejected' && outcome.reason === 'enough', 'the reason is the caller’s own');
        await self.fence('both told');
        check(pool.stats().peers.get('bob')?.late === 2, 'both results are dropped, and counted');
        checkSame(await pool.call('bob', 'wait', ['no more']), 'no more', 'the next call has its own result');
      },
      async bob(self) {
        const pool = await self.join();
        const begun: string[] = [];
        const ended: string[] = [];
        async function wait(this: CallContext, what: string): Promise<string> {
          begun.push(what);
          self.lookAgain();
          if (what === 'no more') return what;
          await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }));
          check(String(this.signal.reason).includes('alice'), 'the reason says who waits no more');
          ended.push(what);
          self.lookAgain();
          return 'too late';
        }
        pool.expose({ wait });
        await self.until(() => begun.length === 2);
        await self.fence('both run');
        await self.until(() => ended.length === 2);
        do await pool.ping('alice');
        while (pool.stats().total.inFlight > 0);
        await self.fence('both told');
      },
    },
  ),
];

function throwing(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}

class Hostile {
  toString(): string {
    throw new Error('no text of this');
  }

  toJSON(): unknown {
    throw new Error('nor JSON');
  }
}
