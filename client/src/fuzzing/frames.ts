import { encodeText, FLAG, FRAME } from '../session/frames.ts';
import type { Random } from '../session/testing/random.ts';
import { bytesOf, joined, mutate, number, varint } from './mutation.ts';

const KINDS = Object.values(FRAME);
const MESSAGE_FLAGS = Object.values(FLAG);

/** A packet of frames that a stranger wrote: some of an honest end's, changed, or made by the grammar with numbers that do not fit. */
export function hostilePacket(random: Random, honest: readonly Uint8Array[]): Uint8Array {
  if (random.chance(1 / 12)) return flood(random);
  if (honest.length > 0 && random.chance(1 / 2)) return mutate(random.pick(honest), random, honest);
  const frames = Uint8Array.from(
    Array.from({ length: 1 + random.below(random.pick([2, 4, 40])) }, () => frame(random)).flat(),
  );
  if (random.chance(1 / 4)) return mutate(frames, random, honest);
  return honest.length > 0 && random.chance(1 / 4) ? joined(random.pick(honest), frames) : frames;
}

/** One frame, again and again. */
function flood(random: Random): Uint8Array {
  const one = random.chance(1 / 2)
    ? [FRAME.message | (drawnFlags(random) & ~FLAG.queue & ~FLAG.again & ~FLAG.correlated), 0]
    : frame(random);
  return Uint8Array.from(Array.from({ length: random.pick([3, 20, 300]) }, () => one).flat());
}

function frame(random: Random): number[] {
  const kind = random.chance(1 / 30) ? random.below(256) : random.pick(KINDS);
  switch (kind) {
    case FRAME.message: {
      const flags = drawnFlags(random);
      const body = some(random, 40);
      return [kind | flags, ...head(flags, random), ...length(random, body.length), ...body];
    }
    case FRAME.first: {
      const flags = drawnFlags(random) & ~FLAG.segments;
      const segmented = random.chance(1 / 4);
      const lengths = segmented ? layout(random) : [];
      const body = [...lengths, ...some(random, 60)];
      const total = random.chance(1 / 2) ? body.length + random.below(40) : number(random);
      const sizes = segmented
        ? [
            ...varint(total + 65_536 * random.below(4)),
            ...varint(random.chance(3 / 4) ? lengths.length : random.below(8)),
          ]
        : varint(total);
      return [
        kind | flags | (segmented ? FLAG.segments : 0),
        ...head(flags, random),
        ...sizes,
        ...length(random, body.length),
        ...body,
      ];
    }
    case FRAME.more: {
      const body = some(random, 60);
      return [
        kind,
        ...varint(random.chance(3 / 4) ? random.below(4) : number(random)),
        ...length(random, body.length),
        ...body,
      ];
    }
    case FRAME.refused:
      return [kind, random.below(3), ...varint(number(random)), ...text(random, 70), ...text(random, 40)];
    case FRAME.consumed:
      return [kind, random.below(3), ...varint(number(random))];
    case FRAME.want:
    case FRAME.unwant:
      return [kind, ...text(random, 8)];
    case FRAME.ack:
      return [kind, ...varint(number(random)), ...varint(number(random))];
    case FRAME.goodbye:
      return [kind, random.below(8), ...text(random, 40)];
    case FRAME.soon:
    case FRAME.unwanted:
    case FRAME.welcome:
      return [kind];
    default:
      return [kind, ...varint(number(random), random.chance(1 / 20) ? random.below(9) : 0)];
  }
}

function drawnFlags(random: Random): number {
  return MESSAGE_FLAGS.reduce<number>((flags, flag) => flags | (random.chance(1 / 4) ? flag : 0), 0);
}

/** What stands between a message's kind and its length. */
function head(flags: number, random: Random): number[] {
  return [
    ...((flags & FLAG.queue) === 0 ? [] : text(random, 4)),
    ...((flags & FLAG.correlated) === 0 ? [] : varint(number(random))),
  ];
}

function length(random: Random, honest: number): number[] {
  return varint(random.chance(9 / 10) ? honest : number(random));
}

function text(random: Random, most: number): number[] {
  const bytes = random.chance(1 / 20) ? some(random, most) : [...encodeText(`q${random.below(3)}`)];
  return [...length(random, bytes.length), ...bytes];
}

function layout(random: Random): number[] {
  return Array.from({ length: random.below(4) }, () =>
    varint(random.pick([65_535, 65_536, 65_537, number(random)])),
  ).flat();
}

function some(random: Random, most: number): number[] {
  return [...bytesOf(random, random.below(most))];
}
