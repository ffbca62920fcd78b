import type { Pool } from 'peerpool';
import { element, onPress, part } from '../../frame/element.ts';
import { runFailureText } from '../../frame/failure.ts';
import { durationText } from '../../frame/figures.ts';
import { nameElement } from '../../frame/name-element.ts';
import { Presence } from '../../frame/presence.ts';
import { showSource } from '../../frame/source.ts';
import { breath } from './breath.ts';
import { Exhibition } from './exhibition.ts';
import { HEIGHT, mandelbrot, tilesOf, toTile, type View, WHOLE, WIDTH } from './mandelbrot.ts';
import { Painting } from './painting.ts';
import { workPool } from './work-pool.ts';

/** How much nearer one press goes. */
const NEARER = 4;

const canvas = part('picture', HTMLCanvasElement);
const start = part('start', HTMLButtonElement);
const stop = part('stop', HTMLButtonElement);
const hint = part('picture-hint', HTMLElement);
const progress = part('picture-progress', HTMLProgressElement);
const painting = new Painting(canvas);

let exhibition: Exhibition | undefined;
/** The picture that this tab has drawn at the moment. */
let drawing: AbortController | undefined;

const presence = new Presence({ name: 'work-pool', begin, people: show });
showSource(() => import('./work-pool.ts?raw'));

/** Every tab of the room works for whoever asks. */
function begin(pool: Pool): void {
  exhibition = new Exhibition(pool, painting, show);
  pool.expose({
    tile: async (tile: unknown) => {
      const checked = toTile(tile);
      await breath();
      return mandelbrot(checked);
    },
  });
}

onPress(start, () => draw(exhibition?.view ?? WHOLE));
onPress(stop, () => drawing?.abort());
onPress(part('whole', HTMLButtonElement), () => draw(WHOLE));
onPress(part('nearer', HTMLButtonElement), () => nearer(WIDTH / 2, HEIGHT / 2));
canvas.addEventListener('click', (click) => {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const x = ((click.clientX - left) / width) * WIDTH;
  nearer(x, ((click.clientY - top) / height) * HEIGHT).catch(reportError);
});
part('colouring', HTMLSelectElement).addEventListener('change', ({ currentTarget }) =>
  painting.colour((currentTarget as HTMLSelectElement).value === 'worker'),
);

async function nearer(x: number, y: number): Promise<void> {
  const { real, imaginary, scale } = exhibition?.view ?? WHOLE;
  const middle = { real: real + (x - WIDTH / 2) * scale, imaginary: imaginary + (y - HEIGHT / 2) * scale };
  if (exhibition?.view !== undefined) await draw({ ...middle, scale: scale / NEARER });
}

async function draw({ real, imaginary, scale }: Omit<View, 'depth'>): Promise<void> {
  const { pool } = presence;
  if (pool?.state !== 'started' || exhibition === undefined) return;
  drawing?.abort();
  const control = new AbortController();
  drawing = control;
  const wall = exhibition;
  const view = { real, imaginary, scale, depth: Number(part('depth', HTMLSelectElement).value) };
  wall.open(view);
  const began = performance.now();
  try {
    const items = tilesOf(view);
    const done = (steps: Uint32Array<ArrayBuffer>, index: number, worker: string): void => {
      if (drawing === control) wall.show({ index, worker, steps });
    };
    await workPool(pool, { method: 'tile', items, done, signal: control.signal });
    if (drawing === control) finished(`Drawn in ${durationText(performance.now() - began)}.`);
  } catch (error) {
    if (drawing === control) finished(control.signal.aborted ? 'Stopped.' : `Not finished: ${runFailureText(error)}.`);
  }
}

function finished(sentence: string): void {
  drawing = undefined;
  show();
  hint.textContent = sentence;
}

function show(): void {
  const { pool } = presence;
  const started = pool?.state === 'started';
  const owner = exhibition?.owner;
  // Another tab draws another picture: this one is on the wall no more.
  if (drawing !== undefined && owner !== undefined && owner !== pool?.name) {
    drawing.abort();
    drawing = undefined;
  }
  const { workers } = painting;
  const [done, all] = [painting.results.length, painting.tiles.length];
  start.disabled = !started || drawing !== undefined;
  stop.hidden = drawing === undefined;
  for (const id of ['nearer', 'whole']) part(id, HTMLButtonElement).disabled = !started || all === 0;
  progress.max = all || 1;
  progress.value = done;
  if (all > 0) {
    const whose = owner === pool?.name ? '' : ` of the picture of ${owner}`;
    hint.textContent = `${done} of ${all} tiles${whose}`;
  }
  const items = workers.map(([name, count]) => {
    const away = name !== pool?.name && pool?.clients.has(name) !== true;
    const tiles = element('span', 'meta', `${count === 1 ? '1 tile' : `${count} tiles`}${away ? ', left' : ''}`);
    return element('li', 'worker', nameElement(name), tiles);
  });
  part('workers', HTMLUListElement).replaceChildren(...items);
}
