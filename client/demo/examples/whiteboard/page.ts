import { type Pool, PoolError } from 'peerpool';
import { onPress, part } from '../../frame/element.ts';
import { runFailureText } from '../../frame/failure.ts';
import { Presence } from '../../frame/presence.ts';
import { showSource } from '../../frame/source.ts';
import { Cursors } from './cursors.ts';
import { Paper } from './paper.ts';
import { Pen } from './pen.ts';
import { Whiteboard } from './whiteboard.ts';

const paper = new Paper(part('paper', HTMLCanvasElement));
const cursors = new Cursors();
const hint = part('board-hint', HTMLElement);
let board: Whiteboard | undefined;

const presence = new Presence({ name: 'whiteboard', begin, people: (names) => cursors.keep([...names, ...own()]) });
showSource(() => import('./whiteboard.ts?raw'));

/** A pool of another name has a board of its own, which learns the drawing from the others. */
function begin(pool: Pool): void {
  paper.replace([]);
  count();
  board = new Whiteboard(pool, {
    drawn: (segments) => {
      paper.add(segments);
      count();
    },
    redrawn: (segments) => {
      paper.replace(segments);
      count();
    },
    cursor: (name, place) => {
      if (pool.clients.has(name)) cursors.move(name, place);
    },
    failed: reportError,
  });
}

const pen = new Pen({
  moved: (place) => {
    if (presence.pool?.state !== 'started') return;
    cursors.move(presence.pool.name, place);
    board?.point(place);
  },
  drew: (places) => {
    if (presence.pool?.state === 'started') told(board?.draw(places));
  },
});
pen.follow(part('paper', HTMLCanvasElement));

onPress(part('clear', HTMLButtonElement), () => told(board?.clear()));
onPress(part('picture-save', HTMLButtonElement), save);

/** What did not reach somebody who is still here is said; who left needs nothing. */
function told(sent: Promise<void> | undefined): void {
  sent?.catch((error: unknown) => {
    if (!(error instanceof PoolError)) throw error;
    const errors = error.errors.size > 0 ? [...error.errors.values()] : [error];
    const serious = errors.find(({ code }) => code !== 'peer-left');
    if (serious !== undefined) hint.textContent = `A line did not get to everybody: ${runFailureText(serious)}.`;
  });
}

function own(): readonly string[] {
  const { pool } = presence;
  return pool?.state === 'started' ? [pool.name] : [];
}

function count(): void {
  part('board', HTMLElement).dataset['pieces'] = String(paper.size);
}

async function save(): Promise<void> {
  const picture = await paper.picture();
  if (picture === null) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(picture);
  link.download = 'whiteboard.png';
  link.click();
  URL.revokeObjectURL(link.href);
}
