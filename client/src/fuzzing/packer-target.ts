import { PoolError } from '../errors.ts';
import { JsonPacker } from '../packers/json.ts';
import { MOST_LEVELS } from '../packers/lowering.ts';
import { MessagePackPacker } from '../packers/message-pack.ts';
import type { Packer, Packet } from '../packers/packer.ts';
import type { Random } from '../session/testing/random.ts';
import { BOUNDARIES, bytesOf, joined, mutate } from './mutation.ts';
import { allowed, check, type Target } from './target.ts';
import { name, value } from './values.ts';

const encoder = new TextEncoder();

/** Unpacking: valid packets with something wrong in them, bombs, and bytes that mean nothing. */
export class PackerTarget implements Target {
  input(random: Random, note: (given: Uint8Array | string) => void): void {
    const packer = random.chance(2 / 3) ? messagePack() : json();
    const packet = this.#packet(packer, random);
    note(packet.head);
    let unpacked: { readonly value: unknown } | undefined;
    allowed([PoolError], () => (unpacked = { value: packer.unpack(packet) }));
    if (unpacked === undefined) return;
    check(levels(unpacked.value) <= MOST_LEVELS, 'what was unpacked is deeper than anything may be');
    // Whatever may come in may go out.
    packer.unpack(packer.pack(unpacked.value));
  }

  #packet(packer: Packer, random: Random): Packet {
    if (random.chance(1 / 10)) return { head: bytesOf(random, random.below(60)), segments: segments(random) };
    if (random.chance(1 / 10)) return { head: bomb(packer, random), segments: [] };
    const { head, segments: own } = packer.pack(value(random));
    const others = random.chance(1 / 4) ? [packer.pack(value(random)).head] : [];
    const mutated =
      packer.name === 'json' && random.chance(1 / 2) ? reworded(head, random) : mutate(head, random, others);
    if (random.chance(1 / 6)) return { head: mutated, segments: [...own, ...segments(random)] };
    return { head: mutated, segments: random.chance(1 / 6) ? own.slice(1) : own };
  }
}

function messagePack(): MessagePackPacker {
  const packer = new MessagePackPacker();
  register(packer);
  return packer;
}

function json(): JsonPacker {
  const packer = new JsonPacker();
  register(packer);
  return packer;
}

class Point {
  readonly x: unknown;
  constructor(x: unknown) {
    this.x = x;
  }
}

function register(packer: MessagePackPacker | JsonPacker): void {
  packer.register(
    'point',
    Point,
    ({ x }) => [x],
    ([x]: readonly unknown[]) => new Point(x),
  );
}

function segments(random: Random): Uint8Array[] {
  return Array.from({ length: random.below(3) }, () => new Uint8Array(random.pick([0, 1, 7, 65_536])));
}

/** Few bytes that claim to be much: levels, empty containers, lengths. */
function bomb(packer: Packer, random: Random): Uint8Array {
  const times = random.pick([60, 63, 64, 65, 66, 130, 131, 1000, 20_000]);
  if (packer.name === 'json') {
    const open = random.pick(['[', '{"a":', '{"$Map":[1,', '[[],', '{"$Set":[', '{"__proto__":']);
    return encoder.encode(`${open.repeat(times)}1${random.pick([']', '}', ']}']).repeat(times)}`);
  }
  const open = random.pick([
    [0x91],
    [0x81, 0xa1, 0x61],
    [0x92, 0x90],
    [0x93, 0xc7, 0, 16, 1],
    [0x92, 0xc7, 0, 17],
    [0xdc, 0xff, 0xff],
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0x7f, 0xff, 0xff, 0xff],
    [0xc6, 0xff, 0xff, 0xff, 0xff],
    [0xc9, 0x7f, 0xff, 0xff, 0xff, 2],
  ]);
  const repeated = new Uint8Array(open.length * times);
  for (let at = 0; at < repeated.length; at += open.length) repeated.set(open, at);
  return joined(repeated, Uint8Array.of(random.pick([0xc0, 0x90, 0xc1])));
}

const WORDS =
  '"$Map" "$Set" "$Error" "$RegExp" "$Object" "$class" "$segment" "$Uint8Array" "__proto__" "$undefined" "$bigint: "$bigint:-0x "$date: "$$ [ ] { } : , " \\u null 1e999'.split(
    ' ',
  );

/** JSON with other words in it. */
function reworded(head: Uint8Array, random: Random): Uint8Array {
  let text = new TextDecoder().decode(head);
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(text.length + 1);
    const word = random.pick([
      () => random.pick(WORDS),
      () => String(random.pick(BOUNDARIES)),
      () => JSON.stringify(name(random)),
    ])();
    text = text.slice(0, at) + word + text.slice(at + random.below(6));
  }
  return encoder.encode(text);
}

/** As packing counts them. */
function levels(found: unknown): number {
  if (typeof found !== 'object' || found === null || ArrayBuffer.isView(found)) return 0;
  if (found instanceof Point) return 1 + Math.max(1, levels([found.x]));
  const parts: unknown[] =
    found instanceof Map ? [...found].flat() : found instanceof Set ? [...found] : Object.values(found);
  if (found instanceof Error) parts.push(found.cause);
  if (found instanceof AggregateError) parts.push(...(found.errors as unknown[]));
  if (found instanceof ArrayBuffer || found instanceof Date) return 0;
  return 1 + parts.reduce<number>((most, part) => Math.max(most, levels(part)), 0);
}
