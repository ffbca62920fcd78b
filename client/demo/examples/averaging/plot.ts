import { shape } from '../../frame/shape.ts';
import type { Point } from './averaging.ts';

/** Half the width and half the height of what is shown, in the units of the points. */
const [ACROSS, UP] = [1.5, 1];

/** A line and the points of this tab. Presses of places become points. */
export class Plot {
  readonly #svg: SVGSVGElement;
  readonly #line = shape('line', { class: 'model' });
  readonly #points = shape('g', {});

  constructor(svg: SVGSVGElement, add: (point: Point) => void) {
    this.#svg = svg;
    svg.setAttribute('viewBox', `${-ACROSS} ${-UP} ${2 * ACROSS} ${2 * UP}`);
    const axes = shape('path', { class: 'axes', d: `M${-ACROSS} 0H${ACROSS}M0 ${-UP}V${UP}` });
    svg.replaceChildren(axes, this.#line, this.#points);
    svg.addEventListener('click', (click) => {
      const { left, top, width, height } = svg.getBoundingClientRect();
      const x = ((click.clientX - left) / width) * 2 * ACROSS - ACROSS;
      const y = UP - ((click.clientY - top) / height) * 2 * UP;
      add({ x, y });
    });
  }

  points(points: readonly Point[]): void {
    const circles = points.map(({ x, y }) => shape('circle', { cx: x, cy: -y, r: 0.022, 'data-x': x, 'data-y': y }));
    this.#points.replaceChildren(...circles);
    this.#svg.setAttribute('aria-label', `${points.length} points of this tab`);
  }

  line([a = 0, b = 0]: Float64Array): void {
    const ends = { x1: -ACROSS, y1: -(b - a * ACROSS), x2: ACROSS, y2: -(b + a * ACROSS) };
    for (const [name, value] of Object.entries(ends)) this.#line.setAttribute(name, String(value));
  }
}
