import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PoolError } from '../errors.ts';
import { BINARY_NAMES } from './binary.ts';
import { JsonPacker } from './json.ts';
import { MessagePackPacker } from './message-pack.ts';
import { type Packer, SEGMENT_BYTES } from './packer.ts';

/** Where two values differ, or undefined. Knows −0 from 0, undefined from missing, one class from another, and the order of keys and entries. */
function difference(a: unknown, b: unknown, path = '$'): string | undefined {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
    return Object.is(a, b) ? undefined : `${path}: ${String(a)} and ${String(b)}`;
  }
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return `${path}: class`;
  if (Array.isArray(a) && Array.isArray(b)) return listDifference(a, b, path);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) && Object.getPrototypeOf(a) !== null)
    return `${path}: prototype`;
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return listDifference(bytesOf(a), bytesOf(b), path);
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) {
    return listDifference(bytesOf(new Uint8Array(a)), bytesOf(new Uint8Array(b)), path);
  }
  if (a instanceof Date && b instanceof Date) return difference(a.getTime(), b.getTime(), `${path}.time`);
  if (a instanceof RegExp && b instanceof RegExp) return difference(String(a), String(b), `${path}.source`);
  if (a instanceof Map && b instanceof Map) return listDifference([...a].flat(), [...b].flat(), `${path}.entries`);
  if (a instanceof Set && b instanceof Set) return listDifference([...a], [...b], `${path}.values`);
  if (a instanceof Error && b instanceof Error) {
    return listDifference(
      [a.name, a.message, 'cause' in a, a.cause, (a as AggregateError).errors],
      [b.name, b.message, 'cause' in b, b.cause, (b as AggregateError).errors],
      `${path}.error`,
    );
  }
  return (
    listDifference(Object.keys(a), Object.keys(b), `${path}.keys`) ??
    listDifference(Object.values(a), Object.values(b), `${path}.fields`)
  );
}

function listDifference(a: readonly unknown[], b: readonly unknown[], path: string): string | undefined {
  if (a.length !== b.length) return `${path}: ${a.length} and ${b.length} long`;
  for (let index = 0; index < a.length; index++) {
    const found = difference(a[index], b[index], `${path}[${index}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const bytesOf = (view: ArrayBufferView) => [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
const views = BINARY_NAMES.slice(1).filter((name) => name in globalThis);
type AnyView = new (buffer: ArrayBuffer, offset?: number, length?: number) => ArrayBufferView;
const viewClass = (name: string) => (globalThis as unknown as Record<string, AnyView>)[name] as AnyView;
const object = (text: string): unknown => JSON.parse(text);
const nest = (levels: number) => Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 0);
const big = 2n ** 2048n - 1n;

const S6: [title: string, value: unknown][] = [
  ['null', null],
  ['undefined', undefined],
  ['true', true],
  ['false', false],
  ['zero', 0],
  ['negative zero', -0],
  ['NaN', NaN],
  ['both infinities', [Infinity, -Infinity]],
  ['small integers', [1, -1, 31, 32, -32, -33, 127, 128, -127, -128, -129, 255, 256]],
  ['integers around 16 and 32 bits', [65535, 65536, -32768, -32769, 2 ** 31, -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32]],
  ['the edges of 2^53', [2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53) + 1, -(2 ** 53), -(2 ** 53) - 2]],
  ['integers that are numbers beyond 2^53', [2 ** 63, 2 ** 64, -(2 ** 63), 1e21, 1e300]],
  ['floats', [0.1, -1.5, Math.PI, 5e-324, Number.MAX_VALUE, Number.EPSILON, 1e-7]],
  ['bigint zero', 0n],
  ['bigints of a byte', [1n, -1n, 127n, 128n, -127n, -128n, -129n, 255n, 256n]],
  ['bigints around 64 bits', [2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n, -(2n ** 64n)]],
  ['the largest integer of the seed', big],
  ['the sign of big integers', -big],
  ['an integer and a bigint of one value', [17, 17n]],
  ['strings', ['', 'a', 'a\0b', 'größe', '日本', '🦜', 'x'.repeat(300), '日'.repeat(300)]],
  ['strings that look like escapes', ['$', '$$', '$undefined', '$bigint:1', '$date:invalid', '\\"$']],
  ['lone surrogates', ['\ud800', 'a\udc00b', '\udc00\ud800', `${'x'.repeat(300)}\ud83d`]],
  ['a byte order mark', ['\ufeff', `\ufeff${'x'.repeat(300)}`, `a\ufeff`, { [`\ufeff${'k'.repeat(300)}`]: 1 }]],
  ['bytes', new Uint8Array([0, 1, 254, 255])],
  ['bits', Uint8Array.from([1, 0, 1, 1])],
  ['empty list', []],
  ['homogeneous list', [1, 2, 3]],
  ['heterogeneous list', [1, 'two', 3n, null, undefined, [4.5], { six: 6 }]],
  ['a list of 20 and of 70,000', [Array.from({ length: 20 }, (_, at) => at), Array.from({ length: 70_000 }, () => 1)]],
  ['nested list', [[[]], [[], [[1]]]]],
  ['undefined inside a list', [undefined, null, undefined]],
  ['empty dict', {}],
  ['dict', { a: 1, b: 'two', c: [3] }],
  ['undefined as a property', { a: undefined, b: null }],
  ['key order', { z: 1, a: 2, m: 3 }],
  ['numeric keys', { 2: 'b', 1: 'a', x: 'c' }],
  [
    'a dict of 20 and of 70,000',
    [20, 70_000].map((size) => Object.fromEntries(Array.from({ length: size }, (_, at) => [`k${at}`, at]))),
  ],
  [
    'hostile keys',
    object('{"__proto__":{"polluted":1},"constructor":{"prototype":2},"toJSON":3,"hasOwnProperty":4,"length":5,"":6}'),
  ],
  ['keys that look like escapes', { $: 1, $Map: [], $$: { $class: ['x', 1] }, $Uint8Array: 'AA==' }],
  ['keys with lone surrogates', { '\ud800': 1, b: 2 }],
  ['Map with string keys', new Map([['a', 1]])],
  [
    'Map with any keys',
    new Map<unknown, unknown>([
      [1, 'a'],
      [1n, 'b'],
      ['1', 'c'],
      [null, 0],
      [NaN, 1],
      [[1], 2],
      [new Map(), new Map()],
    ]),
  ],
  ['empty Map and Set', [new Map(), new Set()]],
  ['Set', new Set<unknown>([1, '1', 1n, undefined, [1], [1], new Set([0])])],
  ['dates', [new Date(0), new Date(1763642567123), new Date(-1), new Date(8.64e15), new Date(-8.64e15)]],
  ['invalid date', new Date(NaN)],
  ['RegExp', [/a[/]b/giu, new RegExp(''), /\n/]],
  [
    'errors',
    [
      new Error('a'),
      new TypeError('b'),
      new RangeError(''),
      new SyntaxError('d'),
      new URIError('e'),
      new EvalError('f'),
      new ReferenceError('g'),
    ],
  ],
  ['causes', new Error('a', { cause: new TypeError('b', { cause: undefined }) })],
  ['AggregateError', new AggregateError([new Error('a'), 1n], 'several', { cause: null })],
  ['ArrayBuffer', [new ArrayBuffer(0), Uint8Array.from([1, 2, 3]).buffer]],
  ['empty arrays of every class', views.map((name) => new (viewClass(name))(new ArrayBuffer(0)))],
  [
    'arrays of every class',
    views.map((name) => new (viewClass(name))(Uint8Array.from({ length: 64 }, (_, at) => at * 37).buffer)),
  ],
  [
    'arrays with an offset',
    views.map((name) => new (viewClass(name))(Uint8Array.from({ length: 64 }, (_, at) => at).buffer, 16, 2)),
  ],
  ['arrays nested', { rows: [{ at: new Float64Array([1, NaN, -0]) }, new Map([['b', new BigInt64Array([-1n])]])] }],
  [
    'large binary',
    {
      a: new Uint8Array(SEGMENT_BYTES).fill(7),
      b: new Float32Array(SEGMENT_BYTES).fill(0.5),
      c: new ArrayBuffer(SEGMENT_BYTES),
    },
  ],
  [
    'binary around the size of a segment',
    [new Uint8Array(SEGMENT_BYTES - 1), new Uint8Array(SEGMENT_BYTES), new Int16Array(SEGMENT_BYTES / 2 - 1)],
  ],
  [
    'monstrous collection',
    {
      a: [1, { b: new Map([[{ c: new Set([2n ** 70n]) }, [new Date(1), /x/, [undefined, -0]]]]) }],
      $d: new Error('e', { cause: [new Uint8Array(3)] }),
    },
  ],
  ['64 levels', nest(64)],
];

function expectValueOrMalformed(packer: Packer, head: Uint8Array): void {
  let value: unknown;
  try {
    value = packer.unpack({ head, segments: [] });
  } catch (error) {
    expect((error as PoolError).code, String(error)).toMatch(/^(malformed|unpackable)$/);
    return;
  }
  // What was understood can be said again.
  expect(difference(value, packer.unpack(packer.pack(value)))).toBeUndefined();
}

for (const packer of [new MessagePackPacker(), new JsonPacker()]) {
  const roundTrip = (value: unknown) => packer.unpack(packer.pack(value));

  describe(`${packer.name}: what goes in comes out`, () => {
    it.each(S6)('S6 packs %s', (_, value) => {
      expect(difference(value, roundTrip(value))).toBeUndefined();
    });

    it.each(S6.slice(0, -1))('S6 packs %s inside of others', (_, value) => {
      const nested = { in: [value, new Map([[value, value]])] };
      expect(difference(nested, roundTrip(nested))).toBeUndefined();
    });

    it('BR a user object with the keys type and data is itself', () => {
      for (const value of [
        { type: 'int', data: 'x' },
        { type: 'Money', data: { type: 'data', data: [] } },
        { object: 1, id: '0' },
      ]) {
        expect(difference(value, roundTrip(value))).toBeUndefined();
      }
    });

    it('hostile keys become own properties and pollute nothing', () => {
      const value = roundTrip(object('{"a":{"__proto__":{"polluted":1}}}')) as { a: object };
      expect(Object.keys(value.a)).toEqual(['__proto__']);
      expect(Object.getPrototypeOf(value.a)).toBe(Object.prototype);
      expect('polluted' in {} || 'polluted' in value.a).toBe(false);
    });

    it('packs a view without what lies beside it, and it arrives aligned in a buffer of its own', () => {
      for (const length of [3, SEGMENT_BYTES]) {
        const around = new ArrayBuffer(16 + 8 * length);
        const packet = packer.pack(new Float64Array(around, 16, length));
        expect(packet.head.byteLength + (packet.segments[0]?.byteLength ?? 0)).toBeLessThan(8 * length + 64);
        const arrived = packer.unpack(packet) as Float64Array;
        expect([arrived.constructor, arrived.length, arrived.byteOffset]).toEqual([Float64Array, length, 0]);
        expect(arrived.buffer.byteLength).toBe(arrived.byteLength);
      }
    });

    it('small binary shares no memory with the head', () => {
      const packet = packer.pack([new Uint8Array([1]), new Int8Array([2]), new ArrayBuffer(1)]);
      const arrived = packer.unpack(packet);
      packet.head.fill(0xff);
      expect(difference([new Uint8Array([1]), new Int8Array([2]), new ArrayBuffer(1)], arrived)).toBeUndefined();
    });

    it('a large binary is one segment, copied once, and the segment that arrives is its buffer', () => {
      const source = new Float64Array(SEGMENT_BYTES);
      const packet = packer.pack({ source, again: source });
      expect(packet.segments.map((bytes) => bytes.byteLength)).toEqual([8 * SEGMENT_BYTES, 8 * SEGMENT_BYTES]);
      expect(packet.segments.some((bytes) => bytes.buffer === source.buffer)).toBe(false);
      const arrived = packer.unpack(packet) as { source: Float64Array; again: Float64Array };
      expect(arrived.source.buffer).toBe(packet.segments[0]?.buffer);
      expect(arrived.again.buffer).toBe(packet.segments[1]?.buffer);
    });

    it('a segment inside a larger buffer is copied out of it, whatever its alignment', () => {
      const { head, segments } = packer.pack(new Float64Array(SEGMENT_BYTES).fill(1.5));
      const larger = new Uint8Array(8 * SEGMENT_BYTES + 9);
      larger.set(segments[0] as Uint8Array, 3);
      const arrived = packer.unpack({ head, segments: [larger.subarray(3, -6)] });
      expect(difference(new Float64Array(SEGMENT_BYTES).fill(1.5), arrived)).toBeUndefined();
    });

    it('reads a head that lies inside a larger buffer, or is a Buffer', () => {
      const { head, segments } = packer.pack({ a: new Uint8Array([1, 2]), b: [1n, 'x', 1.5] });
      const larger = new Uint8Array(head.length + 7);
      larger.set(head, 5);
      for (const bytes of [larger.subarray(5, -2), Buffer.from(head)]) {
        expect(
          difference({ a: new Uint8Array([1, 2]), b: [1n, 'x', 1.5] }, packer.unpack({ head: bytes, segments })),
        ).toBeUndefined();
      }
    });

    it('what changes after pack does not change the packet', () => {
      const value = {
        list: [1],
        small: new Uint8Array([1]),
        large: new Uint8Array(SEGMENT_BYTES),
        map: new Map([['a', 1]]),
      };
      const packet = packer.pack(value);
      value.list.push(2);
      value.small[0] = 9;
      value.large[0] = 9;
      value.map.set('b', 2);
      packer.pack('something else, with the same encoder');
      const expected = {
        list: [1],
        small: new Uint8Array([1]),
        large: new Uint8Array(SEGMENT_BYTES),
        map: new Map([['a', 1]]),
      };
      expect(difference(expected, packer.unpack(packet))).toBeUndefined();
    });

    it('bytes over shared memory are copied', () => {
      for (const length of [4, SEGMENT_BYTES]) {
        const shared = new Uint8Array(new SharedArrayBuffer(length)).fill(3);
        const arrived = roundTrip(shared) as Uint8Array;
        expect(arrived.buffer).toBeInstanceOf(ArrayBuffer);
        expect(difference(new Uint8Array(length).fill(3), arrived)).toBeUndefined();
      }
    });

    it('Buffer arrives as Uint8Array, an object without a prototype as a plain one', () => {
      expect(difference(new Uint8Array([1, 2]), roundTrip(Buffer.from([1, 2])))).toBeUndefined();
      expect(difference({ a: 1 }, roundTrip(Object.assign(Object.create(null), { a: 1 })))).toBeUndefined();
    });

    it('an Error of another class arrives as Error with its name, without the frames of the packer', () => {
      class Refusal extends Error {
        override name = 'Refusal';
      }
      const arrived = roundTrip(new Refusal('no')) as Error;
      expect([Object.getPrototypeOf(arrived), arrived.name, arrived.message]).toEqual([
        Error.prototype,
        'Refusal',
        'no',
      ]);
      expect(arrived.stack).toBe('Refusal: no');
      expect(Object.keys(arrived)).toEqual([]);
      const abort = roundTrip(new DOMException('stop', 'AbortError')) as Error;
      expect([abort.name, abort.message]).toEqual(['AbortError', 'stop']);
    });

    it('values that occur twice arrive as two', () => {
      const one = { a: 1 };
      const [first, second] = roundTrip([one, one]) as [object, object];
      expect(first).toEqual(second);
      expect(first).not.toBe(second);
    });

    it('megabytes of digits go in time linear to them', () => {
      const value = -(2n ** (8n * 1024n * 1024n)) + 12345n;
      expect(roundTrip(value)).toBe(value);
    });
  });

  describe(`${packer.name}: properties`, () => {
    const leaf = fc.oneof(
      fc.constantFrom<unknown>(null, undefined, -0, NaN, Infinity, '__proto__', '$', new Date(NaN)),
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.bigInt(),
      fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
      fc.date({ noInvalidDate: false }),
      fc.constantFrom(/a/, /[$]b/giu),
      fc.tuple(fc.constantFrom(...views), fc.uint8Array({ maxLength: 6 })).map(([name, bytes]) => {
        const buffer = new Uint8Array(64 + 8 * bytes.length);
        buffer.set(bytes, 8);
        return new (viewClass(name))(buffer.buffer, 8, bytes.length);
      }),
      fc.uint8Array().map((bytes) => Uint8Array.from(bytes).buffer),
    );
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom('__proto__', 'constructor', 'type', 'data', 'toJSON', '$Map', '$', '\ud800', '10', ''),
    );
    const { anything } = fc.letrec<{ anything: unknown }>((tie) => ({
      anything: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        leaf,
        fc.array(tie('anything'), { maxLength: 5 }),
        fc.array(fc.tuple(key, tie('anything')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
        fc.array(fc.tuple(tie('anything'), tie('anything')), { maxLength: 4 }).map((entries) => new Map(entries)),
        fc.array(tie('anything'), { maxLength: 4 }).map((values) => new Set(values)),
        fc
          .tuple(fc.constantFrom(Error, TypeError), fc.string(), tie('anything'))
          .map(([Class, message, cause]) => new Class(message, { cause })),
      ),
    }));

    it('any nested value survives', () => {
      fc.assert(
        fc.property(anything, (value) => {
          expect(difference(value, roundTrip(value))).toBeUndefined();
        }),
        { numRuns: 400 },
      );
    });

    it('any bytes are a value or malformed', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 40 }), (head) => expectValueOrMalformed(packer, head)),
        { numRuns: 1000 },
      );
    });

    it('any packed value with bytes changed or cut is a value or malformed', () => {
      const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
      fc.assert(
        fc.property(anything, fc.array(change, { maxLength: 3 }), fc.nat({ max: 3 }), (value, changes, cut) => {
          const { head } = packer.pack(value);
          for (const [at, byte] of changes) head[at % head.length] = byte;
          expectValueOrMalformed(packer, head.subarray(0, head.length - cut));
        }),
        { numRuns: 400 },
      );
    });
  });
}

describe('difference', () => {
  it.each<[unknown, unknown]>([
    [0, -0],
    [1, 1n],
    [{ a: undefined }, {}],
    [[undefined], []],
    [new Uint8Array(1), new Int8Array(1)],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [new Date(1), new Date(2)],
    [new Error('a'), new TypeError('a')],
  ])('tells %o from %o', (a, b) => {
    expect(difference(a, b)).toBeDefined();
    expect(difference(a, a)).toBeUndefined();
  });
});
