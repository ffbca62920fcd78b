/** A part of a picture of the Mandelbrot set, in pixels, and what the picture shows. */
export interface Tile {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly view: View;
}

/** What a picture shows. */
export interface View {
  /** The point in the middle of the picture. */
  readonly real: number;
  readonly imaginary: number;
  /** How much of the plane a pixel is. */
  readonly scale: number;
  /** After how many steps a point counts as inside. */
  readonly depth: number;
}

/** Of the picture, in pixels. */
export const [WIDTH, HEIGHT] = [600, 400] as const;
export const TILE = 40;
export const WHOLE = { real: -0.7, imaginary: 0, scale: 3.1 / WIDTH } as const;

/** All tiles of a picture, in the order in which they are handed out: from the middle outwards, where the eye is. */
export function tilesOf(view: View): readonly Tile[] {
  const tiles: Tile[] = [];
  for (let top = 0; top < HEIGHT; top += TILE)
    for (let left = 0; left < WIDTH; left += TILE) tiles.push({ left, top, width: TILE, height: TILE, view });
  const away = ({ left, top }: Tile): number => Math.hypot(left + TILE / 2 - WIDTH / 2, top + TILE / 2 - HEIGHT / 2);
  return tiles.sort((one, other) => away(one) - away(other));
}

/** How many steps each point of the tile takes to escape; `depth` for those that don't. Plain arithmetic: the same numbers wherever it is computed. */
export function mandelbrot({ left, top, width, height, view }: Tile): Uint32Array<ArrayBuffer> {
  const { real, imaginary, scale, depth } = view;
  return Uint32Array.from({ length: width * height }, (_, index) => {
    const x = real + (left + (index % width) - (WIDTH - 1) / 2) * scale;
    const y = imaginary + (top + Math.floor(index / width) - (HEIGHT - 1) / 2) * scale;
    let [re, im, steps] = [0, 0, 0];
    while (steps < depth && re * re + im * im <= 4) {
      [re, im] = [re * re - im * im + x, 2 * re * im + y];
      steps++;
    }
    return steps;
  });
}

/**
 * What another tab asks for is bounded.
 * @throws RangeError
 */
export function toTile(value: unknown): Tile {
  const { left, top, width, height, view } = Object(value) as Partial<Record<keyof Tile, unknown>>;
  const { real, imaginary, scale, depth } = Object(view) as Partial<Record<keyof View, unknown>>;
  const natural = [left, top, width, height, depth].every((one) => Number.isSafeInteger(one) && Number(one) >= 0);
  const finite = [real, imaginary, scale].every((one) => Number.isFinite(one));
  if (natural && finite && Number(width) <= TILE && Number(height) <= TILE && Number(depth) <= 200_000)
    return value as Tile;
  throw new RangeError('not a tile of a picture');
}
