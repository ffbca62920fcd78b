import { hueOf } from '../../frame/hue.ts';
import { shape } from '../../frame/shape.ts';
import { digits } from './ledger.ts';
import type { Parcel } from './secure-sum.ts';

/** In the units of the picture, as its `viewBox` says. */
const [WIDTH, HEIGHT] = [600, 330];
const [ACROSS, UP] = [225, 126];
const [TAB_WIDTH, TAB_HEIGHT] = [132, 46];
/** How long a number travels, and how long after the shares the sums set out, in ms. Slowly enough to be read. */
const JOURNEY_MS = 1900;
const BETWEEN_MS = 2300;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** The tabs in a ring, this one in front, and what this one sees travel: what passes between others it never sees. */
export class Stage {
  readonly #svg: SVGSVGElement;
  readonly #lines = shape('g', { class: 'lines' });
  readonly #travellers = shape('g', { class: 'travellers' });
  readonly #tabs = shape('g', {});
  readonly #mean = shape('g', {});
  readonly #places = new Map<string, Place>();
  #self = '';

  constructor(svg: SVGSVGElement) {
    this.#svg = svg;
    svg.replaceChildren(this.#lines, this.#tabs, this.#mean, this.#travellers);
  }

  /** Who is here, and what stands beside each name. */
  show(self: string, tabs: ReadonlyMap<string, string>): void {
    this.#self = self;
    const names = [self, ...[...tabs.keys()].filter((name) => name !== self).sort()];
    this.#places.clear();
    for (const [index, name] of names.entries()) {
      const angle = Math.PI / 2 + (index / names.length) * 2 * Math.PI;
      const place = { x: WIDTH / 2 + ACROSS * Math.cos(angle), y: HEIGHT / 2 + UP * Math.sin(angle) };
      this.#places.set(name, names.length === 1 ? { x: WIDTH / 2, y: HEIGHT / 2 } : place);
    }
    this.#tabs.replaceChildren(...names.map((name) => this.#tab(name, tabs.get(name) ?? '')));
    this.#lines.replaceChildren(...this.#links(names));
    this.#svg.setAttribute('aria-label', [...tabs].map(([name, word]) => `${name}: ${word}`).join('; '));
  }

  /** A number that set out or arrived. Who wants no motion reads the ledger. */
  travel({ what, from, to, value }: Parcel): void {
    const [start, end] = [this.#places.get(from), this.#places.get(to)];
    if (start === undefined || end === undefined || still()) return;
    this.#mean.replaceChildren();
    const text = shape('text', { class: 'digits' });
    text.textContent = `${what === 'partial' ? 'Σ ' : ''}${digits(value)}`;
    const traveller = shape('g', { class: what, opacity: 0 });
    traveller.style.setProperty('--hue', String(hueOf(from)));
    traveller.append(shape('rect', { x: -58, y: -14, width: 116, height: 28, rx: 14 }), text);
    this.#travellers.append(traveller);
    // What comes and what goes pass each other side by side.
    const aside = offset(start, end);
    const at = (share: number, opacity: number, scale = 1): Keyframe => ({
      transform: `translate(${start.x + (end.x - start.x) * share + aside.x}px, ${start.y + (end.y - start.y) * share + aside.y}px) scale(${scale})`,
      opacity,
    });
    const journey = traveller.animate([at(0.12, 0, 0.6), at(0.3, 1), at(0.7, 1), at(0.9, 0, 0.6)], {
      duration: JOURNEY_MS,
      delay: what === 'partial' ? BETWEEN_MS : 0,
      easing: 'ease-in-out',
    });
    journey.onfinish = () => traveller.remove();
  }

  /** What came of it, in the middle, when everything has arrived. */
  reveal(text: string): void {
    const mean = shape('text', { x: WIDTH / 2, y: HEIGHT / 2, class: 'mean' });
    mean.textContent = text;
    this.#mean.replaceChildren(mean);
    if (still()) return;
    mean.animate([{ opacity: 0 }, { opacity: 1 }], {
      duration: 400,
      delay: BETWEEN_MS + JOURNEY_MS * 0.8,
      fill: 'backwards',
    });
  }

  #tab(name: string, word: string): SVGGElement {
    const { x, y } = this.#places.get(name) ?? { x: 0, y: 0 };
    const tab = shape('g', { class: name === this.#self ? 'tab own' : 'tab', transform: `translate(${x} ${y})` });
    tab.style.setProperty('--hue', String(hueOf(name)));
    const title = shape('text', { y: -5, class: 'tab-name' });
    title.textContent = name.length > 16 ? `${name.slice(0, 15)}…` : name;
    const below = shape('text', { y: 14, class: 'tab-word' });
    below.textContent = word;
    const box = { x: -TAB_WIDTH / 2, y: -TAB_HEIGHT / 2, width: TAB_WIDTH, height: TAB_HEIGHT, rx: 10 };
    tab.append(shape('rect', box), title, below);
    return tab;
  }

  #links(names: readonly string[]): SVGLineElement[] {
    return names.flatMap((one, index) =>
      names.slice(index + 1).map((other) => {
        const [a, b] = [this.#places.get(one), this.#places.get(other)];
        const ends = { x1: a?.x ?? 0, y1: a?.y ?? 0, x2: b?.x ?? 0, y2: b?.y ?? 0 };
        return shape('line', { ...ends, class: one === this.#self ? 'seen' : 'unseen' });
      }),
    );
  }
}

/** Who looks at it wants no motion. */
function still(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** To the right of the way, by half of what a traveller takes there. */
function offset(start: Place, end: Place): Place {
  const length = Math.hypot(end.x - start.x, end.y - start.y) || 1;
  return { x: (-(end.y - start.y) / length) * 62, y: ((end.x - start.x) / length) * 16 };
}
