import { Decoder, Encoder, ExtData } from '@msgpack/msgpack';
import { bigintFromBytes, bigintToBytes } from './bigint-bytes.ts';
import { BINARY_NAMES, makeBinary, viewBytes } from './binary.ts';
import { KINDS } from './kinds.ts';
import type { Format } from './lowering.ts';
import { checkMessagePack } from './message-pack-check.ts';
import { type Packet, SEGMENT_BYTES } from './packer.ts';
import type { Raising } from './raising.ts';
import { Slab } from './slab.ts';
import { ValuePacker } from './value-packer.ts';

/** The extensions of leaves; those of lists are in `kinds.ts`. PROTOCOL.md has the table. */
const UNDEFINED = 0;
const NEGATIVE_ZERO = 1;
const BIGINT = 2;
const TEXT = 3;
const DATE = 4;
const BINARY = 5;
const SEGMENT = 6;

/** The bytes of those that have always as many. */
const LENGTHS: readonly (number | undefined)[] = [0, 0, undefined, undefined, 8, undefined, 5];

/** The library keeps the buffers of the largest and the last value: above this size they are given back. */
const KEPT_BYTES = 1024 * 1024;

/** What UTF-8 or the library's decoder would change in silence: a lone surrogate, and a byte order mark in front. */
const NOT_UTF8 = /^\ufeff|[\ud800-\udfff]/u;

const NOTHING = new Uint8Array(0);
const undefinedData = new ExtData(UNDEFINED, NOTHING);
const negativeZeroData = new ExtData(NEGATIVE_ZERO, NOTHING);
const listData = new Map(KINDS.map((kind) => [kind, new ExtData(kind.code, NOTHING)]));
const kindOfCode = new Map(KINDS.map((kind) => [kind.code, kind]));

const messagePackFormat: Format = {
  undefined: undefinedData,
  number: (value) => (Object.is(value, -0) ? negativeZeroData : value),
  string: (value) => (NOT_UTF8.test(value) ? new ExtData(TEXT, textToBytes(value)) : value),
  bigint: (value) => new ExtData(BIGINT, bigintToBytes(value)),
  date: (time) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, time);
    return new ExtData(DATE, new Uint8Array(view.buffer));
  },
  binary: (name, bytes) => {
    if (name === 'Uint8Array') return bytes;
    const data = new Uint8Array(1 + bytes.byteLength);
    data[0] = BINARY_NAMES.indexOf(name);
    data.set(bytes, 1);
    return new ExtData(BINARY, data);
  },
  segment: (name, index) => {
    const view = new DataView(new ArrayBuffer(5));
    view.setUint8(0, BINARY_NAMES.indexOf(name));
    view.setUint32(1, index);
    return new ExtData(SEGMENT, new Uint8Array(view.buffer));
  },
  list: (kind, parts) => [listData.get(kind), ...parts],
  oddKey: (key) => NOT_UTF8.test(key),
};

/** Extensions stay what they are on both ways: the walk makes them, and `#raise` reads them. */
const extensionCodec = {
  tryToEncode: (value: unknown) => (value instanceof ExtData ? value : null),
  decode: (data: Uint8Array, type: number) => new ExtData(type, data),
};

/** MessagePack's own headers of bytes, by how many bytes their length takes: `bin 8`, `bin 16`. */
const BIN_8 = 0xc4;
const BIN_16 = 0xc5;

const NO_SEGMENTS: readonly Uint8Array[] = Object.freeze([]);

/**
 * The default packer: MessagePack, with extensions for what it has no words for.
 *
 * Packed are null, undefined, booleans, numbers, bigints and strings, every one of them exactly; arrays and plain objects;
 * Date, Map, Set, RegExp (without `lastIndex`), Error, ArrayBuffer, DataView, every typed array; and registered classes. Nested up to 64 levels, with up to
 * 4,194,304 objects. Anything else is refused with its path; nothing becomes `{}`.
 *
 * What arrives is new: an object without a prototype arrives as a plain one, `Buffer` as `Uint8Array`, what was packed twice as two. Properties that are not enumerable,
 * and those that were added to an array, a Map, an Error …, stay behind. An Error of a class of your own arrives as `Error` with its name, unless the class is registered.
 */
export class MessagePackPacker extends ValuePacker {
  readonly name = 'messagepack';
  protected readonly format = messagePackFormat;
  #encoder = new Encoder({ extensionCodec });
  #decoder = new Decoder({ extensionCodec });

  readonly #slab = new Slab();

  /** Bytes are what is sent most often and what costs least: neither the walk nor the library would find anything in them. */
  override pack(value: unknown): Packet {
    if (!isSmallBytes(value) || this.registered(Uint8Array.prototype)) return super.pack(value);
    const { length } = value;
    const short = length < 0x100;
    const head = this.#slab.take(length + (short ? 2 : 3));
    head[0] = short ? BIN_8 : BIN_16;
    if (!short) head[1] = length >> 8;
    head[short ? 1 : 2] = length & 0xff;
    head.set(value, short ? 2 : 3);
    return { head, segments: NO_SEGMENTS };
  }

  /** See `Packer.unpack`. Binary comes out in a buffer of its own. */
  override unpack(packet: Packet): unknown {
    const { head, segments } = packet;
    const from = segments.length > 0 ? 0 : bytesFrom(head);
    if (from === 0) return super.unpack(packet);
    const value = new Uint8Array(head.length - from);
    value.set(head.subarray(from));
    return value;
  }

  protected encode(lowered: unknown): Uint8Array {
    const shared = this.#encoder.encodeSharedRef(lowered);
    const head = this.#slab.take(shared.byteLength);
    head.set(shared);
    if (head.byteLength > KEPT_BYTES) this.#encoder = new Encoder({ extensionCodec });
    return head;
  }

  protected decode(head: Uint8Array, raising: Raising): unknown {
    // What a `Buffer` hands out is a `Buffer` again, over the same bytes.
    const bytes = Object.getPrototypeOf(head) === Uint8Array.prototype ? head : viewBytes(head);
    const extended = checkMessagePack(bytes);
    const value = this.#decoder.decode(bytes);
    if (head.byteLength > KEPT_BYTES) this.#decoder = new Decoder({ extensionCodec });
    return extended ? raise(value, raising) : value;
  }
}

function isSmallBytes(value: unknown): value is Uint8Array {
  // What is empty may have lost its buffer. A proxy is no view, whatever its prototype.
  return (
    ArrayBuffer.isView(value) &&
    Object.getPrototypeOf(value) === Uint8Array.prototype &&
    value.byteLength > 0 &&
    value.byteLength < SEGMENT_BYTES
  );
}

/** Where the bytes begin in a head that is nothing else; 0 when it is something else. */
function bytesFrom(head: Uint8Array): number {
  const [kind, first = 0, second = 0] = [head[0], head[1], head[2]];
  if (kind === BIN_8 && head.length === 2 + first) return 2;
  if (kind === BIN_16 && head.length === 3 + (first << 8) + second) return 3;
  return 0;
}

/** Every container here is the decoder's own and new, so it is changed in place. */
function raise(value: unknown, raising: Raising): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ExtData) return raiseLeaf(value, raising);
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    const [first] = items;
    const kind = first instanceof ExtData ? kindOfCode.get(first.type) : undefined;
    for (let index = kind ? 1 : 0; index < items.length; index++) items[index] = raise(items[index], raising);
    return kind ? raising.list(kind, items.slice(1)) : items;
  }
  const fields = value as Record<string, unknown>;
  for (const key of Object.keys(fields)) fields[key] = raise(fields[key], raising);
  return fields;
}

function raiseLeaf({ type, data }: ExtData, raising: Raising): unknown {
  if (typeof data === 'function') throw new TypeError('not a received extension');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const length = LENGTHS[type];
  if (length !== undefined && length !== data.byteLength)
    throw new RangeError(`extension ${type} of ${data.byteLength} bytes`);
  switch (type) {
    case UNDEFINED:
      return undefined;
    case NEGATIVE_ZERO:
      return -0;
    case BIGINT:
      return bigintFromBytes(data);
    case TEXT:
      return textFromBytes(view);
    case DATE:
      return new Date(view.getFloat64(0));
    case BINARY:
      return makeBinary(BINARY_NAMES[view.getUint8(0)], data.slice(1));
    case SEGMENT:
      return raising.segment(BINARY_NAMES[view.getUint8(0)], view.getUint32(1));
    default:
      throw new RangeError(`extension ${type} here`);
  }
}

/** UTF-16, the higher byte first. */
function textToBytes(text: string): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at));
  return new Uint8Array(view.buffer);
}

function textFromBytes(view: DataView): string {
  const pieces: string[] = [];
  for (let at = 0; at < view.byteLength; at += 8192) {
    const units: number[] = [];
    for (let unit = at; unit < Math.min(at + 8192, view.byteLength); unit += 2) units.push(view.getUint16(unit));
    pieces.push(String.fromCharCode(...units));
  }
  return pieces.join('');
}
