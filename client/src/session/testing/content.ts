import { SEGMENT_BYTES, type Packet } from '../../packers/packer.ts';
import { Random } from './random.ts';

/** Messages are views of this, so that making one costs nothing and comparing it is one call. */
const POOL = pool(1 << 20);

/** A prime, so that messages of neighbouring numbers have nothing in common. */
const STRIDE = 104_729;

function pool(length: number): Uint8Array {
  const random = new Random(1);
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = random.below(256);
  return bytes;
}

/** The content of message number so-and-so. A large one may have segments. */
export function contentOf(number: number, bytes: number, segments: number): Packet {
  const parts = Array.from({ length: segments }, (_, index) => view(number + index + 1, SEGMENT_BYTES + (index << 8)));
  const rest = parts.reduce((left, part) => left - part.length, bytes);
  if (rest < 0) throw new RangeError(`${bytes} bytes are not enough for ${segments} segments`);
  return { head: view(number, rest), segments: parts };
}

export function sameContent(one: Packet, other: Packet): boolean {
  if (one.segments.length !== other.segments.length || Buffer.compare(one.head, other.head) !== 0) return false;
  return one.segments.every((segment, index) => Buffer.compare(segment, other.segments[index] ?? POOL) === 0);
}

function view(number: number, bytes: number): Uint8Array {
  const start = (number * STRIDE) % (POOL.length - bytes);
  return POOL.subarray(start, start + bytes);
}
