import type SimplePeer from 'simple-peer/simplepeer.min.js';
import type { io } from 'socket.io-client';
import { PoolError } from '../../errors.ts';

/** Others' code, larger than ours, which a page can do without until it wants a pool over WebRTC. */
export interface Libraries {
  readonly SimplePeer: typeof SimplePeer;
  readonly io: typeof io;
}

let loading: Promise<Libraries> | undefined;
// A page that imports this wants a pool soon; elsewhere most who import it never do.
if ('RTCPeerConnection' in globalThis) libraries().catch(() => {});

/**
 * Both at once, and once for all. What could not be loaded is tried again by the next who asks, where the browser does so.
 * @throws PoolError `unreachable`
 */
export function libraries(): Promise<Libraries> {
  loading ??= load().catch((cause: unknown) => {
    loading = undefined;
    throw new PoolError(
      'unreachable',
      'simple-peer and socket.io-client could not be loaded: the page may be offline, or older than what is deployed',
      { cause },
    );
  });
  return loading;
}

async function load(): Promise<Libraries> {
  const [simplePeer, socketIO] = await Promise.all([
    import('simple-peer/simplepeer.min.js'),
    import('socket.io-client'),
  ]);
  return { SimplePeer: simplePeer.default, io: socketIO.io };
}
