import { BINARY_NAMES, makeBinary } from './binary.ts';
import { KINDS } from './kinds.ts';
import { MOST_LEVELS, MOST_OBJECTS, type Format } from './lowering.ts';
import { SEGMENT_BYTES } from './packer.ts';
import type { Raising } from './raising.ts';
import { ValuePacker } from './value-packer.ts';

const kindOfName = new Map(KINDS.map((kind) => [`$${kind.name}`, kind]));
const binaryNames: ReadonlySet<string> = new Set(BINARY_NAMES);
/** Decimal digits are for reading; from here on hexadecimal ones, which every engine reads in linear time. */
const MOST_DECIMAL = 2n ** 64n;

/** Base64 of the largest binary that is no segment. */
const MOST_BASE64 = Math.ceil((SEGMENT_BYTES - 1) / 3) * 4;

/**
 * `$` is the escape: a string that begins with it is `$$…`, or what JSON has no word for; an object with a key that begins with it has that one key,
 * the name of a type. What JSON has words for is written in them.
 */
const jsonFormat: Format = {
  undefined: '$undefined',
  number: (value) =>
    Number.isFinite(value) && !Object.is(value, -0) ? value : `$${Object.is(value, -0) ? '-0' : value}`,
  string: (value) => (value.startsWith('$') ? `$${value}` : value),
  bigint: (value) => {
    const magnitude = value < 0n ? -value : value;
    const digits = magnitude < MOST_DECIMAL ? magnitude.toString() : `0x${magnitude.toString(16)}`;
    return `$bigint:${value < 0n ? '-' : ''}${digits}`;
  },
  date: (time) => `$date:${Number.isNaN(time) ? 'invalid' : new Date(time).toISOString()}`,
  binary: (name, bytes) => ({ [`$${name}`]: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) }),
  segment: (name, index) => ({ $segment: [name, index] }),
  list: (kind, parts) => ({ [`$${kind.name}`]: parts }),
  oddKey: (key) => key.startsWith('$'),
};

/** For those who want to read the wire: JSON, with binary in Base64 or, when large, beside it. Takes what `MessagePackPacker` takes. */
export class JsonPacker extends ValuePacker {
  readonly name = 'json';
  protected readonly format = jsonFormat;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  protected encode(lowered: unknown): Uint8Array {
    return this.#encoder.encode(JSON.stringify(lowered));
  }

  protected decode(head: Uint8Array, raising: Raising): unknown {
    checkJson(head);
    return raise(JSON.parse(this.#decoder.decode(head)), raising, 0);
  }
}

/** Brackets cost one byte and much memory, so they are counted before anything is made of them. A type takes two where MessagePack takes one level. */
function checkJson(bytes: Uint8Array): void {
  let levels = 0;
  let objects = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) quoted = !quoted;
    else if (quoted) at += byte === 0x5c ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) {
      objects++;
      if (++levels > 2 * MOST_LEVELS + 2) throw new RangeError(`more than ${MOST_LEVELS} levels`);
    } else if (byte === 0x5d || byte === 0x7d) levels--;
  }
  if (objects > 2 * MOST_OBJECTS) throw new RangeError(`more than ${MOST_OBJECTS} objects`);
}

/** Every container here is `JSON.parse`'s own and new, so it is changed in place. `level` counts as packing does. */
function raise(value: unknown, raising: Raising, level: number): unknown {
  if (typeof value === 'string') return value.startsWith('$') ? raiseText(value.slice(1)) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return raiseItems(value as unknown[], raising, level);
  const keys = Object.keys(value);
  const fields = value as Record<string, unknown>;
  const escape = keys.find((key) => key.startsWith('$'));
  if (escape === undefined) return raiseFields(fields, keys, raising, level);
  if (keys.length > 1) throw new RangeError('a type and other keys beside it');
  const content = fields[escape];
  if (binaryNames.has(escape.slice(1)) && typeof content === 'string') {
    // What is larger has a segment, and a list of its characters takes ten times as much.
    if (content.length > MOST_BASE64) throw new RangeError('binary that belongs in a segment');
    return makeBinary(
      escape.slice(1),
      Uint8Array.from(atob(content), (unit) => unit.charCodeAt(0)),
    );
  }
  const kind = kindOfName.get(escape);
  if (!Array.isArray(content) || (!kind && escape !== '$segment'))
    throw new RangeError('an object with a key that is no type');
  const parts: unknown[] = content;
  if (!kind) return raising.segment(parts[0], parts[1]);
  raiseItems(parts, raising, level);
  return raising.list(kind, parts);
}

/** One by one: the names of a long array's items are more than the array. */
function raiseItems(items: unknown[], raising: Raising, level: number): unknown[] {
  checkLevel(level);
  for (let index = 0; index < items.length; index++) items[index] = raise(items[index], raising, level + 1);
  return items;
}

function raiseFields(fields: Record<string, unknown>, keys: string[], raising: Raising, level: number): unknown {
  checkLevel(level);
  for (const key of keys) fields[key] = raise(fields[key], raising, level + 1);
  return fields;
}

function checkLevel(level: number): void {
  if (level === MOST_LEVELS) throw new RangeError(`more than ${MOST_LEVELS} levels`);
}

function raiseText(text: string): unknown {
  if (text.startsWith('$')) return text;
  switch (text) {
    case 'undefined':
      return undefined;
    case '-0':
      return -0;
    case 'NaN':
    case 'Infinity':
    case '-Infinity':
      return Number(text);
    case 'date:invalid':
      return new Date(NaN);
  }
  const integer = /^bigint:(-?)(\d{1,20}|0x[\da-f]+)$/.exec(text);
  if (integer) return integer[1] ? -BigInt(integer[2] ?? '') : BigInt(integer[2] ?? '');
  if (text.startsWith('date:')) {
    const date = new Date(text.slice(5));
    if (date.toISOString() === text.slice(5)) return date;
  }
  throw new RangeError('an escape that means nothing');
}
