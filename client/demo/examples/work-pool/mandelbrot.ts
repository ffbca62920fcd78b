/** One row of a picture of the Mandelbrot set. */
export interface Row {
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** After how many steps a point counts as inside. */
  readonly depth: number;
}

/** How many steps each point of the row takes to escape; `depth` for those that don't. Plain arithmetic: the same numbers wherever it is computed. */
export function mandelbrotRow({ y, width, height, depth }: Row): Uint32Array<ArrayBuffer> {
  const scale = 3.1 / width;
  const imaginary = (y - (height - 1) / 2) * scale;
  return Uint32Array.from({ length: width }, (_, x) => {
    const real = (x - (width - 1) / 2) * scale - 0.7;
    let [re, im, steps] = [0, 0, 0];
    while (steps < depth && re * re + im * im <= 4) {
      [re, im] = [re * re - im * im + real, 2 * re * im + imaginary];
      steps++;
    }
    return steps;
  });
}

/** Night blue to gold to white, over and over; the inside is black. */
const STOPS = [
  [6, 18, 40],
  [23, 105, 92],
  [224, 190, 110],
  [255, 250, 235],
  [120, 60, 40],
] as const;
const STEPS_BETWEEN = 12;

/** Red, green, blue and opacity of each point. */
export function colours(steps: Uint32Array, depth: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(steps.length * 4);
  for (const [index, count] of steps.entries()) pixels.set(count >= depth ? [0, 0, 0, 255] : colour(count), index * 4);
  return pixels;
}

function colour(count: number): number[] {
  const place = count / STEPS_BETWEEN;
  const from = STOPS[Math.floor(place) % STOPS.length] ?? STOPS[0];
  const to = STOPS[Math.ceil(place) % STOPS.length] ?? STOPS[0];
  return [...from.map((light, index) => light + (place % 1) * ((to[index] ?? 0) - light)), 255];
}
