import type { Pool } from 'peerpool';
import { toTile, type View } from './mandelbrot.ts';
import type { Painting, Result } from './painting.ts';

/** Which picture is shown. The higher number wins, and of two that have the same, the owner who comes first. */
interface Title {
  readonly number: number;
  readonly owner: string;
  readonly view: View;
}

/** The picture that all tabs see while one of them has it drawn. Who draws the next one takes the wall. */
export class Exhibition {
  readonly #pool: Pool;
  readonly #painting: Painting;
  readonly #changed: () => void;
  #title: Title | undefined;

  /** Before the pool joins. `changed`: something is to be seen, or another tab has taken the wall. */
  constructor(pool: Pool, painting: Painting, changed: () => void) {
    this.#pool = pool;
    this.#painting = painting;
    this.#changed = changed;
    pool.onMessage(({ value }) => this.#hang(value), { msgId: 'title', parse: toTitle });
    pool.onMessage(({ sender, value }) => this.#add(sender, value), { msgId: 'tile', parse: toResult });
    // A newcomer sees what there is.
    pool.on('join', ({ name }) => {
      const title = this.#title;
      if (title?.owner !== pool.name) return;
      this.#tell(title, 'title', [name]);
      for (const result of painting.results) this.#tell(result, 'tile', [name]);
    });
  }

  /** Whose picture it is. */
  get owner(): string | undefined {
    return this.#title?.owner;
  }

  get view(): View | undefined {
    return this.#title?.view;
  }

  /** Ours, from now on. */
  open(view: View): void {
    const title = { number: (this.#title?.number ?? 0) + 1, owner: this.#pool.name, view };
    this.#hang(title);
    this.#tell(title, 'title');
  }

  show(result: Result): void {
    this.#painting.add(result);
    this.#changed();
    this.#tell(result, 'tile');
  }

  #hang(title: Title): void {
    const now = this.#title;
    if (now !== undefined && (title.number < now.number || (title.number === now.number && title.owner >= now.owner)))
      return;
    this.#title = title;
    this.#painting.begin(title.view);
    this.#changed();
  }

  #add(sender: string, result: Result): void {
    if (sender !== this.#title?.owner) return;
    this.#painting.add(result);
    this.#changed();
  }

  /** Who has left needs no picture. */
  #tell(value: unknown, msgId: string, recipients: Iterable<string> = this.#pool.clients): void {
    this.#pool.broadcast(value, { recipients, msgId }).catch(() => {});
  }
}

function toTitle(value: unknown): Title {
  const { number, owner, view } = Object(value) as Partial<Record<keyof Title, unknown>>;
  const tile = toTile({ left: 0, top: 0, width: 0, height: 0, view });
  if (typeof number === 'number' && Number.isSafeInteger(number) && typeof owner === 'string')
    return { number, owner, view: tile.view };
  throw new TypeError('not the title of a picture');
}

function toResult(value: unknown): Result {
  const { index, worker, steps } = Object(value) as Partial<Record<keyof Result, unknown>>;
  if (typeof index === 'number' && typeof worker === 'string' && steps instanceof Uint32Array)
    return { index, worker, steps: Uint32Array.from(steps) };
  throw new TypeError('not a tile');
}
