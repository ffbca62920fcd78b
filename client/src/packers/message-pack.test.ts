import { describe, expect, it } from 'vitest';
import { PoolError } from '../errors.ts';
import { MessagePackPacker } from './message-pack.ts';
import { SEGMENT_BYTES } from './packer.ts';

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}
const packer = new MessagePackPacker();
packer.register(
  'point',
  Point,
  ({ x }) => x,
  (x) => new Point(x),
);

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const unpack = (text: string | Uint8Array, segments: Uint8Array[] = []) =>
  packer.unpack({ head: typeof text === 'string' ? hex(text) : text, segments });

const WIRE: [title: string, value: unknown, head: string][] = [
  ['null', null, 'c0'],
  ['booleans', [false, true], '92 c2 c3'],
  ['integers', [0, 127, 128, 256, 65536, -1, -33], '97 00 7f cc80 cd0100 ce00010000 ff d0df'],
  ['integers up to 2^53 − 1', 2 ** 53 - 1, 'cf 001fffffffffffff'],
  ['integers beyond, as floats', 2 ** 53, 'cb 4340000000000000'],
  ['floats', 1.5, 'cb 3ff8000000000000'],
  ['strings', 'aß', 'a3 61c39f'],
  ['arrays and objects', { a: [] }, '81 a161 90'],
  ['bytes', new Uint8Array([1, 2]), 'c402 0102'],
  ['undefined: 0', undefined, 'c700 00'],
  ['negative zero: 1', -0, 'c700 01'],
  ['a bigint of 64 bits: 2', -2n, 'd7 02 fffffffffffffffe'],
  ['a larger bigint: 2', 2n ** 64n, 'c709 02 010000000000000000'],
  ['a larger negative bigint: 2', -(2n ** 64n) - 1n, 'c709 02 feffffffffffffffff'],
  ['text that is not UTF-8: 3', '\ud800a', 'd6 03 d8000061'],
  ['a date: 4', new Date(1000), 'd7 04 408f400000000000'],
  ['an ArrayBuffer: 5, 0', new Uint8Array([7, 8, 9]).buffer, 'd6 05 00 070809'],
  ['a DataView: 5, 1', new DataView(new ArrayBuffer(1)), 'd5 05 01 00'],
  ['a Int8Array: 5, 3', new Int8Array([-1]), 'd5 05 03 ff'],
  ['a Uint8ClampedArray: 5, 4', new Uint8ClampedArray([1]), 'd5 05 04 01'],
  ['a Int16Array: 5, 5', new Int16Array([1]), 'c703 05 05 0100'],
  ['a Uint16Array: 5, 6', new Uint16Array([1]), 'c703 05 06 0100'],
  ['a Int32Array: 5, 7', new Int32Array([1]), 'c705 05 07 01000000'],
  ['a Uint32Array: 5, 8', new Uint32Array([1]), 'c705 05 08 01000000'],
  ['a Float32Array: 5, 9', new Float32Array([1]), 'c705 05 09 0000803f'],
  ['a Float64Array: 5, 10', new Float64Array([1]), 'c709 05 0a 000000000000f03f'],
  ['a BigInt64Array: 5, 11', new BigInt64Array([-1n]), 'c709 05 0b ffffffffffffffff'],
  ['a BigUint64Array: 5, 12', new BigUint64Array([1n]), 'c709 05 0c 0100000000000000'],
  ['a Map: 16', new Map([[1, 2]]), '93 c70010 01 02'],
  ['a Set: 17', new Set([1]), '92 c70011 01'],
  ['a RegExp: 18', /a/g, '93 c70012 a161 a167'],
  ['an Error: 19', new TypeError('a'), '93 c70013 a9547970654572726f72 a161'],
  ['an Error with a cause: 19', new Error('a', { cause: 1 }), '94 c70013 a54572726f72 a161 81 a56361757365 01'],
  ['an object with an odd key: 20', JSON.parse('{"__proto__":1}'), '93 c70014 a95f5f70726f746f5f5f 01'],
  ['a class: 21', new Point(5), '93 c70015 a5706f696e74 05'],
];

const HOSTILE: [title: string, head: string | Uint8Array][] = [
  ['nothing', ''],
  ['a byte that means nothing', 'c1'],
  ['trailing bytes', '01 01'],
  ['trailing bytes after a container', '91 01 01'],
  ['a number cut short', 'cb 3ff8'],
  ['a length cut short', 'dd 0000'],
  ['a string cut short', 'a5 6161'],
  ['a string longer than memory', 'db ffffffff 61'],
  ['bytes longer than memory', 'c6 ffffffff 61'],
  ['an extension longer than memory', 'c9 ffffffff 02 61'],
  ['an array of 2^32 − 1', 'dd ffffffff'],
  ['a map of 2^32 − 1', 'df ffffffff a161 01'],
  ['arrays that each claim all that follows', 'dd 00000010 '.repeat(12)],
  ['65 levels', '91'.repeat(65) + '00'],
  ['65 levels of an empty array', '91'.repeat(64) + '90'],
  ['65 levels of maps', '81a161'.repeat(65) + 'c0'],
  ['a million levels', new Uint8Array(1_000_000).fill(0x91)],
  [
    '5 million empty arrays',
    new Uint8Array(5_000_005)
      .fill(0x90)
      .fill(0, 1, 2)
      .fill(0x4c, 2, 3)
      .fill(0x4b, 3, 4)
      .fill(0x40, 4, 5)
      .fill(0xdd, 0, 1),
  ],
  ['a key __proto__', '81 a95f5f70726f746f5f5f 80'],
  ['a key that is an array', '81 90 01'],
  ['a key that is bytes', '81 c40161 01'],
  ['a key that is an extension', '81 c70000 01'],
  ['an extension nobody knows', 'd4 07 00'],
  ['the timestamp extension', 'd6 ff 00000000'],
  ['undefined with a payload', 'd4 00 00'],
  ['negative zero with a payload', 'd4 01 00'],
  ['a bigint of no bytes', 'c700 02'],
  ['text of an odd length', 'c703 03 d80000'],
  ['a date of four bytes', 'd6 04 00000000'],
  ['a date of sixteen bytes', 'd8 04 00000000000000000000000000000000'],
  ['binary of no class', 'c700 05'],
  ['binary of a class nobody knows', 'd5 05 63 00'],
  ['a Float64Array of four bytes', 'c705 05 0a 00000000'],
  ['a segment that is not there', 'c705 06 00 00000000'],
  ['a segment of a short index', 'd4 06 00'],
  ['a list marker outside of a list', 'c700 10'],
  ['a list marker in the middle', '92 01 c70010'],
  ['a list marker as a value', '81 a161 c70010'],
  ['two list markers', '92 c70010 c70010'],
  ['a Map without its last value', '92 c70010 01'],
  ['a Map with a key twice', '95 c70010 01 02 01 03'],
  ['a Set with a value twice', '93 c70011 01 01'],
  ['a RegExp of a bad source', '93 c70012 a128 a0'],
  ['a RegExp of bad flags', '93 c70012 a161 a17a'],
  ['a RegExp of numbers', '93 c70012 01 02'],
  ['a RegExp with a rest', '94 c70012 a161 a0 a0'],
  ['an Error without a message', '92 c70013 a161'],
  ['an Error with numbers', '93 c70013 01 02'],
  ['an Error whose fields are null', '94 c70013 a161 a161 c0'],
  ['an Error whose fields are a date', '94 c70013 a161 a161 d7 04 0000000000000000'],
  ['an Error whose stack is a number', '94 c70013 a161 a161 81 a5737461636b 01'],
  ['an odd object with a number as a key', '93 c70014 01 02'],
  ['an odd object with a key twice', '95 c70014 a161 01 a161 02'],
  ['an odd object without its last value', '92 c70014 a161'],
  ['a class without a tag', '91 c70015'],
  ['a class with a number as its tag', '93 c70015 01 05'],
  ['a class with a rest', '94 c70015 a5706f696e74 05 05'],
];

describe('messagepack on the wire', () => {
  it.each(WIRE)('%s', (_, value, head) => {
    const packet = packer.pack(value);
    expect(Buffer.from(packet.head).toString('hex')).toBe(head.replaceAll(' ', ''));
    expect(packet.segments).toEqual([]);
    expect(unpack(head)).toStrictEqual(value);
  });

  it('a segment: 6, with its class and its index', () => {
    const packet = packer.pack([new Uint8Array(SEGMENT_BYTES), new Float32Array(SEGMENT_BYTES)]);
    expect(Buffer.from(packet.head).toString('hex')).toBe('92c705060200000000c705060900000001');
  });

  it('reads what shorter and longer forms of other writers mean', () => {
    expect(unpack('94 ca3fc00000 d20000000a d90161 c50001ff')).toStrictEqual([1.5, 10, 'a', new Uint8Array([255])]);
    expect(unpack('93 d4 02 ff d5 02 0001 c703 02 000001')).toStrictEqual([-1n, 1n, 1n]);
    expect(unpack('dc0001 de0001 a161 df00000000')).toStrictEqual([{ a: {} }]);
  });

  it('takes 64 levels', () => {
    expect(() => unpack('91'.repeat(63) + '90')).not.toThrow();
  });
});

describe('messagepack from strangers', () => {
  it.each(HOSTILE)('malformed: %s', (_, head) => {
    let thrown: unknown;
    try {
      unpack(head);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(PoolError);
    expect(thrown).toMatchObject({ code: 'malformed' });
    expect(unpack('93 01 a161 c40100'), 'and the packer goes on').toStrictEqual([1, 'a', new Uint8Array(1)]);
  });

  it('every cut of a packed value is malformed', () => {
    const { head } = packer.pack({
      a: [1n, new Date(0), new Map([['k', new Float32Array(2)]])],
      b: 'text',
      c: 1.5,
      d: /x/,
    });
    for (let end = 0; end < head.length; end++) {
      expect(() => unpack(head.slice(0, end)), `at ${end}`).toThrow(PoolError);
    }
  });

  it('an unknown tag is unpackable, and named', () => {
    expect(() => unpack('93 c70015 a4676f6e65 05')).toThrow(/^unpackable: .*"gone"/);
  });
});

describe('bytes alone', () => {
  const lengths = [0, 1, 100, 255, 256, 257, 65_535];

  it('are written as MessagePack has them, whatever their length, and come in a buffer of their own', () => {
    for (const length of lengths) {
      const bytes = Uint8Array.from({ length }, (_, index) => index % 253);
      const { head, segments } = packer.pack(bytes);
      const header = length < 256 ? [0xc4, length] : [0xc5, length >> 8, length & 0xff];
      expect([...head.subarray(0, header.length)]).toEqual(header);
      const value = packer.unpack({ head: Buffer.from(head), segments }) as Uint8Array;
      expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
      expect(value).toEqual(bytes);
      expect(value.buffer.byteLength).toBe(length);
    }
  });

  it('are a copy from the moment they are packed, however many are packed after them', () => {
    const bytes = new Uint8Array(100);
    const packets = lengths.concat(lengths).map((_, index) => packer.pack(bytes.fill(index)));
    for (const [index, packet] of packets.entries())
      expect(packer.unpack(packet)).toEqual(new Uint8Array(100).fill(index));
  });

  it('are not taken for it when something is missing or follows', () => {
    for (const wrong of ['c4', 'c402 01', 'c401 0102', 'c5 0001', 'c50002 01', 'c50001 0102']) {
      expect(() => unpack(wrong), wrong).toThrow(PoolError);
    }
    expect(() => unpack('c40101', [new Uint8Array(SEGMENT_BYTES)])).toThrow('a segment that no value names');
  });

  it('whose buffer was transferred away are refused, and empty ones are not', () => {
    const bytes = new Uint8Array(8);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(() => packer.pack(bytes)).toThrow(PoolError);
    expect(packer.unpack(packer.pack(new Uint8Array(0)))).toEqual(new Uint8Array(0));
    const proxy: unknown = new Proxy(new Uint8Array(8), {});
    expect(() => packer.pack(proxy)).toThrow(PoolError);
  });

  it('go as their class wants when somebody has registered it', () => {
    const own = new MessagePackPacker();
    own.register(
      'bytes',
      Uint8Array,
      ({ length }) => length,
      (length: number) => new Uint8Array(length).fill(7),
    );
    expect(own.unpack(own.pack(new Uint8Array(2)))).toEqual(Uint8Array.of(7, 7));
  });
});
