import { describe, expect, it } from 'vitest';
import { PoolError } from '../errors.ts';
import { JsonPacker } from './json.ts';
import { SEGMENT_BYTES } from './packer.ts';

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}
const packer = new JsonPacker();
packer.register(
  'point',
  Point,
  ({ x }) => x,
  (x) => new Point(x),
);

const unpack = (text: string | Uint8Array, segments: Uint8Array[] = []) =>
  packer.unpack({ head: typeof text === 'string' ? new TextEncoder().encode(text) : text, segments });

const WIRE: [title: string, value: unknown, text: string][] = [
  ['what JSON has words for', { a: [null, true, 1.5, 'b'] }, '{"a":[null,true,1.5,"b"]}'],
  ['undefined', undefined, '"$undefined"'],
  ['numbers', [-0, NaN, Infinity, -Infinity], '["$-0","$NaN","$Infinity","$-Infinity"]'],
  ['bigints', [17n, -17n], '["$bigint:17","$bigint:-17"]'],
  ['large bigints', [2n ** 64n, -(2n ** 64n)], '["$bigint:0x10000000000000000","$bigint:-0x10000000000000000"]'],
  ['dates', [new Date(0), new Date(NaN)], '["$date:1970-01-01T00:00:00.000Z","$date:invalid"]'],
  ['a string with an escape in front', '$undefined', '"$$undefined"'],
  ['a lone surrogate', '\ud800', '"\\ud800"'],
  ['bytes', new Uint8Array([1, 255]), '{"$Uint8Array":"Af8="}'],
  ['a typed array', new Int16Array([1]), '{"$Int16Array":"AQA="}'],
  ['an ArrayBuffer', new ArrayBuffer(1), '{"$ArrayBuffer":"AA=="}'],
  ['a Map', new Map([[1, { a: 2 }]]), '{"$Map":[1,{"a":2}]}'],
  ['a Set', new Set([1]), '{"$Set":[1]}'],
  ['a RegExp', /a/g, '{"$RegExp":["a","g"]}'],
  ['an Error', new Error('a', { cause: 1 }), '{"$Error":["Error","a",{"cause":1}]}'],
  ['an object with an odd key', { $a: 1, b: 2 }, '{"$Object":["$$a",1,"b",2]}'],
  ['a class', new Point(5), '{"$class":["point",5]}'],
];

const HOSTILE: [title: string, text: string | Uint8Array][] = [
  ['nothing', ''],
  ['half a value', '{"a":'],
  ['two values', '1 2'],
  ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ['a byte order mark', '\ufeff1'],
  ['65 levels', '['.repeat(65) + ']'.repeat(65)],
  ['65 levels of Sets', '{"$Set":['.repeat(65) + ']}'.repeat(65)],
  ['a million levels', '['.repeat(1_000_000)],
  ['a million levels after a quote', `"\\"",${'{"a":'.repeat(1_000_000)}`],
  ['9 million empty objects', `[${'{},'.repeat(9_000_000)}0]`],
  ['an unknown escape', '"$unknown"'],
  ['a bigint of no digits', '"$bigint:"'],
  ['a bigint of a fraction', '"$bigint:1.5"'],
  ['a bigint of many decimal digits', `"$bigint:${'9'.repeat(1000)}"`],
  ['a date of another form', '"$date:yesterday"'],
  ['a date that names no day', '"$date:2026-99-01T00:00:00.000Z"'],
  ['a type and another key', '{"$Set":[1],"a":1}'],
  ['a type that nobody knows', '{"$Thing":[]}'],
  ['a type of no parts', '{"$Map":{}}'],
  ['a type of the prototype', '{"$__proto__":[]}'],
  ['binary of a number', '{"$Uint8Array":1}'],
  ['binary that is not Base64', '{"$Uint8Array":"*"}'],
  ['binary of a length that does not fit', '{"$Int16Array":"AA=="}'],
  ['a segment that is not there', '{"$segment":["Uint8Array",0]}'],
  ['a segment of no index', '{"$segment":["Uint8Array"]}'],
  ['a Map without its last value', '{"$Map":[1]}'],
  ['a Map with a key twice', '{"$Map":[1,2,1,3]}'],
  ['a Set with a value twice', '{"$Set":[1,1]}'],
  ['a RegExp of a bad source', '{"$RegExp":["(",""]}'],
  ['an Error with numbers', '{"$Error":[1,2]}'],
  ['an odd object with a number as a key', '{"$Object":[1,2]}'],
  ['an odd object with a key twice', '{"$Object":["$$a",1,"$$a",2]}'],
  ['a class without a tag', '{"$class":[]}'],
];

describe('json on the wire', () => {
  it.each(WIRE)('%s', (_, value, text) => {
    const packet = packer.pack(value);
    expect(new TextDecoder().decode(packet.head)).toBe(text);
    expect(packet.segments).toEqual([]);
    expect(unpack(text)).toStrictEqual(value);
  });

  it('a segment, with its class and its index', () => {
    const packet = packer.pack([new Uint8Array(SEGMENT_BYTES), new Float32Array(SEGMENT_BYTES)]);
    expect(new TextDecoder().decode(packet.head)).toBe(
      '[{"$segment":["Uint8Array",0]},{"$segment":["Float32Array",1]}]',
    );
  });

  it('takes 64 levels, and brackets in strings are none', () => {
    expect(() => unpack('{"$Set":['.repeat(64) + ']}'.repeat(64))).not.toThrow();
    expect(unpack(JSON.stringify('["\\{'.repeat(1000)))).toBe('["\\{'.repeat(1000));
  });
});

describe('json from strangers', () => {
  it.each(HOSTILE)('malformed: %s', (_, text) => {
    let thrown: unknown;
    try {
      unpack(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(PoolError);
    expect(thrown).toMatchObject({ code: 'malformed' });
    expect(unpack('[1]'), 'and the packer goes on').toEqual([1]);
  });

  it('a key __proto__ becomes a property and pollutes nothing', () => {
    const value = unpack('{"__proto__":{"polluted":1},"a":"$undefined"}') as object;
    expect(Object.keys(value)).toEqual(['__proto__', 'a']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('an unknown tag is unpackable, and named', () => {
    expect(() => unpack('{"$class":["gone",1]}')).toThrow(/^unpackable: .*"gone"/);
  });
});
