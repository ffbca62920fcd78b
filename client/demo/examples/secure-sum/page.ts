import type { Pool } from 'peerpool';
import { element, onPress, part } from '../../frame/element.ts';
import { runFailureText } from '../../frame/failure.ts';
import { listText, timeElement } from '../../frame/figures.ts';
import { Presence } from '../../frame/presence.ts';
import { showSource } from '../../frame/source.ts';
import { type Run, Runs } from '../runs.ts';
import { Ledger } from './ledger.ts';
import { LARGEST, privateMean } from './private-mean.ts';
import { Stage } from './stage.ts';

const field = part('secret', HTMLInputElement);
const takePart = part('take-part', HTMLButtonElement);
const compute = part('compute', HTMLButtonElement);
const ledger = new Ledger();
const svg = document.querySelector<SVGSVGElement>('#stage');
if (svg === null) throw new Error('the page has no stage');
const stage = new Stage(svg);

/** What this tab puts in, while it takes part. It is for one round: in a second one with others it would tell something of itself. */
let secret: number | undefined;
/** Nobody chose it, so that the next round may have another. */
let drawn = true;
/** Who else takes part in the next round. */
const ready = new Set<string>();
let runs: Runs | undefined;
let computing = false;

draw();
const presence = new Presence({ name: 'secure-sum', begin, people: show });
showSource(() => import('./secure-sum.ts?raw'));

function begin(pool: Pool): void {
  ready.clear();
  runs = new Runs(pool, { willing: () => willing(pool), perform: (run) => perform(pool, run) });
  pool.onMessage(
    ({ sender, value }) => {
      if (value) ready.add(sender);
      else ready.delete(sender);
      show();
    },
    { msgId: 'ready', parse: (value) => value === true },
  );
  // A newcomer has not heard what was said before.
  pool.on('join', ({ name }) => announce(pool, [name]));
  pool.on('leave', ({ name }) => ready.delete(name));
}

function willing(pool: Pool): string[] {
  const others = [...pool.clients].filter((name) => ready.has(name));
  return secret === undefined ? others : [pool.name, ...others];
}

/** A number to begin with, that is nobody's. */
function draw(): void {
  drawn = true;
  secret = 20 + Math.floor(Math.random() * 80);
  field.value = String(secret);
}

part('own', HTMLFormElement).addEventListener('submit', (submit) => {
  submit.preventDefault();
  offer(secret === undefined ? entered() : undefined);
});

/** What the field holds; `undefined`, and a word about it, when that is no number. */
function entered(): number | undefined {
  const number = Number(field.value.trim().replace(',', '.') || NaN);
  const fits = Math.abs(number) <= LARGEST;
  field.setCustomValidity(fits ? '' : `A number from −${LARGEST} to ${LARGEST}, please.`);
  field.reportValidity();
  return fits ? number : undefined;
}

/** Whoever types takes part with what they typed, when they say so. */
field.addEventListener('input', () => {
  field.setCustomValidity('');
  drawn = false;
  if (secret !== undefined) offer(undefined);
});

function offer(number: number | undefined): void {
  secret = number;
  const { pool } = presence;
  if (pool?.state === 'started') announce(pool, pool.clients);
  show();
}

/** Whether this tab takes part; never its number. */
function announce(pool: Pool, recipients: Iterable<string>): void {
  pool.broadcast(secret !== undefined, { recipients, msgId: 'ready', ack: 'none' }).catch(reportError);
}

onPress(compute, () => runs?.ask());

async function perform(pool: Pool, run: Run): Promise<void> {
  const mine = secret;
  if (mine === undefined) return;
  offer(undefined);
  computing = true;
  ledger.begin(pool.name, run.parties);
  try {
    const mean = await privateMean(pool, mine, {
      ...run,
      watch: (parcel) => {
        ledger.write(parcel);
        stage.travel(parcel);
      },
    });
    stage.reveal(`⌀ ${meanText(mean)}`);
    const own = element('p', 'hint', `Your number was ${mine}. Nobody was sent it.`);
    tell(run, element('output', 'result', meanText(mean)), own);
  } catch (error) {
    tell(run, element('p', 'outcome bad', `Nothing was computed: ${runFailureText(error)}.`));
  } finally {
    computing = false;
    if (drawn) draw();
    offer(drawn ? secret : undefined);
  }
}

function meanText(mean: number): string {
  return mean.toLocaleString('en', { maximumFractionDigits: 2, useGrouping: false });
}

function tell({ parties }: Run, ...outcome: readonly Node[]): void {
  const names = element('span', 'meta', `Average of ${listText(parties)}`);
  const head = element('div', 'head', names, timeElement());
  part('results', HTMLOListElement).prepend(element('li', 'message', head, ...outcome));
  part('no-results', HTMLElement).hidden = true;
}

function show(): void {
  const { pool } = presence;
  const here = pool?.state === 'started' ? [pool.name, ...pool.clients] : [];
  const taking = pool === undefined ? [] : willing(pool);
  const word = (name: string): string => {
    if (!taking.includes(name)) return computing ? 'computes' : 'not yet';
    return name === pool?.name ? `has ${field.value}` : 'has a number';
  };
  if (pool !== undefined) stage.show(pool.name, new Map(here.sort().map((name) => [name, word(name)])));
  takePart.textContent = secret === undefined ? 'Take part' : 'Withdraw';
  compute.disabled = taking.length < 2;
  const hint = part('parties-hint', HTMLElement);
  if (taking.length < 2) hint.textContent = 'Two at least have to take part, and three for a number to stay a secret.';
  else if (taking.length === 2) hint.textContent = 'With two, each learns the other’s number from the average.';
  else hint.textContent = `${listText([...taking].sort())} take part.`;
}
