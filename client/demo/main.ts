import { BroadcastChannelCommunicator, Pool, PoolError, WebRTCCommunicator } from 'peerpool';
import { Composer } from './composer.ts';
import { Conversation } from './conversation.ts';
import { deliver } from './delivery.ts';
import { absenceText } from './explanation.ts';
import { listText } from './figures.ts';
import { Identity } from './identity.ts';
import { Journal } from './journal.ts';
import { freshName } from './names.ts';
import { Notice } from './notice.ts';
import { toParcel } from './parcel.ts';
import { RoomLink } from './room-link.ts';
import { Roster } from './roster.ts';
import { SignalingSign } from './signaling-sign.ts';

const link = new RoomLink();
const journal = new Journal();
const notice = new Notice();
const conversation = new Conversation();
const composer = new Composer(send);
const roster = new Roster((name) => composer.writeTo(name));
const identity = new Identity({ take: (name) => join(name, true), leave: () => pool?.shutdown() });
const sign = new SignalingSign();

/** By which this page is in the room; every name it takes has one of its own. */
let pool: Pool | undefined;

/** Is in the room under this name until the pool ends. `chosen`: by a person, so that no other name will do. */
async function join(name: string, chosen: boolean): Promise<void> {
  const former = pool;
  const mine = poolOf(name);
  if (mine === undefined) return;
  pool = mine;
  notice.hide();
  sign.away();
  identity.show('joining', name);
  const end = await stay(mine, former);
  // Another name was taken meanwhile, and what becomes of this one is no news.
  if (pool !== mine) return;
  const taken = end instanceof PoolError && end.code === 'duplicate-peer';
  if (taken && !chosen) await join(freshName(), false);
  else left(name, end);
}

/** A name that is none is refused before anything has happened: who is in the room stays there. */
function poolOf(name: string): Pool | undefined {
  try {
    const made = new Pool(name, communicator(), { on: journal.listeners() });
    listen(made);
    return made;
  } catch (error) {
    const another = { 'Open a new room': () => location.assign('#') };
    notice.show(absenceText(error, name, link.room), pool === undefined ? another : {});
    return undefined;
  }
}

/** Resolves with why it ended, or `undefined` when we left by ourselves. */
async function stay(mine: Pool, former: Pool | undefined): Promise<unknown> {
  try {
    if (former?.state === 'started') await former.shutdown();
    if (pool !== mine) return undefined;
    await mine.initialize();
    if (mine.state === 'started') identity.show('here', mine.name);
    return await mine.closed;
  } catch (error) {
    return error;
  }
}

function communicator(): WebRTCCommunicator | BroadcastChannelCommunicator {
  const { room, way } = link;
  return way === 'webrtc' ? new WebRTCCommunicator({ room }) : new BroadcastChannelCommunicator({ room });
}

/** Before `initialize`, so that nothing is missed. */
function listen(mine: Pool): void {
  const people = (): void => {
    if (pool !== mine) return;
    roster.show(mine);
    composer.people([...mine.clients]);
  };
  for (const change of ['join', 'leave', 'restart', 'link', 'state'] as const) mine.on(change, people);
  mine.on('state', (now) => {
    if (pool !== mine || now.state !== 'started') return;
    const news = sign.show(now.signaling);
    if (news !== undefined) journal.note(news);
  });
  mine.onMessage((message) => conversation.arrived(message), { everyId: true, parse: toParcel });
}

/** `error`: why, unless we left by ourselves. */
function left(name: string, error: unknown): void {
  identity.show('away', name);
  if (pool !== undefined) roster.show(pool);
  composer.people([]);
  sign.away();
  const again = { 'Join again': () => join(name, true) };
  if (error === undefined) return notice.show('You left the room. The others saw you say goodbye.', again);
  const sentence = absenceText(error, name, link.room);
  journal.write(sentence);
  const code = error instanceof PoolError ? error.code : undefined;
  if (code === 'duplicate-peer') {
    notice.show(sentence);
    identity.ask(true);
  } else if (code === 'unreachable' && link.way === 'webrtc') {
    const locally = () => location.assign(link.url('broadcast-channel'));
    notice.show(sentence, { ...again, 'Meet only tabs of this browser': locally });
  } else notice.show(sentence, again);
}

/** To those who were in the room when one pressed Send. */
function send(value: unknown, recipients: readonly string[]): void {
  if (pool === undefined) return;
  const to = recipients.length > 2 ? `everyone (${recipients.length})` : listText(recipients);
  deliver(pool, recipients, value, conversation.sent(toParcel(value), to)).catch(reportError);
}

// The browser kept the page and brings it back, but the pool said goodbye when it went.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) join(identity.name, true).catch(reportError);
});

join(freshName(), false).catch(reportError);
