import type { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server as PlainServer, type ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Errand } from './admission/door.ts';

/** Any server of Node that answers requests; those of HTTP/2 need `allowHTTP1` for WebSockets. */
export type HttpServer = PlainServer | SecureServer | Http2SecureServer | Http2Server;

/** Set on a server; a registered symbol, because two copies of this package in one process must see each other. */
const PATHS = Symbol.for('peerpool.signaling.paths');
type Occupied = EventEmitter & { [PATHS]?: Set<string> };

/** What becomes of the requests for a path. */
export interface Porter {
  /** Whether it may come in; if not, it has been answered. */
  admits(request: IncomingMessage, answer: ServerResponse | Duplex, errand: Errand): boolean;
  /** Answers who posts to the path with `leave` for a query. */
  farewell(request: IncomingMessage, response: ServerResponse): void;
}

/**
 * One path of somebody else's server. `inner` never listens: it is what socket.io attaches to, and hears only the
 * requests of engine.io for this path.
 *
 * They are taken out by overriding `emit` on that one server. The usual way, taking over its listeners, fails both
 * ways: a route added later answers our requests as well, and nothing can be put back as it was.
 */
export class Mount {
  readonly inner: PlainServer = createServer();
  readonly #server: Occupied;
  readonly #path: string;
  readonly #porter: Porter;
  readonly #before: EventEmitter['emit'];
  readonly #overridden: boolean;
  readonly #sockets = new Set<Duplex>();
  #mounted = true;

  /**
   * @throws RangeError when the path is none
   * @throws Error when signaling stands on this path of this server already: two would answer the same request, and the
   * process would die of it
   */
  constructor(server: HttpServer, path: string, porter: Porter) {
    if (!isPath(path)) {
      throw new RangeError(`a path looks like /peerpool, not ${JSON.stringify(path)}`);
    }
    this.#server = server;
    this.#path = path;
    this.#porter = porter;
    const paths = (this.#server[PATHS] ??= new Set());
    if (paths.has(path)) throw new Error(`signaling is attached to ${path} of this server already`);
    paths.add(path);
    this.#overridden = Object.hasOwn(server, 'emit');
    this.#before = server.emit;
    this.#server.emit = this.#emit;
    server.on('upgrade', this.#foreign);
  }

  /** Resolves when every WebSocket of this path that is open now is closed. */
  async emptied(): Promise<void> {
    await Promise.all([...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  /** Gives the server back as it was, and cuts every WebSocket still open on this path. */
  async close(): Promise<void> {
    this.#mounted = false;
    this.#server[PATHS]?.delete(this.#path);
    this.#server.off('upgrade', this.#foreign);
    // Who wrapped `emit` after us calls ours, which then only passes on.
    if (this.#server.emit === this.#emit) {
      if (this.#overridden) this.#server.emit = this.#before;
      else Reflect.deleteProperty(this.#server, 'emit');
    }
    const emptied = this.emptied();
    for (const socket of this.#sockets) socket.destroy();
    await emptied;
  }

  readonly #emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (this.#mounted && (event === 'request' || event === 'upgrade')) {
      const [request, answer] = args as [IncomingMessage, ServerResponse | Duplex];
      const errand = this.#errand(request, event);
      if (errand !== undefined) {
        if (event === 'upgrade') this.#track(answer as Duplex);
        if (!this.#porter.admits(request, answer, errand)) return true;
        if (errand !== 'farewell') return this.inner.emit(event, ...args);
        this.#porter.farewell(request, answer as ServerResponse);
        return true;
      }
    }
    return Reflect.apply(this.#before, this.#server, [event, ...args]);
  };

  /**
   * engine.io always names its version in the query, and a beacon says `leave`. What does neither is the app's own, even
   * on this path: a page, or Vite's hot reload under such a base. The query is read as engine.io reads it, so that both
   * see the same connections.
   */
  #errand({ url = '', method }: IncomingMessage, event: 'request' | 'upgrade'): Errand | undefined {
    const [path] = url.split('?', 1);
    if (path !== this.#path && path !== `${this.#path}/`) return undefined;
    const query = new URL(url, 'http://localhost').searchParams;
    if (query.has('EIO')) return event === 'request' && query.getAll('sid').at(-1) ? 'poll' : 'connect';
    return event === 'request' && method === 'POST' && query.has('leave') ? 'farewell' : undefined;
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /**
   * A WebSocket for a path that is not ours. Our listening makes Node hand it out, so where nobody else listens it is
   * for us to end it.
   */
  readonly #foreign = (_request: IncomingMessage, socket: Duplex): void => {
    if (this.#server.listenerCount('upgrade') > (this.#server[PATHS]?.size ?? 0)) return;
    socket.once('error', () => socket.destroy());
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  };
}

export function isPath(path: string): boolean {
  return /^(\/[\w.~-]+)+$/.test(path);
}
