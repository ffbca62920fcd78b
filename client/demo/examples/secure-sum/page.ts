import type { Pool } from 'peerpool';
import { element, onPress, part } from '../../element.ts';
import { listText, timeElement } from '../../figures.ts';
import { nameElement } from '../../name-element.ts';
import { Presence } from '../../presence.ts';
import { runFailureText } from '../failure.ts';
import { type Run, Runs } from '../runs.ts';
import { showSource } from '../source.ts';
import { MODULUS, secureSum } from './secure-sum.ts';

const field = part('secret', HTMLInputElement);
const takePart = part('take-part', HTMLButtonElement);
const addUp = part('add-up', HTMLButtonElement);

/** What this tab puts in, once it takes part: for one round, and then it is asked again. */
let secret: bigint | undefined;
/** Who else takes part in the next round. */
const ready = new Set<string>();
let runs: Runs | undefined;

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

part('own', HTMLFormElement).addEventListener('submit', (submit) => {
  submit.preventDefault();
  offer(secret === undefined ? entered() : undefined);
});

/** What the field holds; `undefined`, and a word about it, when that is no number. */
function entered(): bigint | undefined {
  const text = field.value.trim();
  const value = /^\d+$/.test(text) ? BigInt(text) : -1n;
  const fits = value >= 0n && value < MODULUS;
  field.setCustomValidity(fits ? '' : 'A whole number from 0 to 2^128 − 1, please.');
  field.reportValidity();
  return fits ? value : undefined;
}

field.addEventListener('input', () => field.setCustomValidity(''));

function offer(value: bigint | undefined): void {
  secret = value;
  const { pool } = presence;
  if (pool?.state === 'started') announce(pool, pool.clients);
  show();
}

/** Whether this tab takes part; never its number. */
function announce(pool: Pool, recipients: Iterable<string>): void {
  pool.broadcast(secret !== undefined, { recipients, msgId: 'ready', ack: 'none' }).catch(reportError);
}

onPress(addUp, () => runs?.ask());

async function perform(pool: Pool, run: Run): Promise<void> {
  const mine = secret;
  if (mine === undefined) return;
  offer(undefined);
  try {
    const sum = await secureSum(pool, mine, run);
    tell(run, element('output', 'result', sum.toString()));
  } catch (error) {
    tell(run, element('p', 'outcome bad', `Nothing was added up: ${runFailureText(error)}. Take part again.`));
  }
}

function tell({ parties }: Run, outcome: Node): void {
  const names = element('span', 'meta', `Sum of ${listText(parties)}`);
  const head = element('div', 'head', names, timeElement());
  part('results', HTMLOListElement).prepend(element('li', 'message', head, outcome));
  part('no-results', HTMLElement).hidden = true;
}

function show(): void {
  const { pool } = presence;
  const here = pool?.state === 'started' ? [pool.name, ...pool.clients] : [];
  const taking = pool === undefined ? [] : willing(pool);
  const rows = here.sort().map((name) => {
    const takes = taking.includes(name);
    const row = element('li', 'party', nameElement(name), element('span', 'meta', takes ? 'takes part' : 'not yet'));
    row.dataset['ready'] = String(takes);
    return row;
  });
  part('parties', HTMLUListElement).replaceChildren(...rows);
  field.readOnly = secret !== undefined;
  takePart.textContent = secret === undefined ? 'Take part' : 'Withdraw';
  addUp.disabled = taking.length < 2;
  const hint = part('parties-hint', HTMLElement);
  if (taking.length < 2) hint.textContent = 'Two at least have to take part, and three for a secret to stay one.';
  else if (taking.length === 2) hint.textContent = 'With two, each learns the other’s number from the sum.';
  else hint.textContent = `${listText(taking)} take part.`;
}
