import { Server } from 'socket.io';
import { SIGNALING_PATH } from '#shared/signaling';
import type { SignalingEvent } from './events.ts';
import { farewell } from './farewell.ts';
import { type Limits, limits } from './limits.ts';
import { type HttpServer, Mount } from './mount.ts';
import { MemoryRooms, type RoomCounts } from './rooms.ts';
import { type House, type SignalingServer, Visit } from './visit.ts';

export type { SignalingEvent } from './events.ts';
export type { Limits } from './limits.ts';
export type { HttpServer } from './mount.ts';
export type { RoomCounts } from './rooms.ts';

export interface SignalingOptions extends Partial<Limits> {
  /** Where on the server; default `/peerpool`. */
  readonly path?: string | undefined;
  /**
   * The web origins that may join, as `https://example.org`; default `'*'`, all of them: an open door, made for
   * development. It stops pages of other sites, not programs, which say what they like or nothing.
   */
  readonly origin?: '*' | readonly string[] | undefined;
  /**
   * Hears of life events, for logs and figures. By default faults become process warnings, and the rest is not told.
   */
  readonly observe?: ((event: SignalingEvent) => void) | undefined;
}

export interface Signaling {
  readonly path: string;
  /** What `/healthz` shows. */
  counts(): Promise<RoomCounts>;
  /**
   * Tells every client that the server is shutting down, closes their sockets, and leaves the http server, which goes
   * on, as it was. Resolves when no socket, timer or listener is left, after a second at most where clients don't
   * answer. Safe to call twice. Comes by itself when the http server closes; that one waits for our sockets, so close
   * this first.
   */
  close(): Promise<void>;
}

/** socket.io's default. Often enough for proxies, which cut what is silent for a minute. */
const PING_INTERVAL = 25_000;
/**
 * A page that computes for a minute without a pause answers no ping, and has not left. A socket that really broke
 * mostly says so itself.
 */
const PING_TIMEOUT = 60_000;
/**
 * One request by long polling carries several signals, and JSON may double a string; what is larger ends the socket
 * before it is read.
 */
const TRANSPORT_SIGNALS = 4;
/** Milliseconds to take leave of clients before their sockets are cut. */
const CLOSE_GRACE = 1000;

/**
 * Puts signaling on one path of a server, beside whatever else that serves: other routes, the app's own socket.io,
 * Vite's hot reload.
 * @throws Error when signaling stands on that path of that server already; RangeError for a path or a limit that is
 * none
 */
export function attachSignaling(httpServer: HttpServer, options: SignalingOptions = {}): Signaling {
  const { path = SIGNALING_PATH, origin = '*', observe = warn } = options;
  const chosen = limits(options);
  const mount = new Mount(httpServer, path, (request, response) => {
    farewell(request, response, house).catch((error: unknown) => house.observe({ type: 'fault', error }));
  });
  const io: SignalingServer = new Server(mount.inner, {
    path,
    addTrailingSlash: false,
    serveClient: false,
    maxHttpBufferSize: chosen.maxSignalBytes * TRANSPORT_SIGNALS,
    connectTimeout: chosen.joinDeadline,
    pingInterval: PING_INTERVAL,
    pingTimeout: PING_TIMEOUT,
    cors: { origin: origin === '*' ? '*' : [...origin] },
    // CORS does not cover WebSockets.
    allowRequest: (request, decide) => {
      if (ending !== undefined) decide('the server is shutting down', false);
      else decide('this origin may not join', allows(origin, request.headers.origin));
    },
  });
  const rooms = new MemoryRooms(chosen);
  const visits = new Set<Visit>();
  let ending: Promise<void> | undefined;
  const house: House = {
    io,
    rooms,
    limits: chosen,
    visits,
    observe: (event) => {
      try {
        observe(event);
      } catch (error) {
        warn({ type: 'fault', error });
      }
    },
  };
  io.on('connection', (socket) => {
    const visit = new Visit(socket, house);
    if (ending !== undefined) visit.dismiss();
  });

  const close = () => (ending ??= end());
  const closed = () => {
    close().catch((error: unknown) => house.observe({ type: 'fault', error }));
  };
  httpServer.once('close', closed);

  async function end(): Promise<void> {
    httpServer.off('close', closed);
    const ended = Promise.all([...visits].map((visit) => visit.ended));
    for (const visit of visits) visit.dismiss();
    await within(CLOSE_GRACE, Promise.all([ended, mount.emptied()]));
    await io.close();
    await mount.close();
    await ended;
  }

  return { path, counts: () => rooms.counts(), close };
}

/** Who sends no origin is not a page. */
function allows(allowed: '*' | readonly string[], origin: string | undefined): boolean {
  return allowed === '*' || origin === undefined || allowed.includes(origin);
}

async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

function warn(event: SignalingEvent): void {
  if (event.type !== 'fault') return;
  process.emitWarning(event.error instanceof Error ? event.error : String(event.error));
}
