import type { Pool } from 'peerpool';
import { element, onPress, part } from '../../element.ts';
import { durationText } from '../../figures.ts';
import { hueOf, nameElement } from '../../name-element.ts';
import { Presence } from '../../presence.ts';
import { runFailureText } from '../failure.ts';
import { showSource } from '../source.ts';
import { colours, mandelbrotRow, type Row } from './mandelbrot.ts';
import { workPool } from './work-pool.ts';

const canvas = part('picture', HTMLCanvasElement);
const strip = part('strip', HTMLCanvasElement);
const start = part('start', HTMLButtonElement);
const stop = part('stop', HTMLButtonElement);
const hint = part('picture-hint', HTMLElement);

/** How many rows each has computed for this picture. */
const rows = new Map<string, number>();
let control: AbortController | undefined;

const presence = new Presence({ name: 'work-pool', begin, people: showStart });
showSource(() => import('./work-pool.ts?raw'));

/** Every tab of the room works for whoever asks. */
function begin(pool: Pool): void {
  pool.expose({
    row: async (row: Row) => {
      await breath();
      return mandelbrotRow(checked(row));
    },
  });
}

/** Lets the page be drawn between two rows. A timer would wait for a second in a tab that nobody looks at. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** What another tab asks for is bounded. */
function checked(row: Row): Row {
  const { y, width, height, depth } = row;
  const natural = [y, width, height, depth].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (natural && width <= 4096 && height <= 4096 && depth <= 1_000_000) return row;
  throw new RangeError('not a row of a picture');
}

onPress(start, async () => {
  const { pool } = presence;
  if (pool?.state !== 'started') return;
  control = new AbortController();
  rows.clear();
  showStart();
  const began = performance.now();
  try {
    await draw(pool, control.signal);
    hint.textContent = `Drawn in ${durationText(performance.now() - began)}.`;
  } catch (error) {
    hint.textContent = control.signal.aborted ? 'Stopped.' : `Not finished: ${runFailureText(error)}.`;
  } finally {
    control = undefined;
    showStart();
  }
});

onPress(stop, () => control?.abort());

async function draw(pool: Pool, signal: AbortSignal): Promise<void> {
  const { width, height } = canvas;
  const depth = Number(part('depth', HTMLSelectElement).value);
  const [picture, workers] = [contextOf(canvas), contextOf(strip)];
  picture.clearRect(0, 0, width, height);
  workers.clearRect(0, 0, strip.width, height);
  const items = Array.from({ length: height }, (_, y): Row => ({ y, width, height, depth }));
  let drawn = 0;
  const done = (steps: Uint32Array, y: number, worker: string): void => {
    picture.putImageData(new ImageData(colours(steps, depth), width, 1), 0, y);
    workers.fillStyle = `oklch(65% 0.14 ${hueOf(worker)})`;
    workers.fillRect(0, y, strip.width, 1);
    rows.set(worker, (rows.get(worker) ?? 0) + 1);
    hint.textContent = `${++drawn} of ${height} rows`;
    showWorkers();
  };
  await workPool(pool, { method: 'row', items, done, signal });
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser draws no pictures');
  return context;
}

function showWorkers(): void {
  const list = [...rows].sort(([, a], [, b]) => b - a);
  const items = list.map(([name, count]) =>
    element('li', 'party', nameElement(name), element('span', 'meta', count === 1 ? '1 row' : `${count} rows`)),
  );
  part('workers', HTMLUListElement).replaceChildren(...items);
}

function showStart(): void {
  start.disabled = presence.pool?.state !== 'started' || control !== undefined;
  stop.hidden = control === undefined;
  showWorkers();
}
