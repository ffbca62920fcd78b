import type { Random } from '../session/testing/random.ts';
import { bytesOf, number, ODD_NAMES } from './mutation.ts';

/** Any value that a packer takes, with some of which one forgets that there are. */
export function value(random: Random, levels = 3): unknown {
  const leaf = levels === 0 || random.chance(1 / 2);
  return leaf ? random.pick(LEAVES)(random) : random.pick(CONTAINERS)(random, levels - 1);
}

export function name(random: Random): string {
  return random.chance(1 / 3) ? random.pick(ODD_NAMES) : `name${random.below(4)}`;
}

const VIEWS: readonly (new (buffer: ArrayBuffer) => ArrayBufferView)[] = [
  Uint8Array,
  Int16Array,
  Float64Array,
  BigInt64Array,
  DataView,
  Uint8ClampedArray,
];

const LEAVES: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => undefined,
  () => true,
  () => -0,
  () => NaN,
  () => -Infinity,
  number,
  (random) => -number(random),
  (random) => random.below(2 ** 32) / 7,
  (random) => BigInt(number(random)) ** BigInt(random.below(5)) * (random.chance(1 / 2) ? -1n : 1n),
  name,
  (random) => 'text '.repeat(random.below(20)),
  (random) => new Date(random.pick([0, NaN, -1, 8.64e15, random.below(2 ** 32)])),
  (random) => random.pick([/a+/g, /\p{L}/u, new RegExp('[[a-z]--[aeiou]]', 'v'), /(?<n>x)/]),
  (random) => bytesOf(random, random.below(40)),
  (random) => bytesOf(random, random.below(40)).buffer,
  (random) => new (random.pick(VIEWS))(new ArrayBuffer(8 * random.below(4))),
  () => new Uint8Array(65_536),
];

const CONTAINERS: readonly ((random: Random, levels: number) => unknown)[] = [
  (random, levels) => several(random, levels),
  (random, levels) => Object.fromEntries(several(random, levels).map((item) => [name(random), item])),
  (random, levels) => new Map(several(random, levels).map((item) => [value(random, 0), item])),
  (random, levels) => new Set(several(random, levels)),
  (random, levels) => new TypeError('why', { cause: value(random, levels) }),
  (random, levels) => new AggregateError(several(random, levels), 'all of them'),
  (_random, levels) => JSON.parse(`{"__proto__":${levels}}`) as unknown,
];

function several(random: Random, levels: number): unknown[] {
  return Array.from({ length: random.below(5) }, () => value(random, levels));
}

/** What JSON or structured clone can bring where an object of a certain shape was expected. */
export function shaped(fields: Readonly<Record<string, (random: Random) => unknown>>, random: Random): unknown {
  if (random.chance(1 / 20)) return value(random);
  const entries = Object.entries(fields).map(([field, make]) => {
    const odd = random.chance(1 / 8);
    return [odd && random.chance(1 / 4) ? name(random) : field, odd ? value(random) : make(random)] as const;
  });
  if (random.chance(1 / 8)) entries.splice(random.below(entries.length), 1);
  if (random.chance(1 / 8)) entries.push([name(random), value(random)]);
  const made = {};
  for (const [key, content] of entries)
    Object.defineProperty(made, key, { value: content, configurable: true, enumerable: true, writable: true });
  return made;
}
