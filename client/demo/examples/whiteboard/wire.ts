import type { Place, Segment } from './whiteboard.ts';

/** What another program sent is checked before it is drawn. Each throws a TypeError. */

/** The largest x and y. */
export const EDGE = 10_000;
/** Numbers of one segment. More than a hand draws between two pictures of the screen. */
const MOST_NUMBERS = 4096;

export function toSegment(value: unknown): Segment {
  const { id, author, at, places } = Object(value) as Partial<Record<keyof Segment, unknown>>;
  const drawn = places instanceof Uint16Array && places.length >= 2 && places.length <= MOST_NUMBERS;
  if (!drawn || places.length % 2 !== 0 || !places.every((one) => one <= EDGE))
    throw new TypeError('not places on the board');
  if (typeof id !== 'string' || typeof author !== 'string') throw new TypeError('not a segment');
  return { id, author, at: toCleared(at), places };
}

export function toCleared(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError('not a time');
}

export function toPlace(value: unknown): Place {
  const { x, y } = Object(value) as Partial<Record<keyof Place, unknown>>;
  if (isCoordinate(x) && isCoordinate(y)) return { x, y };
  throw new TypeError('not a place on the board');
}

function isCoordinate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= EDGE;
}
