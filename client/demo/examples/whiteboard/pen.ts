import type { Place } from './whiteboard.ts';
import { EDGE } from './wire.ts';

/** How far an arrow key moves, in the units of the board. */
const STEP = 125;

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface PenListener {
  /** Where the pointer went, and whether it draws. At most once a picture of the screen. */
  moved(place: Place, drawing: boolean): void;
  /** What was drawn since the last picture of the screen, from where it ended. */
  drew(places: Uint16Array): void;
}

/** Mouse, pen, finger or keys over the board. */
export class Pen {
  readonly #listener: PenListener;
  #place: Place = { x: EDGE / 2, y: EDGE / 2 };
  /** Since the last picture of the screen; `undefined` while nothing is drawn. */
  #line: number[] | undefined;
  #lifted = false;
  /** Nothing of this line was told yet. */
  #fresh = true;
  #asked = false;

  constructor(listener: PenListener) {
    this.#listener = listener;
  }

  /** Over this board. */
  follow(board: HTMLElement): void {
    board.addEventListener('pointerdown', (pointer) => {
      if (pointer.button !== 0) return;
      board.setPointerCapture(pointer.pointerId);
      this.#go(placeOn(board, pointer));
      this.#put(true);
    });
    board.addEventListener('pointermove', (pointer) => {
      // A fast hand is in several places between two pictures.
      const all = pointer.getCoalescedEvents?.() ?? [];
      for (const one of all.length > 0 ? all : [pointer]) this.#go(placeOn(board, one));
    });
    for (const end of ['pointerup', 'pointercancel'] as const) board.addEventListener(end, () => this.#put(false));
    board.addEventListener('keydown', (key) => this.#press(key));
    board.addEventListener('blur', () => this.#put(false));
  }

  #press(key: KeyboardEvent): void {
    const [across, down] = ARROWS[key.key] ?? [];
    if (across !== undefined && down !== undefined) {
      const step = key.shiftKey ? STEP / 5 : STEP;
      this.#go({ x: bounded(this.#place.x + across * step), y: bounded(this.#place.y + down * step) });
    } else if (key.key === ' ' || key.key === 'Enter') this.#put(this.#line === undefined || this.#lifted);
    else if (key.key === 'Escape') this.#put(false);
    else return;
    key.preventDefault();
  }

  #go(place: Place): void {
    this.#place = place;
    if (!this.#lifted) this.#line?.push(place.x, place.y);
    this.#ask();
  }

  #put(down: boolean): void {
    if (down) {
      if (this.#line !== undefined) this.#tell();
      this.#line = [this.#place.x, this.#place.y];
      this.#lifted = false;
    } else if (this.#line !== undefined) this.#lifted = true;
    this.#ask();
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#tell();
    });
  }

  #tell(): void {
    const line = this.#line;
    if (line !== undefined) {
      // Two numbers are where the last piece ended, unless it is a dot.
      if (line.length > 2 || this.#fresh) this.#listener.drew(Uint16Array.from(line));
      this.#fresh = false;
      this.#line = this.#lifted ? undefined : line.slice(-2);
    }
    if (this.#lifted || line === undefined) this.#fresh = true;
    this.#lifted = false;
    this.#listener.moved(this.#place, this.#line !== undefined);
  }
}

function placeOn(board: HTMLElement, { clientX, clientY }: PointerEvent): Place {
  const { left, top, width, height } = board.getBoundingClientRect();
  return { x: bounded(((clientX - left) / width) * EDGE), y: bounded(((clientY - top) / height) * EDGE) };
}

function bounded(coordinate: number): number {
  return Math.round(Math.min(Math.max(coordinate, 0), EDGE));
}
