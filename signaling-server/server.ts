import { setTimeout as pause } from 'node:timers/promises';
import { Server } from 'socket.io';
import { type Refusal, type RefusalCode, SIGNALING_PATH } from '#shared/signaling';
import type { Authorize } from './admission/authorization.ts';
import type { Cluster } from './cluster/cluster.ts';
import { Connection } from './connection.ts';
import { boundBody, Door, type DoorCode, turnAway } from './admission/door.ts';
import type { SignalingEvent } from './events.ts';
import { clientAddress } from './admission/client-address.ts';
import { Audiences } from './audiences.ts';
import { farewell } from './farewell.ts';
import { counters, type Figures } from './figures.ts';
import { type IceOptions, iceOptions } from './ice/ice-options.ts';
import { Forwarding } from './forwarding.ts';
import { type Limits, limits } from './admission/limits.ts';
import { type HttpServer, Mount } from './mount.ts';
import { MemoryRooms } from './rooms/memory-rooms.ts';
import { oust } from './reach.ts';
import type { RoomCounts, RoomsListener } from './rooms/rooms.ts';
import { type House, type SignalingServer, type SignalingSocket, Visit } from './visit.ts';

export type { Capability, Member, Refusal, RefusalCode } from '#shared/signaling';
export type { Application, Authorize, Denial, Grant } from './admission/authorization.ts';
export type { DoorCode } from './admission/door.ts';
export type { SignalingEvent } from './events.ts';
export type { Cluster } from './cluster/cluster.ts';
export { type RedisCluster, redisCluster, type RedisOptions } from './cluster/redis-cluster.ts';
export type { Figures } from './figures.ts';
export type { Limits } from './admission/limits.ts';
export type { IceOptions, TurnOptions } from './ice/ice-options.ts';
export type { Neighbours } from './forwarding.ts';
export type { HttpServer } from './mount.ts';
export type { RoomCounts } from './rooms/rooms.ts';
export { signToken, type TokenRequest, tokenAuthorizer } from './admission/tokens.ts';

/** Everything has a default that suits development. Limits that are left out are those of `Limits`. */
export interface SignalingOptions extends Partial<Limits> {
  /** Where on the server; default `/peerpool`. */
  readonly path?: string | undefined;
  /**
   * The web origins that may join, as `https://example.org`; default `'*'`, all of them: an open door, made for
   * development. It stops pages of other sites, not programs, which say what they like or nothing.
   */
  readonly origin?: '*' | readonly string[] | undefined;
  /** Who may join; default: everybody who knows the room's name. `tokenAuthorizer` makes one. */
  readonly authorize?: Authorize | undefined;
  /**
   * STUN and TURN servers for peers that can't reach each other directly; default: none. Clients use them unless their
   * app names some itself. Who may join may use your TURN server, so let a stranger join and it is everybody's.
   */
  readonly ice?: IceOptions | undefined;
  /**
   * How many proxies of yours stand in front of this server, each of which appends to X-Forwarded-For whom it saw.
   * Default 0: the header, which anybody can write, is not believed.
   */
  readonly trustProxy?: number | undefined;
  /** Others that serve the same rooms; default: this server is alone, and its rooms are in its memory. */
  readonly cluster?: Cluster | undefined;
  /**
   * Hears of life events, for logs and figures. By default faults become process warnings, and the rest is not told.
   */
  readonly observe?: ((event: SignalingEvent) => void) | undefined;
}

/** Signaling on a server, from `attachSignaling` to `close`. */
export interface Signaling {
  /** Where it stands on the server. */
  readonly path: string;
  /** What `/healthz` and `/metrics` show. */
  counts(): Promise<SignalingCounts>;
  /** Why newcomers should go elsewhere, in a sentence; `undefined` when they are welcome. What `/readyz` shows. */
  unready(): string | undefined;
  /**
   * Tells every client that the server is shutting down, closes their sockets, and leaves the http server, which goes
   * on, as it was. Resolves when no socket, timer or listener is left, after a second at most where clients don't
   * answer, and two more where there are thousands. Safe to call twice. Comes by itself when the http server closes; that one waits for our sockets, so close
   * this first.
   */
  close(): Promise<void>;
}

export interface SignalingCounts extends RoomCounts, Figures {
  /** How often each code was said since the start; those that never were are not there. */
  readonly refusals: Readonly<Partial<Record<RefusalCode | DoorCode, number>>>;
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
/** Clients that are sent away at once, ms between so many and the next, and ms for all together. */
const DISMISSED_AT_ONCE = 500;
const DISMISS_PAUSE = 100;
const DISMISS_WITHIN = 2000;
/** Milliseconds to take leave of clients before their sockets are cut. */
const CLOSE_GRACE = 1000;

/**
 * Puts signaling on one path of a server, beside whatever else that serves: other routes, the app's own socket.io,
 * Vite's hot reload.
 * @throws Error when signaling stands on that path of that server already; RangeError for a path, a limit or an ICE
 * server that is none
 */
export function attachSignaling(httpServer: HttpServer, options: SignalingOptions = {}): Signaling {
  const { path = SIGNALING_PATH, origin = '*', authorize, trustProxy = 0, cluster, observe = warn } = options;
  const chosen = limits(options);
  if (!Number.isSafeInteger(trustProxy) || trustProxy < 0) {
    throw new RangeError(`trustProxy is a number of proxies, not ${String(trustProxy)}`);
  }
  const ice = options.ice && iceOptions(options.ice);
  const refusals: Partial<Record<RefusalCode | DoorCode, number>> = {};
  const counted = counters();
  const heard = (event: SignalingEvent): void => {
    const code = event.type === 'refused' ? event.refusal.code : event.type === 'turned-away' ? event.code : undefined;
    if (code !== undefined) refusals[code] = (refusals[code] ?? 0) + 1;
    if (event.type === 'joined') counted.joins += 1;
    try {
      observe(event);
    } catch (error) {
      warn({ type: 'fault', error });
    }
  };
  const maxBodyBytes = chosen.maxSignalBytes * TRANSPORT_SIGNALS;
  const closed = () => ending !== undefined;
  const door = new Door({ limits: chosen, origin, trustProxy, maxBodyBytes, closed, observe: heard });
  const forwarding =
    cluster &&
    new Forwarding({
      neighbours: cluster.neighbours,
      // A client that polls has one request that waits and one that brings something.
      mostPerAddress: 2 * chosen.maxConnectionsPerAddress,
      answerWithin: { post: chosen.joinDeadline, poll: PING_INTERVAL + chosen.joinDeadline },
      failed: (error) => heard({ type: 'fault', error }),
    });
  const mount = new Mount(httpServer, path, {
    admits: (request, answer, errand) => {
      if ('writeHead' in answer) boundBody(request, answer, chosen.joinDeadline);
      if (forwarding?.isPassedOn(request) && errand === 'poll') return true;
      const rejection = door.rejects(request, errand);
      if (rejection !== undefined) turnAway(rejection, request, answer);
      if (rejection !== undefined || errand !== 'poll' || !('writeHead' in answer)) return rejection === undefined;
      const unknown = (): void => void mount.inner.emit('request', request, answer);
      return !forwarding?.takes(request, answer, clientAddress(request, trustProxy), unknown);
    },
    farewell: (request, response) => {
      farewell(request, response, house).catch((error: unknown) => heard({ type: 'fault', error }));
    },
  });
  const io: SignalingServer = new Server(mount.inner, {
    path,
    addTrailingSlash: false,
    serveClient: false,
    maxHttpBufferSize: maxBodyBytes,
    // Ours comes first, and waits for nobody to agree.
    connectTimeout: 2 * chosen.joinDeadline,
    pingInterval: PING_INTERVAL,
    pingTimeout: PING_TIMEOUT,
    ...(cluster?.adapter && { adapter: cluster.adapter }),
    cors: { origin: origin === '*' ? '*' : [...origin] },
  });
  if (forwarding) io.engine.generateId = forwarding.sessionId;
  const audiences = new Audiences();
  const listener: RoomsListener = {
    changed: (room, version, change) => audiences.tell(room, version, change),
    // It comes back by itself, and hears then what became of its name.
    unseated: (socket) => oust(io, socket),
  };
  const readiness = (reason: string | undefined) => heard({ type: 'readiness', reason });
  const rooms = cluster?.rooms(chosen, listener, readiness) ?? new MemoryRooms(chosen, listener);
  const visits = new Set<Visit>();
  let ending: Promise<void> | undefined;
  const house: House = {
    io,
    rooms,
    audiences,
    limits: chosen,
    authorize,
    ice,
    visits,
    observe: heard,
    counters: counted,
  };
  const connections = new WeakMap<SignalingSocket['conn'], Connection>();
  io.engine.on('connection', (conn: SignalingSocket['conn']) => {
    const address = door.connected(conn.request);
    const turnedAway = (refused: Refusal): void => door.turnedAway(address, refused);
    connections.set(conn, new Connection(conn, address, chosen, turnedAway, counted));
    conn.once('close', () => door.disconnected(address));
    // Only `authorize` looks at it again; socket.io would keep copies of its headers, URL and query for each peer.
    if (authorize === undefined) (conn as { request: unknown }).request = undefined;
  });
  io.on('connection', (socket) => {
    const connection = connections.get(socket.conn);
    if (connection === undefined) throw new Error('a socket without a connection');
    const visit = new Visit(socket, connection, house);
    if (ending !== undefined) visit.dismiss();
  });

  const close = () => (ending ??= end());
  const follow = () => {
    close().catch((error: unknown) => heard({ type: 'fault', error }));
  };
  httpServer.once('close', follow);

  async function end(): Promise<void> {
    httpServer.off('close', follow);
    const ended = Promise.all([...visits].map((visit) => visit.ended));
    await dismissAll([...visits]);
    await within(CLOSE_GRACE, Promise.all([ended, mount.emptied()]));
    forwarding?.close();
    await io.close();
    await mount.close();
    await ended;
    await rooms.close();
    await cluster?.close();
  }

  return {
    path,
    counts: async () => ({ ...(await rooms.counts()), ...counted, refusals: { ...refusals } }),
    unready: () => (ending === undefined ? rooms.unready() : 'the server is shutting down'),
    close,
  };
}

/** Some at a time, so that those who take them in have theirs one after the other too. */
async function dismissAll(visits: readonly Visit[]): Promise<void> {
  const pauses = Math.ceil(visits.length / DISMISSED_AT_ONCE) - 1;
  for (const [index, visit] of visits.entries()) {
    if (index > 0 && index % DISMISSED_AT_ONCE === 0) await pause(Math.min(DISMISS_PAUSE, DISMISS_WITHIN / pauses));
    visit.dismiss();
  }
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
