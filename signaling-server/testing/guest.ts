import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import {
  type ClientToServerEvents,
  type IceServers,
  type JoinReply,
  type JoinRequest,
  type Member,
  type Refusal,
  type RenewReply,
  type ServerToClientEvents,
  SIGNALING_PATH,
  SIGNALING_VERSION,
} from '#shared/signaling';
import { attachSignaling, type Signaling, type SignalingOptions } from '../server.ts';

export type Heard =
  | readonly ['connect']
  | readonly ['joined', Member]
  | readonly ['left', Member, 'left' | 'closed']
  | readonly ['signal', Member, unknown]
  | readonly ['refused', Refusal['code']]
  | readonly ['reply', JoinReply]
  | readonly ['expiring', number]
  | readonly ['ice', IceServers]
  | readonly ['disconnect', string];

/** A real socket.io client that writes down what it hears, in order. */
export class Guest {
  readonly socket: Socket<ServerToClientEvents<unknown>, ClientToServerEvents<unknown>>;
  readonly heard: Heard[] = [];
  readonly key = randomUUID();
  /** Of the last disconnection, as socket.io-client tells it. */
  detail: unknown;
  #waiting: (() => void)[] = [];

  constructor(url: string, options: Partial<ManagerOptions & SocketOptions> = {}) {
    const chosen = { path: SIGNALING_PATH, transports: ['websocket'], reconnection: false, forceNew: true, ...options };
    this.socket = io(url, chosen);
    this.socket.on('connect', () => this.#hear(['connect']));
    this.socket.on('joined', (member) => this.#hear(['joined', member]));
    this.socket.on('left', (member, reason) => this.#hear(['left', member, reason]));
    this.socket.on('signal', (from, signal) => this.#hear(['signal', from, signal]));
    this.socket.on('expiring', (left) => this.#hear(['expiring', left]));
    this.socket.on('ice', (servers) => this.#hear(['ice', servers]));
    this.socket.on('refused', ({ code }) => this.#hear(['refused', code]));
    this.socket.on('disconnect', (reason, detail) => {
      this.detail = detail;
      this.#hear(['disconnect', reason]);
    });
  }

  request(name: string, room = 'sums', instance = `${name}-1`): JoinRequest {
    return { version: SIGNALING_VERSION, room, name, instance, key: this.key };
  }

  join(name: string, room?: string): Promise<JoinReply> {
    return this.ask(this.request(name, room));
  }

  ask(request: JoinRequest): Promise<JoinReply> {
    return new Promise((resolve) => {
      this.socket.emit('join', request, (reply) => {
        this.#hear(['reply', reply]);
        resolve(reply);
      });
    });
  }

  renew(token: string): Promise<RenewReply> {
    return new Promise((resolve) => this.socket.emit('renew', token, resolve));
  }

  /** An event as no honest client sends it. */
  say(event: string, ...args: unknown[]): void {
    (this.socket as Socket).emit(event, ...args);
  }

  /** A packet as no socket.io client sends it. */
  raw(packet: string | Buffer): void {
    this.socket.io.engine.send(packet);
  }

  /** What was heard under one name. */
  all<Name extends Heard[0]>(name: Name): Extract<Heard, readonly [Name, ...unknown[]]>[] {
    return this.heard.filter((heard): heard is Extract<Heard, readonly [Name, ...unknown[]]> => heard[0] === name);
  }

  /** Looks again whenever something was heard. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** All that the server said to this client before now has been heard when this resolves. */
  async caughtUp(): Promise<void> {
    const before = this.all('refused').length;
    this.say('fence');
    await this.until(() => this.all('refused').length > before);
  }

  async closed(): Promise<string> {
    await this.until(() => this.all('disconnect').length > 0);
    return this.all('disconnect')[0]?.[1] ?? '';
  }

  #hear(heard: Heard): void {
    this.heard.push(heard);
    for (const look of this.#waiting.splice(0)) look();
  }
}

/** A server on a port of its own, and the guests that it ends with. */
export class Inn {
  readonly guests: Guest[] = [];
  readonly http: Server;
  readonly signaling: Signaling;
  readonly url: string;

  private constructor(http: Server, signaling: Signaling, url: string) {
    this.http = http;
    this.signaling = signaling;
    this.url = url;
  }

  static async open(options: SignalingOptions = {}, http: Server = createServer()): Promise<Inn> {
    const signaling = attachSignaling(http, options);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new Inn(http, signaling, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  }

  guest(options?: Partial<ManagerOptions & SocketOptions>): Guest {
    const guest = new Guest(this.url, options);
    this.guests.push(guest);
    return guest;
  }

  /** A guest that has joined. */
  async member(name: string, room?: string): Promise<Guest> {
    const guest = this.guest();
    const reply = await guest.join(name, room);
    if (!reply.ok) throw new Error(reply.message);
    return guest;
  }

  async close(): Promise<void> {
    for (const { socket } of this.guests) socket.disconnect();
    await this.signaling.close();
    const closed = new Promise((resolve) => this.http.close(resolve));
    // A request that comes after signaling has gone finds nobody who answers.
    this.http.closeAllConnections();
    await closed;
  }
}
