import { check, checkRejects, checkSame } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

const LARGE = 300_000;

/** What arrives is a copy, of the same type and value. */
export const copies: readonly ContractCase[] = [
  contractCase('what is changed after send returned does not change what arrives', {
    async alice(self) {
      const pool = await self.join();
      const value = { list: [1, 2], bytes: Uint8Array.of(1, 2), large: new Uint8Array(LARGE).fill(1), map: new Map() };
      const sent = pool.send('bob', value);
      value.list.push(3);
      value.bytes.fill(9);
      value.large.fill(9);
      value.map.set('x', 1);
      await sent;
      value.large.fill(8);
    },
    async bob(self) {
      const pool = await self.join();
      const expected = {
        list: [1, 2],
        bytes: Uint8Array.of(1, 2),
        large: new Uint8Array(LARGE).fill(1),
        map: new Map(),
      };
      checkSame(await pool.recv('alice'), expected);
    },
  }),

  contractCase('who gets a broadcast gets a copy of its own', {
    async alice(self) {
      const pool = await self.join();
      await pool.broadcast({ large: new Uint8Array(LARGE).fill(1), bytes: new Uint8Array(100).fill(1) });
      await self.fence('bob has scribbled');
    },
    async bob(self) {
      const pool = await self.join();
      const value = await pool.recv<{ large: Uint8Array; bytes: Uint8Array }>('alice');
      value.large.fill(9);
      value.bytes.fill(9);
      await self.fence('bob has scribbled');
    },
    async carol(self) {
      const pool = await self.join();
      await self.fence('bob has scribbled');
      checkSame(await pool.recv('alice'), { large: new Uint8Array(LARGE).fill(1), bytes: new Uint8Array(100).fill(1) });
    },
  }),

  contractCase('large typed arrays arrive in buffers of their own, and a view sends its own bytes only', {
    async alice(self) {
      const pool = await self.join();
      const floats = new Float64Array(100_000).map((_, index) => index / 3);
      await pool.send('bob', {
        whole: floats,
        view: floats.subarray(50_000, 60_000),
        buffer: floats.buffer.slice(0, LARGE),
      });
      const { bytesSent } = pool.stats().total;
      check(bytesSent < 800_000 + 80_000 + LARGE + 1000, `a view sends its own bytes only: ${bytesSent}`);
    },
    async bob(self) {
      const pool = await self.join();
      const received = await pool.recv<{ whole: Float64Array; view: Float64Array; buffer: ArrayBuffer }>('alice');
      const floats = new Float64Array(100_000).map((_, index) => index / 3);
      checkSame(received, { whole: floats, view: floats.slice(50_000, 60_000), buffer: floats.buffer.slice(0, LARGE) });
      check(received.whole.buffer.byteLength === 800_000, 'the whole array has a buffer of its own');
      check(received.view.buffer.byteLength === 80_000, 'the view has a buffer of its own');
    },
  }),

  contractCase('S6 every kind of value arrives with its type and value', {
    async alice(self) {
      const pool = await self.join();
      for (const [index, value] of kinds().entries()) await pool.send('bob', value, String(index));
    },
    async bob(self) {
      const pool = await self.join();
      for (const [index, value] of kinds().entries()) {
        checkSame(await pool.recv('alice', String(index)), value, `value ${index}`);
      }
    },
  }),

  contractCase('S6 what can not be packed is refused with its path, and nothing is sent', {
    async alice(self) {
      const pool = await self.join();
      class Unregistered {}
      const cycle: unknown[] = [];
      cycle.push(cycle);
      for (const value of [() => {}, Symbol('x'), Promise.resolve(), new WeakMap(), new Unregistered(), cycle]) {
        const error = await checkRejects(pool.send('bob', { deep: [value] }), 'unpackable', 'what can not be packed');
        check(error.path?.startsWith('$.deep[0]') === true, `the error says where: ${error.path}`);
      }
      await pool.send('bob', 'the only one');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 'the only one');
      check(pool.stats().total.messagesReceived === 1, 'one message came');
    },
  }),
];

function kinds(): readonly unknown[] {
  const huge = 2n ** 2048n - 1n;
  const bytes = Uint8Array.from({ length: 64 }, (_, index) => index);
  const views = [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].flatMap((View) => [new View(0), new View(bytes.slice().buffer), new View(bytes.slice().buffer, 8, 2)]);
  return [
    null,
    undefined,
    true,
    false,
    '',
    0,
    -0,
    Number.NaN,
    Infinity,
    2 ** 53,
    -(2 ** 53),
    huge,
    -huge,
    0n,
    -128n,
    2n ** 64n,
    new Date(0),
    new Date(Number.NaN),
    /a\/b/giu,
    new Error('why', { cause: new TypeError('because') }),
    new ArrayBuffer(0),
    bytes.slice().buffer,
    new DataView(bytes.slice().buffer),
    ...views,
    new Map<unknown, unknown>([
      [new Date(1), [new Set([1n])]],
      [1, 2],
    ]),
    { type: 'int', data: [1] },
    JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "toJSON": 3, "then": 4}'),
  ];
}
