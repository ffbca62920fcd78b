import type { Refusal } from '#shared/signaling';
import { refusal } from './refusal.ts';
import type { Request } from './requests.ts';
import { type Claim, ownership, type Taken } from './rooms/rooms.ts';
import { answers } from './reach.ts';
import type { House, SignalingServer, SignalingSocket } from './visit.ts';

/**
 * Milliseconds in which somebody whose name another instance claims by the right key has to answer. A page that lives
 * does so within a round trip; one that is frozen or computes for longer loses the name to its own successor.
 */
const ANSWER_WITHIN = 1000;

/**
 * A name whose holder still answers is not handed over, not even to its key. Asked once: who comes then was faster.
 * `asking` hears of the question, which socket.io goes on waiting for.
 */
export async function takeName(
  { io, rooms }: House,
  socket: SignalingSocket,
  { room, name, instance, key, again }: Request & { type: 'join' },
  asking: (asked: Promise<unknown>) => void,
): Promise<Taken | Refusal> {
  const claim: Claim = { name, instance, proof: ownership(key), socket: socket.id, again, silent: undefined };
  let outcome = await rooms.join(room, claim);
  if (outcome.ok || outcome.code !== 'contested') return outcome;
  const holder = outcome.socket;
  const asked = answers(io, holder, ANSWER_WITHIN);
  asking(asked);
  if (!(await unlessItCloses(io, holder, asked)) && socket.connected) {
    outcome = await rooms.join(room, { ...claim, silent: holder });
    if (outcome.ok || outcome.code !== 'contested') return outcome;
  }
  return refusal('name-taken', `${JSON.stringify(name)} is in use in this room, by an instance that answers`);
}

/** What it answers, and no when it closes instead. */
async function unlessItCloses(io: SignalingServer, holder: string, asked: Promise<boolean>): Promise<boolean> {
  const socket = io.sockets.sockets.get(holder);
  let gone = (): void => {};
  const closed = new Promise<false>((resolve) => {
    gone = () => resolve(false);
    socket?.once('disconnect', gone);
  });
  try {
    return await Promise.race([asked, closed]);
  } finally {
    socket?.off('disconnect', gone);
  }
}
