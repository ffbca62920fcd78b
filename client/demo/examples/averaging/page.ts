import type { Pool } from 'peerpool';
import { element, onPress, part } from '../../frame/element.ts';
import { listText, timeElement } from '../../frame/figures.ts';
import { Presence } from '../../frame/presence.ts';
import { runFailureText } from '../../frame/failure.ts';
import { type Run, Runs } from '../runs.ts';
import { showSource } from '../../frame/source.ts';
import { type Point, train } from './averaging.ts';
import { Plot } from './plot.ts';

const ROUNDS = 60;

let points = freshPoints();
let runs: Runs | undefined;

const svg = document.querySelector<SVGSVGElement>('#plot');
if (svg === null) throw new Error('the page has no plot');
const plot = new Plot(svg, (point) => keep([...points, point]));
keep(points);

const learn = part('learn', HTMLButtonElement);
const presence = new Presence({ name: 'averaging', begin, people: show });
showSource(() => import('./averaging.ts?raw'));
onPress(learn, () => runs?.ask());
onPress(part('fresh', HTMLButtonElement), () => keep(freshPoints()));
onPress(part('clear', HTMLButtonElement), () => keep([]));

function begin(pool: Pool): void {
  runs = new Runs(pool, { willing: () => [pool.name, ...pool.clients], perform: (run) => perform(pool, run) });
}

/** Around one line that nobody knows, but from a third of its length only: alone one learns another. */
function freshPoints(): Point[] {
  const middle = (Math.random() - 0.5) * 2;
  return Array.from({ length: 6 + Math.floor(Math.random() * 10) }, () => {
    const x = middle + (Math.random() - 0.5) * 0.8;
    return { x, y: 0.5 * x + 0.1 + (Math.random() - 0.5) * 0.35 };
  });
}

function keep(kept: Point[]): void {
  points = kept;
  plot.points(points);
}

async function perform(pool: Pool, run: Run): Promise<void> {
  learn.disabled = true;
  const hint = part('learn-hint', HTMLElement);
  try {
    const parameters = await train(pool, points, { ...run, rounds: ROUNDS }, (parameters, round) => {
      plot.line(parameters);
      hint.textContent = `Round ${round} of ${ROUNDS}`;
    });
    const [a = 0, b = 0] = parameters;
    const line = `y = ${a.toFixed(3)} x ${b < 0 ? '−' : '+'} ${Math.abs(b).toFixed(3)}`;
    tell(run, element('output', 'result', line), element('p', 'hint figure', `${a}, ${b}`));
  } catch (error) {
    tell(run, element('p', 'outcome bad', `Nothing was learned: ${runFailureText(error)}.`));
  } finally {
    hint.textContent = '';
    show();
  }
}

function tell({ parties }: Run, ...outcome: readonly Node[]): void {
  const names = element('span', 'meta', `Learned by ${listText(parties)}`);
  const head = element('div', 'head', names, timeElement());
  part('results', HTMLOListElement).prepend(element('li', 'message', head, ...outcome));
  part('no-results', HTMLElement).hidden = true;
}

function show(): void {
  learn.disabled = presence.pool?.state !== 'started';
}
