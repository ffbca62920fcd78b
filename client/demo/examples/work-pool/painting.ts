import { hueOf } from '../../frame/hue.ts';
import { pixels } from './colours.ts';
import { type Tile, tilesOf, type View } from './mandelbrot.ts';

/** One tile, computed. */
export interface Result {
  readonly index: number;
  readonly worker: string;
  readonly steps: Uint32Array<ArrayBuffer>;
}

/** A picture as far as it is computed, in the colours of those who did it, or in its own. */
export class Painting {
  readonly #context: CanvasRenderingContext2D;
  readonly #results = new Map<number, Result>();
  #tiles: readonly Tile[] = [];
  #byWorker = true;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('this browser draws no pictures');
    this.#context = context;
  }

  get results(): readonly Result[] {
    return [...this.#results.values()];
  }

  get tiles(): readonly Tile[] {
    return this.#tiles;
  }

  /** How many tiles each has computed, the busiest first. */
  get workers(): readonly (readonly [name: string, tiles: number])[] {
    const counts = new Map<string, number>();
    for (const { worker } of this.#results.values()) counts.set(worker, (counts.get(worker) ?? 0) + 1);
    return [...counts].sort(([, one], [, other]) => other - one);
  }

  /** What was there is dimmed until the new one covers it. */
  begin(view: View): void {
    const { canvas } = this.#context;
    this.#tiles = tilesOf(view);
    this.#results.clear();
    this.#context.fillStyle = 'rgb(20 24 23 / 72%)';
    this.#context.fillRect(0, 0, canvas.width, canvas.height);
  }

  /** A tile that is none, or that is there already, changes nothing. */
  add(result: Result): void {
    const tile = this.#tiles[result.index];
    if (tile === undefined || this.#results.has(result.index)) return;
    if (result.steps.length !== tile.width * tile.height) return;
    this.#results.set(result.index, result);
    this.#paint(tile, result);
  }

  colour(byWorker: boolean): void {
    this.#byWorker = byWorker;
    for (const result of this.#results.values()) {
      const tile = this.#tiles[result.index];
      if (tile !== undefined) this.#paint(tile, result);
    }
  }

  #paint({ left, top, width, height, view }: Tile, { steps, worker }: Result): void {
    const data = pixels(steps, view.depth, this.#byWorker ? hueOf(worker) : undefined);
    this.#context.putImageData(new ImageData(data, width, height), left, top);
  }
}
