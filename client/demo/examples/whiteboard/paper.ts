import { hueOf } from '../../frame/hue.ts';
import type { Segment } from './whiteboard.ts';
import { EDGE } from './wire.ts';

/** Pixels of the drawing, on every screen the same. */
const [WIDTH, HEIGHT] = [1500, 1000];
const THICKNESS = 7;

/** Segments as a picture: each in the colour of who drew it, the later over the earlier. */
export class Paper {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  #segments: Segment[] = [];
  #drawn = 0;
  #asked = false;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('this browser draws no pictures');
    [canvas.width, canvas.height] = [WIDTH, HEIGHT];
    Object.assign(context, { lineCap: 'round', lineJoin: 'round', lineWidth: THICKNESS });
    this.#canvas = canvas;
    this.#context = context;
    this.#scheme.addEventListener('change', () => this.#draw(0));
  }

  get size(): number {
    return this.#segments.length;
  }

  add(segments: readonly Segment[]): void {
    const last = this.#segments.at(-1);
    const inOrder = segments.length === 1 && segments.every((one) => last === undefined || earlier(last, one) < 0);
    this.#segments.push(...segments);
    if (!inOrder) {
      this.#segments.sort(earlier);
      this.#drawn = 0;
    }
    this.#ask();
  }

  replace(segments: Iterable<Segment>): void {
    this.#segments = [...segments].sort(earlier);
    this.#drawn = 0;
    this.#ask();
  }

  /** As a file. */
  picture(): Promise<Blob | null> {
    return new Promise((resolve) => this.#canvas.toBlob(resolve));
  }

  /** Once a picture of the screen; a hidden page has none, and is drawn when it is looked at. */
  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw(this.#drawn);
    });
  }

  #draw(from: number): void {
    if (from === 0) this.#context.clearRect(0, 0, WIDTH, HEIGHT);
    for (const segment of this.#segments.slice(from)) this.#line(segment);
    this.#drawn = this.#segments.length;
  }

  #line({ author, places }: Segment): void {
    const context = this.#context;
    context.strokeStyle = `oklch(${this.#scheme.matches ? 78 : 52}% 0.15 ${hueOf(author)})`;
    context.beginPath();
    for (let index = 0; index < places.length; index += 2)
      context.lineTo(((places[index] ?? 0) / EDGE) * WIDTH, ((places[index + 1] ?? 0) / EDGE) * HEIGHT);
    // A dot is a line to where it began.
    if (places.length === 2) context.lineTo(((places[0] ?? 0) / EDGE) * WIDTH, ((places[1] ?? 0) / EDGE) * HEIGHT);
    context.stroke();
  }
}

function earlier(one: Segment, other: Segment): number {
  return one.at - other.at || (one.id < other.id ? -1 : 1);
}
