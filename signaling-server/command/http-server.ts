import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { clientAddress } from '../admission/client-address.ts';

interface HttpTimes {
  /** Milliseconds from a connection to the end of its first headers. */
  readonly headersTimeout: number;
  /** Milliseconds for a whole request, its body included. Answers, as those of long polling, take as long as they like. */
  readonly requestTimeout: number;
  /** How often Node looks for those that are late, in ms. */
  readonly connectionsCheckingInterval: number;
}

/** Node's own 60 s, 300 s and 30 s are for uploads. The largest request here has 256 KiB, and most have none. */
const TIMES: HttpTimes = { headersTimeout: 10_000, requestTimeout: 20_000, connectionsCheckingInterval: 2000 };

/**
 * A server for signaling and nothing else: who opens sockets and says nothing, or says it byte by byte, is closed, and
 * one address has at most so many sockets. They are counted where proxies (`hops`) don't make all look alike.
 */
export function httpServer(
  { maxSockets, hops }: { readonly maxSockets: number; readonly hops: number },
  refused: (address: string) => void,
  times: HttpTimes = TIMES,
): Server {
  const server = createServer(times);
  const open = new Map<string, number>();
  if (hops > 0) return server;
  server.on('connection', (socket: Socket) => {
    const address = clientAddress({ headers: {}, socket }, 0);
    const others = open.get(address) ?? 0;
    if (others >= maxSockets) {
      refused(address);
      socket.destroy();
      return;
    }
    open.set(address, others + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
  return server;
}
