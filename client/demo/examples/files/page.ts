import { type IncomingStream, type Pool, PoolError } from 'peerpool';
import { element, part } from '../../element.ts';
import { durationText } from '../../figures.ts';
import { Presence } from '../../presence.ts';
import { runFailureText } from '../failure.ts';
import { showSource } from '../source.ts';
import { acceptFile, declineFile, offers, sendFile } from './files.ts';
import { TransferView } from './transfer-view.ts';

const recipient = part('recipient', HTMLSelectElement);
const picked = part('files', HTMLInputElement);

const presence = new Presence({ name: 'files', begin, people });
showSource(() => import('./files.ts?raw'));

/** Nothing can be taken before the pool has started. */
function begin(pool: Pool): void {
  const off = pool.on('state', ({ state }) => {
    if (state !== 'started') return;
    off();
    welcome(pool).catch(reportError);
  });
}

async function welcome(pool: Pool): Promise<void> {
  for await (const offer of offers(pool)) consider(offer);
}

function people(names: readonly string[]): void {
  const chosen = recipient.value;
  recipient.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  part('offer', HTMLButtonElement).disabled = names.length === 0;
}

part('give', HTMLFormElement).addEventListener('submit', (submit) => {
  submit.preventDefault();
  const { pool } = presence;
  if (pool?.state !== 'started') return;
  for (const file of picked.files ?? []) give(pool, recipient.value, file).catch(reportError);
  picked.value = '';
});

async function give(pool: Pool, to: string, file: File): Promise<void> {
  const view = new TransferView({ direction: 'sent', peer: to, name: file.name, size: file.size });
  const control = new AbortController();
  view.ask('Waits to be accepted.', { Cancel: () => control.abort('the sender cancelled') });
  const start = performance.now();
  try {
    await sendFile(pool, to, file, { signal: control.signal, onBytes: (bytes) => view.bytes(bytes) });
    view.end('well', `${to} has it. That took ${durationText(performance.now() - start)}.`);
  } catch (error) {
    view.end('badly', control.signal.aborted ? 'You cancelled.' : `Not given: ${reasonText(error)}.`);
  }
}

function consider(offer: IncomingStream): void {
  const { sender, name = 'file', size = 0 } = offer;
  const view = new TransferView({ direction: 'received', peer: sender, name, size });
  view.ask('Do you want it?', {
    Accept: () => accept(offer, view),
    Decline: async () => {
      await declineFile(offer, 'declined');
      view.end('badly', 'You declined.');
    },
  });
}

async function accept(offer: IncomingStream, view: TransferView): Promise<void> {
  const control = new AbortController();
  view.ask('Begins.', { Cancel: () => control.abort('the receiver cancelled') });
  try {
    const file = await acceptFile(offer, { signal: control.signal, onBytes: (bytes) => view.bytes(bytes) });
    const save = element('a', 'download', `Save ${file.name}`);
    save.href = URL.createObjectURL(file);
    save.download = file.name;
    view.end('well', save);
  } catch (error) {
    view.end('badly', control.signal.aborted ? 'You cancelled.' : `Not received: ${reasonText(error)}.`);
  }
}

/** The other side's own words, where it gave some. */
function reasonText(error: unknown): string {
  const theirs = error instanceof PoolError && error.code === 'remote' ? error.reason : undefined;
  return theirs ?? runFailureText(error);
}
