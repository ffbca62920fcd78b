import type { Member, Refusal } from '#shared/signaling';
import type { SignalingServer } from './visit.ts';

/**
 * Ways to a client that may be on another node. Where it is on this one it is reached without the others, whom it costs
 * nothing then, and also while the way to them is broken.
 */

/** To whoever has that address; to nobody when nobody has it. */
export function relay(io: SignalingServer, address: string, from: Member, signal: unknown): void {
  const { sockets, adapter } = io.sockets;
  const here = adapter.rooms.get(address);
  if (here === undefined) io.to(address).emit('signal', from, signal);
  else for (const id of here) sockets.get(id)?.emit('signal', from, signal);
}

/** Ends somebody's socket, and says why if that is given. */
export function oust(io: SignalingServer, id: string, why?: Refusal): void {
  const socket = io.sockets.sockets.get(id);
  if (socket === undefined) {
    if (why !== undefined) io.to(id).emit('refused', why);
    io.in(id).disconnectSockets(true);
    return;
  }
  if (why !== undefined) socket.emit('refused', why);
  socket.disconnect(true);
}

/** Whether the client of that socket says within so many ms that it is still there. */
export async function answers(io: SignalingServer, id: string, within: number): Promise<boolean> {
  const socket = io.sockets.sockets.get(id);
  try {
    // Whatever the answer is.
    if (socket !== undefined) return (await socket.timeout(within).emitWithAck('still-here'), true);
    return (await io.timeout(within).to(id).emitWithAck('still-here')).length > 0;
  } catch (error) {
    // Some node has not answered. That of the socket may have.
    const { responses = [] } = error as { readonly responses?: readonly unknown[] };
    return responses.length > 0;
  }
}
