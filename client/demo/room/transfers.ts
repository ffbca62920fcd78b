import { type IncomingStream, PoolError } from 'peerpool';
import { acceptFile, declineFile, type Transfer } from '../examples/files/files.ts';
import { Gate } from '../examples/files/gate.ts';
import { element } from '../frame/element.ts';
import { runFailureText } from '../frame/failure.ts';
import { bytesText, durationText } from '../frame/figures.ts';
import type { Conversation } from './conversation.ts';
import { viewFile } from './file-view.ts';
import { TransferView } from './transfer-view.ts';

/** Larger ones are asked about first, in bytes: anybody in the room may send them. */
const TAKEN_UNASKED = 64 * 2 ** 20;

/** A file on its way to one peer, in the list of messages. Never rejects. */
export async function watchSending(
  file: File,
  to: string,
  conversation: Conversation,
  give: (transfer: Transfer) => Promise<void>,
): Promise<void> {
  const view = new TransferView({ direction: 'sent', peer: to, name: file.name, size: file.size });
  conversation.add(view.item);
  const { control, gate } = controls(view, 'the sender cancelled', 'Waits to be accepted.');
  const start = performance.now();
  try {
    await give({ signal: control.signal, gate, onBytes: (bytes) => view.bytes(bytes) });
    view.end('well', `${to} has it. That took ${durationText(performance.now() - start)}.`);
  } catch (error) {
    view.end('badly', control.signal.aborted ? 'You cancelled.' : `Not given: ${reasonText(error)}.`);
  }
}

/** A file that somebody sends: it is taken at once, or when one says so. */
export function receive(offer: IncomingStream, conversation: Conversation): void {
  const { sender, name = 'file', size } = offer;
  const view = new TransferView({ direction: 'received', peer: sender, name, size });
  const take = (): Promise<void> => accept(offer, view, conversation);
  conversation.add(view.item);
  if (size !== undefined && size <= TAKEN_UNASKED) {
    take().catch(reportError);
    return;
  }
  view.ask('Do you want it?', {
    Accept: take,
    Decline: async () => {
      await declineFile(offer, 'declined');
      view.end('badly', 'You declined.');
    },
  });
}

async function accept(offer: IncomingStream, view: TransferView, conversation: Conversation): Promise<void> {
  const { control, gate } = controls(view, 'the receiver cancelled', 'Begins.');
  try {
    const file = await acceptFile(offer, { signal: control.signal, gate, onBytes: (bytes) => view.bytes(bytes) });
    const shown = viewFile(file, offer.sender);
    view.end('well', element('span', '', `${bytesText(file.size)} from ${offer.sender}, whole.`));
    view.item.append(shown.element);
    conversation.keep(view.item, shown);
  } catch (error) {
    view.end('badly', control.signal.aborted ? 'You cancelled.' : `Not received: ${reasonText(error)}.`);
  }
}

/** Pause and cancel, which both ends have. */
function controls(view: TransferView, reason: string, sentence: string): { control: AbortController; gate: Gate } {
  const control = new AbortController();
  const gate = new Gate();
  const cancel = (): void => {
    control.abort(reason);
    // Who waits at it hears of it now.
    gate.reopen();
  };
  const pause = (): void => {
    gate.close();
    view.paused(true);
    view.actions({ Resume: resume, Cancel: cancel });
  };
  const resume = (): void => {
    gate.reopen();
    view.paused(false);
    view.actions({ Pause: pause, Cancel: cancel });
  };
  view.ask(sentence, { Pause: pause, Cancel: cancel });
  return { control, gate };
}

/** The other side's own words, where it gave some. */
function reasonText(error: unknown): string {
  const theirs = error instanceof PoolError && error.code === 'remote' ? error.reason : undefined;
  return theirs ?? runFailureText(error);
}
