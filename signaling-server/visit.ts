import type { Server, Socket } from 'socket.io';
import type { RoomName } from '#shared/identifiers';
import type { ClientToServerEvents, JoinReply, Refusal, RenewReply, ServerToClientEvents } from '#shared/signaling';
import { type Authorize, OPEN_DOOR, type Permit, permit } from './admission/authorization.ts';
import type { Connection, Warned } from './connection.ts';
import type { SignalingEvent } from './events.ts';
import type { Counters } from './figures.ts';
import { Expiry } from './admission/expiry.ts';
import type { Ice } from './ice/ice-options.ts';
import { IceSupply } from './ice/ice-supply.ts';
import type { Limits } from './admission/limits.ts';
import { printable, refusal } from './refusal.ts';
import { type Addressee, parseRequest, type Request } from './requests.ts';
import type { Audiences, Listener } from './audiences.ts';
import type { Change, Rooms } from './rooms/rooms.ts';
import { takeName } from './name-taking.ts';
import { oust, relay } from './reach.ts';

/** `unknown`: a signal can be passed on here, and nothing else. */
export type SignalingServer = Server<ClientToServerEvents<unknown>, ServerToClientEvents<unknown>>;
export type SignalingSocket = Socket<ClientToServerEvents<unknown>, ServerToClientEvents<unknown>>;

/** What all visits of one server share. */
export interface House {
  readonly io: SignalingServer;
  readonly rooms: Rooms;
  readonly audiences: Audiences;
  readonly limits: Limits;
  /** Absent: everybody may join. */
  readonly authorize: Authorize | undefined;
  /** Absent: none are handed out. */
  readonly ice: Ice | undefined;
  /** Those under way. Each adds and removes itself. */
  readonly visits: Set<Visit>;
  /** Never throws. */
  readonly observe: (event: SignalingEvent) => void;
  readonly counters: Counters;
}

type Stage =
  | { readonly name: 'arrived' | 'gone' }
  /** `heard`: what happened in the room meanwhile. */
  | { readonly name: 'joining'; readonly heard: (readonly [version: number, change: Change])[] }
  | {
      readonly name: 'joined';
      readonly room: RoomName;
      readonly member: Addressee;
      readonly permit: Permit;
      /** The version of the room that the reply told. */
      readonly since: number;
    };

/** Of whichever event. */
type Reply = (reply: JoinReply | RenewReply) => void;

/** One socket, from its arrival to its end. Whatever it sends comes in by one door, and nothing it sends can throw. */
export class Visit implements Listener, Warned {
  /** Resolves when the connection is closed, its name is free and the others have been told. */
  readonly ended: Promise<void>;
  readonly #socket: SignalingSocket;
  readonly #house: House;
  readonly #connection: Connection;
  readonly #ice: IceSupply | undefined;
  /** Until it has joined. This and what follows is there only when it is needed: most sockets are idle members. */
  #deadline: NodeJS.Timeout | undefined;
  /** Of what a token allows. */
  #expiry: Expiry | undefined;
  /** Aborted when the socket has closed: nobody waits for `authorize` any more. */
  #gone: AbortController | undefined;
  #stage: Stage = { name: 'arrived' };
  /** Of which room it hears. */
  #attending: RoomName | undefined;
  #joining: Promise<void> | undefined;
  /** socket.io's own clock runs until a question is answered, whatever became of the rest. */
  #asking: Promise<unknown> | undefined;
  /** `dismissed`: the server goes, and the client comes back to another, where its seat waits for it. */
  #farewell: 'left' | 'closed' | 'dismissed' = 'closed';
  #leaving: Promise<void> | undefined;

  constructor(socket: SignalingSocket, connection: Connection, house: House) {
    this.#socket = socket;
    this.#connection = connection;
    this.#house = house;
    this.#deadline = setTimeout(() => this.#late(), house.limits.joinDeadline);
    this.#ice = house.ice && new IceSupply(house.ice, (servers) => socket.emit('ice', servers));
    connection.accompany(this);
    socket.onAny((...event: unknown[]) => this.#receive(event));
    // A packet that socket.io can't read ends its socket. A client that emits "error" comes here too; it was refused.
    socket.on('error', (error: unknown) => {
      if (error instanceof Error) house.observe({ type: 'unreadable', message: printable(error.message) });
    });
    this.ended = new Promise((resolve) => {
      socket.once('disconnect', () => {
        this.#over().then(resolve, (error: unknown) => house.observe({ type: 'fault', error }));
      });
    });
    house.visits.add(this);
  }

  slowDown(refused: Refusal): void {
    this.#refuse(refused);
  }

  end(refused: Refusal): void {
    if (!this.#socket.connected) return;
    this.#house.observe({ type: 'refused', refusal: refused, closed: true });
    this.#socket.emit('refused', refused);
    this.#socket.disconnect(true);
  }

  /**
   * The server goes: the client is told, and its socket closed in such a way that it comes back by itself. Nobody hears
   * of a departure.
   */
  dismiss(): void {
    this.#farewell = 'dismissed';
    this.#socket.emit('refused', refusal('shutting-down', 'the server is shutting down'));
    this.#socket.conn.close();
  }

  #late(): void {
    const within = `within ${this.#house.limits.joinDeadline} ms`;
    if (this.#stage.name !== 'joining') {
      return this.end(refusal('not-joined', `a socket that has not joined ${within} is closed`));
    }
    this.#fault(new Error(`a join was not answered ${within}`));
    this.#socket.disconnect(true);
  }

  #receive(event: readonly unknown[]): void {
    if (!this.#socket.connected || this.#leaving !== undefined) return;
    const [name, args, reply] = apart(event);
    const request = parseRequest(name, args, this.#house.limits.maxSignalBytes);
    if ('code' in request) return this.#refuse(request, reply);
    try {
      switch (request.type) {
        case 'join':
          return this.#join(request, reply);
        case 'signal':
          return this.#signal(request, reply);
        case 'renew':
          return this.#renew(request, reply);
        case 'leave':
          this.#farewell = 'left';
          // When the socket closes, the client knows that its name is free.
          return void this.#leave().then(() => this.#socket.disconnect(true));
      }
    } catch (error) {
      this.#fault(error, reply);
    }
  }

  #join(request: Request & { type: 'join' }, reply: Reply | undefined): void {
    if (reply === undefined) return this.#refuse(refusal('malformed', 'join takes an acknowledgement callback'));
    if (!this.#mayAsk(reply)) return;
    if (this.#stage.name !== 'arrived') {
      return this.#refuse(refusal('already-joined', 'a socket joins one room, once'), reply);
    }
    this.#stage = { name: 'joining', heard: [] };
    this.#joining = this.#enter(request, reply)
      .catch((error: unknown) => {
        this.#fault(error, reply);
        this.#socket.disconnect(true);
      })
      .finally(() => (this.#joining = undefined));
  }

  /** Guesses are cheap for who makes them, and each is a question to the rooms and to `authorize`. */
  #mayAsk(reply: Reply): boolean {
    const verdict = this.#connection.join();
    if (verdict === 'granted') return true;
    const refused = refusal('rate-limited', 'too many attempts to join');
    this.#refuse(refused, reply);
    if (verdict === 'exhausted') this.end(refused);
    return false;
  }

  /** Before the rooms are asked anything, so that who may not join learns nothing of them. */
  #permit(
    authorize: Authorize,
    room: RoomName,
    { name, instance }: Addressee,
    token: string | undefined,
    renewal: boolean,
  ): Promise<Permit | Refusal> {
    const { headers } = this.#socket.request;
    const { origin } = headers;
    const address = this.#connection.address.name;
    this.#gone ??= new AbortController();
    const application = { room, name, instance, token, origin, address, headers, renewal };
    return permit(authorize, application, { gone: this.#gone.signal, within: this.#house.limits.joinDeadline });
  }

  /** Once the name is taken, everything happens in one go, so the reply is the first that the newcomer hears. */
  async #enter(request: Request & { type: 'join' }, reply: Reply): Promise<void> {
    const { io, observe, authorize, audiences, counters } = this.#house;
    const began = performance.now();
    const { room, name, instance, token } = request;
    const member: Addressee = { name, instance };
    // An open door asks nobody and takes no time: who comes and goes in one breath was there.
    const permitted = authorize ? await this.#permit(authorize, room, member, token, false) : OPEN_DOOR;
    if (!this.#socket.connected) return;
    if (!permitted.ok) return this.#turnDown(permitted, reply);
    const asking = (asked: Promise<unknown>): void => void (this.#asking = asked);
    audiences.add(room, this);
    this.#attending = room;
    const taken = await takeName(this.#house, this.#socket, request, asking);
    if (!taken.ok) return this.#turnDown(taken, reply);
    const { members, version, replaced, before } = taken;
    const again = before?.instance === instance;
    const heard = this.#stage.name === 'joining' ? this.#stage.heard : [];
    this.#stage = { name: 'joined', room, member, permit: permitted, since: version };
    counters.members += 1;
    if (replaced !== undefined) {
      oust(io, replaced, refusal('replaced', `${JSON.stringify(name)} joined again over a newer socket`));
    }
    if (before !== undefined && !again) observe({ type: 'left', room, member: before, reason: 'closed' });
    if (!this.#socket.connected) return;
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#allowUntil(permitted.expires);
    const reachable = this.#socket.join(address(room, member));
    reply({ ok: true, members, ...this.#ice?.open(request, permitted) });
    for (const [later, change] of heard) this.heard(later, change);
    observe({ type: 'joined', room, member, members: members.length + 1, again, took: performance.now() - began });
    await reachable;
  }

  /** What happens in the room, for the client; what the reply to its join tells already is not said again. */
  heard(version: number, change: Change): void {
    if (this.#stage.name === 'joining') this.#stage.heard.push([version, change]);
    if (this.#stage.name !== 'joined' || version <= this.#stage.since) return;
    const { name, instance } = change.member;
    // Of oneself: by a newer socket, which has replaced this one.
    if (name === this.#stage.member.name && instance === this.#stage.member.instance) return;
    if (change.type === 'joined') this.#socket.emit('joined', change.member);
    else this.#socket.emit('left', change.member, change.how);
  }

  /** It may try again. */
  #turnDown(refused: Refusal, reply: Reply): void {
    this.#stopListening();
    this.#stage = { name: 'arrived' };
    this.#refuse(refused, reply);
  }

  #signal({ to, signal }: Request & { type: 'signal' }, reply: Reply | undefined): void {
    if (this.#stage.name !== 'joined') return this.#refuse(refusal('not-joined', 'a signal needs a room'), reply);
    const { room, member, permit } = this.#stage;
    if (!permit.capabilities.has('signal')) {
      return this.#refuse(refusal('forbidden', 'the token does not allow to signal'), reply);
    }
    this.#house.counters.signals += 1;
    relay(this.#house.io, address(room, to), member, signal);
  }

  /** What is refused changes nothing: the older token goes on to its end. */
  #renew({ token }: Request & { type: 'renew' }, reply: Reply | undefined): void {
    if (reply === undefined) return this.#refuse(refusal('malformed', 'renew takes an acknowledgement callback'));
    if (this.#stage.name !== 'joined') return this.#refuse(refusal('not-joined', 'what is renewed is a place'), reply);
    if (!this.#mayAsk(reply)) return;
    const { room, member } = this.#stage;
    const { authorize } = this.#house;
    if (authorize === undefined) return reply({ ok: true });
    this.#permit(authorize, room, member, token, true).then(
      (permitted) => {
        if (!this.#socket.connected || this.#stage.name !== 'joined') return;
        if (!permitted.ok) return this.#refuse(permitted, reply);
        this.#stage = { ...this.#stage, permit: permitted };
        this.#allowUntil(permitted.expires);
        reply({ ok: true });
        this.#ice?.renewed(permitted);
      },
      (error: unknown) => this.#fault(error, reply),
    );
  }

  #allowUntil(expires: number): void {
    if (expires === Infinity && this.#expiry === undefined) return;
    this.#expiry ??= new Expiry({
      expiring: (left) => this.#socket.emit('expiring', left),
      expired: () => this.end(refusal('expired', 'what the token allowed is over')),
    });
    this.#expiry.set(expires);
  }

  async #over(): Promise<void> {
    const { conn } = this.#socket;
    clearTimeout(this.#deadline);
    this.#expiry?.stop();
    this.#ice?.stop();
    this.#gone?.abort(new Error('the socket has closed'));
    // socket.io would keep the connection of a client that has only said goodbye to it.
    this.#connection.cut();
    const closed = conn.readyState === 'closed' || new Promise((resolve) => conn.once('close', resolve));
    await this.#leave();
    this.#stopListening();
    await Promise.all([closed, this.#asking]);
    this.#house.visits.delete(this);
  }

  /** A newer socket may hold the name by now: then what there is to tell has been told. */
  #leave(): Promise<void> {
    return (this.#leaving ??= this.#giveUp());
  }

  async #giveUp(): Promise<void> {
    const { rooms, observe, counters } = this.#house;
    await this.#joining;
    try {
      if (this.#stage.name !== 'joined') return;
      const { room, member } = this.#stage;
      this.#stage = { name: 'gone' };
      counters.members -= 1;
      if (this.#farewell === 'dismissed') return;
      if (!(await rooms.leave(room, member.name, this.#socket.id, this.#farewell))) return;
      observe({ type: 'left', room, member, reason: this.#farewell });
    } catch (error) {
      observe({ type: 'fault', error });
    }
  }

  #stopListening(): void {
    if (this.#attending !== undefined) this.#house.audiences.remove(this.#attending, this);
    this.#attending = undefined;
  }

  #refuse(refused: Refusal, reply?: Reply): void {
    this.#house.observe({ type: 'refused', refusal: refused, closed: false });
    if (reply !== undefined) reply(refused);
    else this.#socket.emit('refused', refused);
  }

  #fault(error: unknown, reply?: Reply): void {
    this.#house.observe({ type: 'fault', error });
    this.#refuse(refusal('unavailable', 'the server failed at this; try again later'), reply);
  }
}

/**
 * socket.io puts the acknowledgement last, where there is one. Nothing else that came over the wire can be a function.
 */
function apart(event: readonly unknown[]): [name: unknown, args: readonly unknown[], reply: Reply | undefined] {
  const last = event.at(-1);
  const said = typeof last === 'function' ? event.slice(0, -1) : event;
  return [said[0], said.slice(1), typeof last === 'function' ? (last as Reply) : undefined];
}

/**
 * By this an instance is reached on whichever node. Identifiers hold no control characters, so none can be taken for
 * another, or for a socket's id.
 */
function address(room: RoomName, { name, instance }: Addressee): string {
  return `${room}\n${name}\n${instance}`;
}
