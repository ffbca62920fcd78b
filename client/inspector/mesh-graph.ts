import type { LinkKind } from '../src/index.ts';
import type { PeerFigures } from './peer-figures.ts';
import { type Quality, qualityOf } from './quality.ts';
import type { SharedLink } from './shared-links.ts';

/** A link between two peers of whom neither is this pool, as one or both of them tell it. */
export interface FarLink {
  /** In the order of the alphabet. */
  readonly between: readonly [string, string];
  readonly kind: LinkKind | undefined;
  readonly quality: Quality;
  readonly roundTripTime: number | undefined;
}

/** Each pair once; where both tell of it, the worse of the two counts. Of people this pool does not know nothing is drawn. */
export function farLinks(
  self: string,
  peers: readonly PeerFigures[],
  told: ReadonlyMap<string, readonly SharedLink[]>,
): readonly FarLink[] {
  const known = new Set(peers.filter(({ state }) => state !== 'left').map(({ name }) => name));
  const pairs = new Map<string, FarLink>();
  for (const [from, links] of told) {
    if (!known.has(from)) continue;
    for (const { name, state, kind, roundTripTime } of links) {
      if (name === self || name === from || !known.has(name)) continue;
      const between: readonly [string, string] = from < name ? [from, name] : [name, from];
      const key = JSON.stringify(between);
      const link = { between, kind, quality: qualityOf(state, roundTripTime), roundTripTime };
      const other = pairs.get(key);
      pairs.set(key, other === undefined || badness(link.quality) > badness(other.quality) ? link : other);
    }
  }
  return [...pairs.values()];
}

const FROM_BEST: readonly Quality[] = ['unmeasured', 'good', 'fair', 'poor', 'connecting', 'unresponsive', 'none'];

function badness(quality: Quality): number {
  return FROM_BEST.indexOf(quality);
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The space that the mesh is drawn in; this pool stands in the middle. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
}

export function centre({ width, height }: Canvas): Point {
  return { x: width / 2, y: height / 2 };
}

/** Room for half a name beside a node, and for two lines above or under it. */
const MARGIN = { x: 50, y: 43 };

/** Others stand on an ellipse around this pool, the first on top, then clockwise, evenly as the eye sees it. */
export function places(count: number, canvas: Canvas): readonly Point[] {
  const { x, y } = centre(canvas);
  const across = Math.max(20, x - MARGIN.x);
  const down = Math.max(20, y - MARGIN.y);
  // Two stand beside the middle, not above and below it, where there is more width than height.
  const turn = count === 2 && canvas.width > canvas.height ? 0 : -Math.PI / 2;
  return evenAngles(count, across, down, turn).map((angle) => ({
    x: x + across * Math.cos(angle),
    y: y + down * Math.sin(angle),
  }));
}

/** Angles whose points are equally far from each other along the ellipse, by sums over short pieces of it. */
function evenAngles(count: number, across: number, down: number, turn: number): readonly number[] {
  const PIECES = 360;
  const lengths = [0];
  for (let piece = 1; piece <= PIECES; piece++) {
    const angle = turn + (piece - 0.5) * ((2 * Math.PI) / PIECES);
    lengths.push((lengths.at(-1) ?? 0) + Math.hypot(across * Math.sin(angle), down * Math.cos(angle)));
  }
  const whole = lengths.at(-1) ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const wanted = (whole * index) / count;
    const piece = Math.max(
      0,
      lengths.findIndex((length) => length >= wanted - 1e-9),
    );
    return turn + (piece * 2 * Math.PI) / PIECES;
  });
}

/** Where a curve between two others bends to: past the middle, so that none seems to end at the pool that stands there. */
export function bend(from: Point, to: Point, canvas: Canvas): Point {
  const middle = centre(canvas);
  const half = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const [across, down] = [half.x - middle.x, half.y - middle.y];
  const distance = Math.hypot(across, down);
  const clear = Math.min(canvas.width, canvas.height) * 0.22;
  if (distance > clear) return { x: half.x - across * 0.25, y: half.y - down * 0.25 };
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const aside = { x: (to.y - from.y) / length, y: (from.x - to.x) / length };
  // Away from the middle; a chord through it has no outside, and turns to its left.
  const away = aside.x * across + aside.y * down < -1e-6 ? -2 * clear : 2 * clear;
  return { x: half.x + aside.x * away, y: half.y + aside.y * away };
}
