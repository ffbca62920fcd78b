import { execFileSync } from 'node:child_process';
import { runInNewContext } from 'node:vm';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { describe, expect, it } from 'vitest';
import { PoolError } from '../errors.ts';
import { JsonPacker } from './json.ts';
import { MOST_OBJECTS } from './lowering.ts';
import { MessagePackPacker } from './message-pack.ts';
import { SEGMENT_BYTES } from './packer.ts';
import type { ValuePacker } from './value-packer.ts';

function thrown(action: () => unknown): PoolError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(PoolError);
    return error as PoolError;
  }
  throw new Error('nothing was thrown');
}

class Money {
  readonly cents: bigint;
  constructor(cents: bigint) {
    this.cents = cents;
  }
}
class Euro extends Money {}
class Purse {
  readonly coins: Money[];
  constructor(coins: Money[]) {
    this.coins = coins;
  }
}
const zero = () => 0;
const same = (value: unknown) => value;
const moduleText = (file: string) => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)));
const money = (packer: ValuePacker) =>
  packer.register(
    'money',
    Money,
    ({ cents }) => cents,
    (cents) => new Money(cents),
  );
const nest = (levels: number, inmost: unknown = 0) =>
  Array.from({ length: levels }).reduce<unknown>((inner) => [inner], inmost);
const cycle: { a: { list: unknown[] } } = { a: { list: [0] } };
cycle.a.list.push(cycle.a);
const selfSet = new Set<unknown>();
selfSet.add(selfSet);
const sparse: unknown[] = [1];
sparse[2] = 3;
const transferred = new Uint8Array(8);
structuredClone(transferred, { transfer: [transferred.buffer] });

const REFUSED: [title: string, value: unknown, path: string, words: RegExp][] = [
  ['no functions', { rows: [1, { when: () => 1 }] }, '$.rows[1].when', /a function/],
  ['no toJSON', { toJSON: () => 1 }, '$.toJSON', /a function/],
  ['a class', [Money], '$[0]', /a function/],
  ['a symbol', { 'odd key': Symbol('a') }, '$["odd key"]', /a symbol/],
  ['a symbol as a key', { a: { [Symbol('b')]: 1 } }, '$.a', /symbol as a key/],
  ['a Promise', [Promise.resolve(1)], '$[0]', /a Promise.*await it first/],
  ['a Blob', { file: new Blob([]) }, '$.file', /a Blob.*use sendStream/],
  ['a File', new File([], 'a'), '$', /a File.*use sendStream/],
  ['a ReadableStream', new ReadableStream(), '$', /a ReadableStream.*use sendStream/],
  [
    'no logic: an unregistered class',
    { price: new Money(1n) },
    '$.price',
    /a Money can't be packed: register its class/,
  ],
  ['an unregistered class in a Map', new Map([['a', new Money(1n)]]), '$.values()[0]', /Money/],
  [
    'an unregistered class as a key',
    new Map([
      [1, 2],
      [new Money(1n), 2],
    ] as [unknown, unknown][]),
    '$.keys()[1]',
    /Money/,
  ],
  ['an unregistered class in a Set', new Set([1, new Money(1n)]), '$.values()[1]', /Money/],
  ['an unregistered class in a cause', new Error('a', { cause: [new Money(1n)] }), '$.cause[0]', /Money/],
  ['an unregistered class of several errors', new AggregateError([new Money(1n)]), '$.errors[0]', /Money/],
  [
    'an unregistered class under a hostile key',
    Object.fromEntries([['__proto__', [new Money(1n)]]]),
    '$.__proto__[0]',
    /Money/,
  ],
  ['a class that extends Map', new (class Index extends Map {})(), '$', /an? Index/],
  ['a class that extends Array', new (class Row extends Array {})(), '$', /an? Row/],
  ['an object with a prototype of its own', Object.create({ a: 1 }), '$', /prototype of its own/],
  ['a WeakMap', new WeakMap(), '$', /a WeakMap/],
  ['an iterator', [1][Symbol.iterator](), '$', /can't be packed/],
  ['a generator', (function* () {})(), '$', /can't be packed/],
  ['Math', Math, '$', /Math/],
  ['boxed primitives', [Object(1)], '$[0]', /a Number.*send the primitive/],
  ['shared memory', new SharedArrayBuffer(1), '$', /a SharedArrayBuffer.*shared memory/],
  ['a hole in an array', { sparse }, '$.sparse[1]', /a hole/],
  ['bytes that were transferred away', { transferred }, '$.transferred', /could not be packed.*detached/],
  ['a cycle', { cycle }, '$.cycle.a.list[1]', /a cycle, back to \$\.cycle\.a,/],
  ['a cycle of a Set', selfSet, '$.values()[0]', /a cycle, back to \$,/],
  ['65 levels', nest(65), '$' + '[0]'.repeat(64), /more than 64 levels/],
  ['65 levels with nothing in the last', nest(64, []), '$' + '[0]'.repeat(64), /64 levels/],
  [
    'a getter that throws',
    {
      a: {
        get b() {
          throw new Error('no luck');
        },
      },
    },
    '$.a.b',
    /could not be packed: no luck/,
  ],
];

for (const Packer of [MessagePackPacker, JsonPacker]) {
  const { name } = new Packer();

  describe(`${name}: refusals`, () => {
    const packer = new Packer();

    it.each(REFUSED)('S6 refuses %s', (_, value, path, words) => {
      const error = thrown(() => packer.pack(value));
      expect([error.code, error.path]).toEqual(['unpackable', path]);
      expect(error.message).toMatch(words);
      expect(error.message).toContain(path);
      expect(packer.unpack(packer.pack([1])), 'and the packer goes on').toEqual([1]);
    });

    it('keeps what a getter threw as the cause', () => {
      const cause = new Error('mine');
      expect(
        thrown(() =>
          packer.pack({
            get a() {
              throw cause;
            },
          }),
        ).cause,
      ).toBe(cause);
    });

    it('refuses more objects than the memory of a receiver is good for', () => {
      const many: unknown[] = Array.from({ length: MOST_OBJECTS });
      for (let at = 0; at < MOST_OBJECTS; at++) many[at] = [];
      const error = thrown(() => packer.pack(many));
      expect([error.code, error.path]).toEqual(['unpackable', `$[${MOST_OBJECTS - 1}]`]);
      many.length = MOST_OBJECTS - 1;
      const { length } = packer.unpack(packer.pack(many)) as unknown[];
      expect(length).toBe(MOST_OBJECTS - 1);
    }, 30_000);

    it('reads getters and traps once', () => {
      let reads = 0;
      const value = {
        get a() {
          return ++reads;
        },
      };
      const trapped = new Proxy({ a: 1 }, { get: () => ++reads });
      expect(packer.unpack(packer.pack([value, trapped]))).toEqual([{ a: 1 }, { a: 2 }]);
      expect(reads).toBe(2);
    });

    it('takes the standard classes of another realm', () => {
      const foreign: unknown = runInNewContext(
        '({ list: [1], map: new Map([[1, new Set([2])]]), date: new Date(5), bytes: new Uint8Array([1]), buffer: new ArrayBuffer(2), error: new TypeError("a") })',
      );
      const arrived = packer.unpack(packer.pack(foreign)) as Record<string, unknown>;
      expect(arrived).toStrictEqual({
        list: [1],
        map: new Map([[1, new Set([2])]]),
        date: new Date(5),
        bytes: new Uint8Array([1]),
        buffer: new ArrayBuffer(2),
        error: new TypeError('a'),
      });
      expect(() => packer.pack(runInNewContext('new (class Money {})'))).toThrow(/a Money/);
    });
  });

  describe(`${name}: registered classes`, () => {
    it('S6 packs nested custom classes', () => {
      const packer = new Packer();
      money(packer);
      packer.register(
        'purse',
        Purse,
        ({ coins }) => ({ coins }),
        ({ coins }) => new Purse(coins),
      );
      const value = { a: [new Purse([new Money(1n), new Money(-(2n ** 100n))])], b: new Map([[new Money(2n), 1]]) };
      const arrived = packer.unpack(packer.pack(value));
      expect(arrived).toStrictEqual(value);
    });

    it('S6 refuses what is registered twice, and replaces it with overwrite', () => {
      const packer = new Packer();
      money(packer);
      expect(() => money(packer)).toThrow(TypeError);
      expect(() => packer.register('money', Purse, zero, () => new Purse([]))).toThrow(/the tag "money"/);
      expect(() => packer.register('cash', Money, zero, () => new Money(0n))).toThrow(/the class of "cash"/);
      packer.register(
        'cash',
        Money,
        () => 'new',
        () => new Money(7n),
        { overwrite: true },
      );
      expect(packer.unpack(packer.pack(new Money(1n)))).toStrictEqual(new Money(7n));
      packer.register('money', Purse, zero, () => new Purse([]));
      expect(packer.unpack(packer.pack([new Purse([]), new Money(1n)]))).toStrictEqual([new Purse([]), new Money(7n)]);
    });

    it.each<[string, unknown[]]>([
      ['an empty tag', ['', Money, same, same]],
      ['a tag that is a number', [1, Money, same, same]],
      ['no class', ['a', undefined, same, same]],
      ['an arrow function as the class', ['a', same, same, same]],
      ['no toData', ['a', Money, undefined, same]],
      ['a string as fromData', ['a', Money, same, 'same']],
      ['Object', ['a', Object, same, same]],
      ['Array', ['a', Array, same, same]],
    ])('S6 refuses a registration with mismatched arguments: %s', (_, args) => {
      const packer = new Packer();
      expect(() => void Reflect.apply(packer.register.bind(packer), undefined, args)).toThrow(TypeError);
    });

    it('S6 names a tag that nobody registered here, and its own class only', () => {
      const here = new Packer();
      const there = new Packer();
      money(there);
      const error = thrown(() => here.unpack(there.pack([new Money(1n)])));
      expect(error.code).toBe('unpackable');
      expect(error.message).toContain('"money"');
      expect(thrown(() => there.pack([new Euro(1n)])).message).toMatch(/\$\[0\]: a Euro can't be packed/);
    });

    it('clear forgets what was registered', () => {
      const packer = new Packer();
      money(packer);
      const packet = packer.pack(new Money(1n));
      packer.clear();
      expect(thrown(() => packer.pack(new Money(1n))).code).toBe('unpackable');
      expect(thrown(() => packer.unpack(packet)).code).toBe('unpackable');
      money(packer);
      expect(packer.unpack(packet)).toStrictEqual(new Money(1n));
    });

    it('says where toData threw, and what its data holds that can not be packed', () => {
      const packer = new Packer();
      packer.register(
        'money',
        Money,
        () => {
          throw new RangeError('empty');
        },
        () => new Money(0n),
      );
      packer.register(
        'purse',
        Purse,
        () => ({ owner: () => 1 }),
        () => new Purse([]),
      );
      const first = thrown(() => packer.pack({ a: new Money(1n) }));
      expect([first.code, first.path, (first.cause as Error).message]).toEqual(['unpackable', '$.a.toData()', 'empty']);
      expect(thrown(() => packer.pack({ a: new Purse([]) })).path).toBe('$.a.toData().owner');
    });

    it('what fromData throws is malformed, whatever it is', () => {
      const packer = new Packer();
      const causes = [new RangeError('negative'), new PoolError('closed', 'mine'), 'text'];
      packer.register(
        'money',
        Money,
        ({ cents }) => cents,
        (cents) => {
          throw causes[Number(cents)] as Error;
        },
      );
      for (const [index, cause] of causes.entries()) {
        const error = thrown(() => packer.unpack(packer.pack(new Money(BigInt(index)))));
        expect([error.code, error.cause]).toEqual(['malformed', cause]);
        expect(error.message).toContain('fromData of "money"');
      }
    });

    it('toData, fromData and getters may pack and unpack', () => {
      const packer = new Packer();
      money(packer);
      packer.register(
        'purse',
        Purse,
        ({ coins }) => packer.pack(coins).head,
        (head) => new Purse(packer.unpack({ head, segments: [] }) as Money[]),
      );
      const value = [
        new Purse([new Money(1n)]),
        {
          get a() {
            return packer.pack('inner').head.length;
          },
        },
        'after',
      ];
      const [purse, , after] = packer.unpack(packer.pack(value)) as unknown[];
      expect([purse, after]).toStrictEqual([new Purse([new Money(1n)]), 'after']);
    });

    it('a class of the engine can be registered, and then goes by its tag', () => {
      const packer = new Packer();
      packer.register('url', URL, String, (href) => new URL(href));
      packer.register(
        'buffer',
        Buffer,
        (bytes) => new Uint8Array(bytes),
        (bytes) => Buffer.from(bytes),
      );
      const arrived = packer.unpack(packer.pack([new URL('https://a.test/b'), Buffer.from('ab')])) as [URL, Buffer];
      expect([arrived[0].href, Buffer.isBuffer(arrived[1]), String(arrived[1])]).toEqual([
        'https://a.test/b',
        true,
        'ab',
      ]);
    });
  });

  describe(`${name}: errors`, () => {
    it('stacks travel only when asked for', () => {
      const error = new TypeError('a');
      const arrived = (packer: ValuePacker) => (packer.unpack(packer.pack(error)) as Error).stack;
      expect(arrived(new Packer())).toBe('TypeError: a');
      expect(arrived(new Packer({ stacks: true }))).toBe(error.stack);
    });
  });

  describe(`${name}: segments of a stranger`, () => {
    const packer = new Packer();
    const { head, segments } = packer.pack([new Float64Array(SEGMENT_BYTES), new Uint8Array(SEGMENT_BYTES)]);
    const [first, second] = segments as [Uint8Array, Uint8Array];

    it.each<[string, Uint8Array[]]>([
      ['one is missing', [first]],
      ['one too many', [first, second, second]],
      ['none', []],
      ['a length that does not fit', [first.slice(1), second]],
    ])('malformed: %s', (_, given) => {
      expect(thrown(() => packer.unpack({ head, segments: given })).code).toBe('malformed');
    });

    it('malformed: a segment taken twice', () => {
      const twice = packer.pack([new Uint8Array(SEGMENT_BYTES), new Uint8Array(SEGMENT_BYTES)]);
      const text = Buffer.from(twice.head).toString('latin1');
      // Both formats end with the last segment's index.
      const at = Math.max(text.lastIndexOf('\x01'), text.lastIndexOf('1]'));
      twice.head[at] = twice.head[at] === 1 ? 0 : 0x30;
      expect(thrown(() => packer.unpack(twice)).message).toMatch(/no segment 0, or taken twice/);
    });
  });
}

it('each packer refuses what the other wrote', () => {
  const value = { a: [1, 'x'] };
  expect(thrown(() => new JsonPacker().unpack(new MessagePackPacker().pack(value))).code).toBe('malformed');
  expect(thrown(() => new MessagePackPacker().unpack(new JsonPacker().pack(value))).code).toBe('malformed');
});

it('works where no code may be made of strings, as under a policy without unsafe-eval', async () => {
  const program = `
    import { MessagePackPacker } from ${moduleText('message-pack.ts')};
    import { JsonPacker } from ${moduleText('json.ts')};
    let made = true;
    try { new Function('return 1')(); } catch { made = false; }
    if (made) throw new Error('code could be made of a string: this test shows nothing');
    class Money {}
    for (const packer of [new MessagePackPacker(), new JsonPacker()]) {
      packer.register('money', Money, () => 0, () => new Money());
      const value = { a: [1n, -0, 'x', new Map([[1, new Date(0)]]), new Float32Array(3), /a/g, new Error('e'), new Money()], b: 'y'.repeat(300) };
      const arrived = packer.unpack(packer.pack(value));
      console.log(packer.name, Object.keys(arrived).join(), arrived.a.map((item) => Object.prototype.toString.call(item).slice(8, -1)).join());
    }`;
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry: 'program', formats: ['es'] } },
    plugins: [
      {
        name: 'program',
        enforce: 'pre',
        resolveId: (id) => (id.endsWith('program') ? 'program' : null),
        load: (id) => (id === 'program' ? program : null),
      },
    ],
  });
  const [output] = [built].flat();
  if (!output || !('output' in output)) throw new Error('nothing was built');
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', output.output[0].code];
  const kinds = 'a,b BigInt,Number,String,Map,Float32Array,RegExp,Error,Object';
  expect(execFileSync(process.execPath, flags, { encoding: 'utf8' })).toBe(`messagepack ${kinds}\njson ${kinds}\n`);
});
