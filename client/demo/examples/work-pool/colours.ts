/** A colour as red, green and blue, from 0 to 255. */
type Colour = readonly [number, number, number];

/** Night blue to gold to white, over and over; the inside is black. */
const STOPS: readonly Colour[] = [
  [6, 18, 40],
  [23, 105, 92],
  [224, 190, 110],
  [255, 250, 235],
  [120, 60, 40],
];
const STEPS_BETWEEN = 12;

/** Red, green, blue and opacity of each point; in the colours of one hue, in degrees, where one is given. */
export function pixels(steps: Uint32Array, depth: number, hue?: number): Uint8ClampedArray<ArrayBuffer> {
  const found = new Uint8ClampedArray(steps.length * 4);
  for (const [index, count] of steps.entries())
    found.set([...(count >= depth ? inside(hue) : outside(count, hue)), 255], index * 4);
  return found;
}

function inside(hue: number | undefined): Colour {
  return hue === undefined ? [0, 0, 0] : tinted(0.09, hue);
}

function outside(count: number, hue: number | undefined): Colour {
  const place = count / STEPS_BETWEEN;
  const from = STOPS[Math.floor(place) % STOPS.length] ?? [0, 0, 0];
  const to = STOPS[Math.ceil(place) % STOPS.length] ?? [0, 0, 0];
  const between = (index: 0 | 1 | 2): number => from[index] + (place % 1) * (to[index] - from[index]);
  const [red, green, blue] = [between(0), between(1), between(2)];
  if (hue === undefined) return [red, green, blue];
  return tinted(0.22 + 0.6 * ((0.3 * red + 0.59 * green + 0.11 * blue) / 255), hue);
}

/** Of this lightness, from 0 to 1. The page's own colours are of the same hues in oklch, which begin some 25 degrees earlier. */
function tinted(lightness: number, hue: number): Colour {
  const reach = 0.62 * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): number => {
    const at = (offset + (hue - 25 + 360) / 30) % 12;
    return 255 * (lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}
