import { Composer } from './composer.ts';
import { Conversation } from './conversation.ts';
import { deliver } from './delivery.ts';
import { listText } from './figures.ts';
import { Journal } from './journal.ts';
import { toParcel } from './parcel.ts';
import { Presence } from './presence.ts';

const journal = new Journal();
const conversation = new Conversation();
const composer = new Composer(send);
const presence = new Presence({
  listeners: () => journal.listeners(),
  begin: (pool) => pool.onMessage((message) => conversation.arrived(message), { everyId: true, parse: toParcel }),
  people: (names) => composer.people(names),
  news: (sentence) => journal.write(sentence),
  writeTo: (name) => composer.writeTo(name),
});

/** To those who were in the room when one pressed Send. */
function send(value: unknown, recipients: readonly string[]): void {
  const { pool } = presence;
  if (pool === undefined) return;
  const to = recipients.length > 2 ? `everyone (${recipients.length})` : listText(recipients);
  deliver(pool, recipients, value, conversation.sent(toParcel(value), to)).catch(reportError);
}
