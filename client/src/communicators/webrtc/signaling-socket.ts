import type { io, Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '#shared/signaling';
import type { Signal } from '../transport.ts';
import type { SealedSignal } from './sealed-signals.ts';

/** The goodbye is on its way when `leave` returns; how long its promise waits for the server to hear it, in ms. */
const LEAVE_MS = 250;

export type SignalingSocket = Socket<ServerToClientEvents<unknown>, ClientToServerEvents<Signal | SealedSignal>>;

/** socket.io-client's, loaded when it is needed. */
export type Connect = typeof io;

/** One that is not connected yet, and connects once: who has lost it makes another. */
export function signalingSocket(connect: Connect, url: string, path: string, patience: number): SignalingSocket {
  return connect(url, {
    path,
    addTrailingSlash: false,
    forceNew: true,
    autoConnect: false,
    reconnection: false,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    timeout: patience,
  });
}

/**
 * Says goodbye if there is somebody to say it to, who then closes the socket, for that is how we know that the name is free. `atOnce`, or when there is nobody,
 * we close it; what was said before still leaves.
 */
export async function depart(socket: SignalingSocket, atOnce: boolean): Promise<void> {
  const { engine } = socket.io;
  socket.removeAllListeners();
  if (socket.connected) socket.emit('leave');
  if (atOnce || !socket.connected) socket.disconnect();
  if (engine.readyState !== 'closed') {
    await new Promise<void>((resolve) => {
      const enough = setTimeout(resolve, LEAVE_MS);
      engine.once('close', () => {
        clearTimeout(enough);
        resolve();
      });
    });
  }
  socket.disconnect();
}
