import type { Pool } from 'peerpool';
import { offers, sendFile } from '../examples/files/files.ts';
import { listText } from '../frame/figures.ts';
import { Presence } from '../frame/presence.ts';
import { showSource } from '../frame/source.ts';
import { Composer } from './composer.ts';
import { Conversation } from './conversation.ts';
import { deliver } from './delivery.ts';
import { onDrop } from './drop-zone.ts';
import { receive, watchSending } from './transfers.ts';
import { toParcel } from './parcel.ts';

const conversation = new Conversation();
const composer = new Composer({ send, sendFiles });
const presence = new Presence({
  begin,
  people: (names) => composer.people(names),
  writeTo: (name) => composer.writeTo(name),
});
showSource(() => import('../examples/files/files.ts?raw'));
onDrop({ to: () => composer.recipientText, files: (files) => composer.giveFiles(files) });

function begin(pool: Pool): void {
  pool.onMessage((message) => conversation.arrived(message), { everyId: true, parse: toParcel });
  // Nothing can be taken before the pool has started.
  const off = pool.on('state', ({ state }) => {
    if (state !== 'started') return;
    off();
    welcome(pool).catch(reportError);
  });
}

async function welcome(pool: Pool): Promise<void> {
  for await (const offer of offers(pool)) receive(offer, conversation);
}

/** To those who were in the room when one pressed Send. */
function send(value: unknown, recipients: readonly string[]): void {
  const { pool } = presence;
  if (pool === undefined) return;
  const to = recipients.length > 2 ? `everyone (${recipients.length})` : listText(recipients);
  deliver(pool, recipients, value, conversation.sent(toParcel(value), to)).catch(reportError);
}

/** Each goes to each at their pace. */
function sendFiles(files: readonly File[], recipients: readonly string[]): void {
  const { pool } = presence;
  if (pool === undefined) return;
  for (const file of files)
    for (const to of recipients)
      watchSending(file, to, conversation, (transfer) => sendFile(pool, to, file, transfer)).catch(reportError);
}
