import { MessagePackPacker } from '../../packers/message-pack.ts';
import { check, checkMisuse, checkRejects, checkSame } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

/** What two parties say to each other. */
export const twoParties: readonly ContractCase[] = [
  contractCase('S3 one message, without an id', {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', 'Hello!');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 'Hello!');
    },
  }),

  contractCase('S3 one message, with an id', {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', 'Hello!', 'greeting');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice', 'greeting'), 'Hello!');
    },
  }),

  contractCase('S3 several messages without an id arrive in the order of the calls, awaited or not', {
    async alice(self) {
      const pool = await self.join();
      await pool.send('bob', 0);
      await Promise.all([1, 2, 3, 4].map((number) => pool.send('bob', number)));
      await pool.send('bob', 5);
    },
    async bob(self) {
      const pool = await self.join();
      for (let number = 0; number <= 5; number++) checkSame(await pool.recv('alice'), number);
    },
  }),

  contractCase('S3 a receive ends after its time, and names whom and what it waited for', {
    async alice(self) {
      const pool = await self.join({ timeout: 30 });
      const error = await checkRejects(pool.recv('bob', 'never'), 'timeout', 'a recv of what never comes');
      check(
        error.peer === 'bob' && error.msgId === 'never' && /30/.test(error.message),
        `it says so: ${error.message}`,
      );
      await checkRejects(pool.recv('bob', { timeout: 10 }), 'timeout', 'a recv with a time of its own');
      await checkRejects(pool.recvAny({ timeout: 10 }), 'timeout', 'a recvAny');
      const missing = await checkRejects(pool.recvAll({ timeout: 10 }), 'timeout', 'a recvAll');
      checkSame(missing.missing, ['bob'], 'who is missing');
    },
    async bob(self) {
      await self.join();
    },
  }),

  contractCase('S3 messages are received in whatever order of ids', {
    async alice(self) {
      const pool = await self.join();
      for (const id of ['first', 'second', 'third']) await pool.send('bob', `${id} value`, id);
    },
    async bob(self) {
      const pool = await self.join();
      for (const id of ['third', 'first', 'second']) checkSame(await pool.recv('alice', id), `${id} value`);
    },
  }),

  ...[
    ['int', [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 53, Number.MIN_SAFE_INTEGER, 2n ** 64n, -128n, 0n]],
    ['float', [0.1, -0, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE]],
    ['bytes', [new Uint8Array(0), Uint8Array.of(0, 255, 128), new Uint8Array(100_000).fill(7)]],
    ['list', [[], [1, 'two', [3n, [null, undefined]]], Array.from({ length: 1000 }, (_, index) => index)]],
    ['collection', [{}, { a: { b: [new Map([[{ key: 1 }, new Set([1, 2])]])] } }, new Map(), new Set(['x'])]],
    ['string', ['', 'ä€😀', '\u0000', 'x'.repeat(100_000)]],
  ].map(([kind, values]) =>
    contractCase(`S3 ${kind as string} values keep type and value, both ways`, {
      async alice(self) {
        const pool = await self.join();
        for (const value of values as unknown[]) await pool.send('bob', value);
        for (const value of values as unknown[]) checkSame(await pool.recv('bob'), value);
      },
      async bob(self) {
        const pool = await self.join();
        for (const value of values as unknown[]) {
          const received = await pool.recv('alice');
          checkSame(received, value);
          await pool.send('alice', received);
        }
      },
    }),
  ),

  contractCase('S3 objects of a registered class, nested', {
    async alice(self) {
      const pool = await self.join({ packer: withPoints() });
      await pool.send('bob', { here: [new Point(1, 2)], there: new Map([[new Point(3, 4), new Point(5, 6)]]) });
    },
    async bob(self) {
      const pool = await self.join({ packer: withPoints() });
      const expected = { here: [new Point(1, 2)], there: new Map([[new Point(3, 4), new Point(5, 6)]]) };
      checkSame(await pool.recv('alice'), expected);
    },
  }),

  contractCase('S7 receives that began first end in the order in which their messages come', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('waiting');
      await pool.send('bob', 'two', 'req2');
      await pool.send('bob', 'one', 'req1');
    },
    async bob(self) {
      const pool = await self.join();
      const ended: string[] = [];
      const one = pool.recv('alice', 'req1').then((value) => ended.push(String(value)));
      const two = pool.recv('alice', 'req2').then((value) => ended.push(String(value)));
      await self.fence('waiting');
      await Promise.all([one, two]);
      checkSame(ended, ['two', 'one'], 'the order');
    },
  }),

  contractCase('a message to oneself goes through the packer', {
    async alice(self) {
      const pool = self.pool();
      await pool.initialize();
      const value = { bytes: Uint8Array.of(1, 2, 3) };
      const sent = pool.send('alice', value, 'self');
      value.bytes[0] = 99;
      await sent;
      checkSame(await pool.recv('alice', 'self'), { bytes: Uint8Array.of(1, 2, 3) });
      check(pool.connected('alice') && (await pool.ping('alice')) === 0, 'one is connected to oneself');
    },
  }),

  contractCase('an option that is none is misuse, and nothing has happened', {
    async alice(self) {
      const pool = await self.join();
      await checkMisuse(() => pool.send('bob', 1, 7 as unknown as string), 'options that are a number');
      await checkMisuse(() => pool.send('bob', 1, { timeout: -1 }), 'a negative timeout');
      await checkMisuse(() => pool.send('bob', 1, { ack: 'perhaps' as 'none' }), 'an ack that is none');
      await checkMisuse(() => pool.recv('bob', { timeout: Number.NaN }), 'a timeout that is no number');
      await checkMisuse(() => pool.recv('bob', { msgId: 'x', everyId: true }), 'an id and every id');
      await checkMisuse(() => pool.broadcast(1, { recipients: 'bob' }), 'recipients that are a string');
      await checkMisuse(() => pool.waitFor(1.5), 'one and a half others');
      await pool.send('bob', 'after all');
      check(pool.stats().total.messagesSent === 1, 'one message was sent');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 'after all');
    },
  }),
];

class Point {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}

function withPoints(): MessagePackPacker {
  const packer = new MessagePackPacker();
  packer.register(
    'point',
    Point,
    ({ x, y }) => [x, y] as const,
    ([x, y]) => new Point(x, y),
  );
  return packer;
}
