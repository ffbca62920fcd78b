import type { Server, Socket } from 'socket.io';
import type { RoomName } from '#shared/identifiers';
import type { ClientToServerEvents, JoinReply, Refusal, ServerToClientEvents } from '#shared/signaling';
import type { SignalingEvent } from './events.ts';
import { Allowance, type Limits } from './limits.ts';
import { refusal } from './refusal.ts';
import { type Addressee, parseRequest, type Request } from './requests.ts';
import { type Claim, ownership, type Rooms, type Taken } from './rooms.ts';

/** `unknown`: a signal can be passed on here, and nothing else. */
export type SignalingServer = Server<ClientToServerEvents<unknown>, ServerToClientEvents<unknown>>;
type SignalingSocket = Socket<ClientToServerEvents<unknown>, ServerToClientEvents<unknown>>;

/** What all visits of one server share. */
export interface House {
  readonly io: SignalingServer;
  readonly rooms: Rooms;
  readonly limits: Limits;
  /** Those under way. Each adds and removes itself. */
  readonly visits: Set<Visit>;
  /** Never throws. */
  readonly observe: (event: SignalingEvent) => void;
}

type Stage =
  | { readonly name: 'arrived' }
  | { readonly name: 'joining' }
  | { readonly name: 'joined'; readonly room: RoomName; readonly member: Addressee };

type Reply = (reply: JoinReply) => void;

/**
 * Milliseconds for the next poll of a client that is being closed. They come one after the other, and engine.io would
 * wait 30 s for one that stays away.
 */
const POLL_GRACE = 500;
/**
 * Milliseconds in which somebody whose name another instance claims by the right key has to answer. A page that lives
 * does so within a round trip; one that is frozen or computes for longer loses the name to its own successor.
 */
const ANSWER_WITHIN = 1000;

/** One socket, from its arrival to its end. Whatever it sends comes in by one door, and nothing it sends can throw. */
export class Visit {
  /** Resolves when the connection is closed, its name is free and the others have been told. */
  readonly ended: Promise<void>;
  readonly #socket: SignalingSocket;
  readonly #house: House;
  readonly #deadline: NodeJS.Timeout;
  readonly #packets: Allowance;
  readonly #bytes: Allowance;
  readonly #joins: Allowance;
  #warned = false;
  #stage: Stage = { name: 'arrived' };
  #joining: Promise<void> = Promise.resolve();
  /** socket.io's own clock runs until a question is answered, whatever became of the rest. */
  #asking: Promise<unknown> = Promise.resolve();
  #farewell: 'left' | 'closed' = 'closed';

  constructor(socket: SignalingSocket, house: House) {
    const { limits } = house;
    this.#socket = socket;
    this.#house = house;
    this.#packets = new Allowance(limits.packetBurst, limits.packetsPerSecond);
    this.#bytes = new Allowance(limits.byteBurst, limits.bytesPerSecond);
    this.#joins = new Allowance(limits.joinBurst, limits.joinsPerSecond);
    this.#deadline = setTimeout(() => {
      this.#end(refusal('not-joined', `a socket that has not joined within ${limits.joinDeadline} ms is closed`));
    }, limits.joinDeadline);
    // Everything counts, also what socket.io itself turns away.
    socket.conn.on('packet', ({ data }: { data?: string | Buffer }) => this.#charge(data?.length ?? 0));
    socket.onAny((...event: unknown[]) => this.#receive(event));
    // A packet that socket.io can't read ends its socket. A client that emits "error" comes here too; it was refused.
    socket.on('error', (error: unknown) => {
      if (error instanceof Error) house.observe({ type: 'unreadable', message: error.message });
    });
    if ('closeTimeout' in socket.conn.transport) socket.conn.transport.closeTimeout = POLL_GRACE;
    this.ended = this.#untilTheEnd();
    house.visits.add(this);
  }

  /**
   * The server goes: the client is told, and its socket closed in such a way that it comes back by itself. All at once,
   * so that nobody hears of departures.
   */
  dismiss(): void {
    this.#socket.emit('refused', refusal('shutting-down', 'the server is shutting down'));
    this.#socket.conn.close();
  }

  #charge(bytes: number): void {
    const verdicts = [this.#packets.charge(1), this.#bytes.charge(bytes)];
    if (verdicts.includes('exhausted')) {
      this.#end(refusal('rate-limited', 'it went on although it had been told to slow down'));
    } else if (verdicts.includes('overdrawn') && !this.#warned) {
      this.#warned = true;
      const { packetsPerSecond, bytesPerSecond } = this.#house.limits;
      const pace = `${packetsPerSecond} packets and ${bytesPerSecond} bytes a second`;
      this.#refuse(refusal('rate-limited', `slow down to ${pace}, or the socket will be closed`));
    }
  }

  #receive(event: readonly unknown[]): void {
    if (!this.#socket.connected) return;
    const [name, args, reply] = apart(event);
    const request = parseRequest(name, args, this.#house.limits.maxSignalBytes);
    if ('code' in request) return this.#refuse(request, reply);
    try {
      switch (request.type) {
        case 'join':
          return this.#join(request, reply);
        case 'signal':
          return this.#signal(request, reply);
        case 'leave':
          this.#farewell = 'left';
          this.#socket.disconnect(true);
      }
    } catch (error) {
      this.#fault(error, reply);
    }
  }

  #join(request: Request & { type: 'join' }, reply: Reply | undefined): void {
    if (reply === undefined) return this.#refuse(refusal('malformed', 'join takes an acknowledgement callback'));
    const verdict = this.#joins.charge(1);
    if (verdict !== 'granted') {
      const refused = refusal('rate-limited', 'too many attempts to join');
      this.#refuse(refused, reply);
      if (verdict === 'exhausted') this.#end(refused);
      return;
    }
    if (this.#stage.name !== 'arrived') {
      return this.#refuse(refusal('already-joined', 'a socket joins one room, once'), reply);
    }
    this.#stage = { name: 'joining' };
    this.#joining = this.#enter(request, reply).catch((error: unknown) => {
      this.#fault(error, reply);
      this.#socket.disconnect(true);
    });
  }

  /**
   * Once the name is taken, everything happens in one go, so the reply is the first that the newcomer hears, and the
   * others hear of it after that.
   */
  async #enter(request: Request & { type: 'join' }, reply: Reply): Promise<void> {
    const { io, observe } = this.#house;
    const { room, name, instance } = request;
    const taken = await this.#take(request);
    if (!taken.ok) {
      this.#stage = { name: 'arrived' };
      return this.#refuse(taken, reply);
    }
    const { members, replaced, before } = taken;
    const member: Addressee = { name, instance };
    const again = before?.instance === instance;
    this.#stage = { name: 'joined', room, member };
    if (replaced !== undefined) {
      io.to(replaced).emit('refused', refusal('replaced', `${JSON.stringify(name)} joined again over a newer socket`));
      io.in(replaced).disconnectSockets(true);
    }
    if (before !== undefined && !again) {
      io.to(everyone(room)).emit('left', before, 'closed');
      observe({ type: 'left', room, member: before, reason: 'closed' });
    }
    if (!this.#socket.connected) return;
    clearTimeout(this.#deadline);
    const reachable = this.#socket.join([everyone(room), address(room, member)]);
    reply({ ok: true, members });
    // Also of one who took over from an older socket: what was signaled to that may be lost.
    this.#socket.to(everyone(room)).emit('joined', member);
    observe({ type: 'joined', room, member, members: members.length + 1, again });
    await reachable;
  }

  /** A name whose holder still answers is not handed over, not even to its key. Asked once: who comes then was faster. */
  async #take({ room, name, instance, key, again }: Request & { type: 'join' }): Promise<Taken | Refusal> {
    const { rooms } = this.#house;
    const claim: Claim = { name, instance, proof: ownership(key), socket: this.#socket.id, again, silent: undefined };
    let outcome = await rooms.join(room, claim);
    if (outcome.ok || outcome.code !== 'contested') return outcome;
    const { socket } = outcome;
    if (!(await this.#answers(socket)) && this.#socket.connected) {
      outcome = await rooms.join(room, { ...claim, silent: socket });
      if (outcome.ok || outcome.code !== 'contested') return outcome;
    }
    return refusal('name-taken', `${JSON.stringify(name)} is in use in this room, by an instance that answers`);
  }

  /** Whether the client of that socket, on whichever node, says that it is still there. */
  async #answers(socket: string): Promise<boolean> {
    const { io } = this.#house;
    const asked = io.timeout(ANSWER_WITHIN).to(socket).emitWithAck('still-here');
    const answered = asked.then(
      (answers = []) => answers.length > 0,
      () => false,
    );
    this.#asking = answered;
    const holder = io.sockets.sockets.get(socket);
    let gone = (): void => {};
    const closed = new Promise<false>((resolve) => {
      gone = () => resolve(false);
      holder?.once('disconnect', gone);
    });
    try {
      return await Promise.race([answered, closed]);
    } finally {
      holder?.off('disconnect', gone);
    }
  }

  #signal({ to, signal }: Request & { type: 'signal' }, reply: Reply | undefined): void {
    if (this.#stage.name !== 'joined') return this.#refuse(refusal('not-joined', 'a signal needs a room'), reply);
    const { room, member } = this.#stage;
    this.#house.io.to(address(room, to)).emit('signal', member, signal);
  }

  async #untilTheEnd(): Promise<void> {
    const { conn } = this.#socket;
    const closed = new Promise((resolve) => conn.once('close', resolve));
    await new Promise((resolve) => this.#socket.once('disconnect', resolve));
    clearTimeout(this.#deadline);
    // socket.io would keep the connection of a client that has only said goodbye to it.
    conn.close();
    await this.#leave();
    await Promise.all([closed, this.#asking]);
    this.#house.visits.delete(this);
  }

  /** A newer socket may hold the name by now: then what there is to tell has been told. */
  async #leave(): Promise<void> {
    const { io, rooms, observe } = this.#house;
    await this.#joining;
    try {
      if (this.#stage.name !== 'joined') return;
      const { room, member } = this.#stage;
      if (!(await rooms.leave(room, member.name, this.#socket.id, this.#farewell))) return;
      io.to(everyone(room)).emit('left', member, this.#farewell);
      observe({ type: 'left', room, member, reason: this.#farewell });
    } catch (error) {
      observe({ type: 'fault', error });
    }
  }

  #refuse(refused: Refusal, reply?: Reply): void {
    this.#house.observe({ type: 'refused', refusal: refused, closed: false });
    if (reply !== undefined) reply(refused);
    else this.#socket.emit('refused', refused);
  }

  #end(refused: Refusal): void {
    if (!this.#socket.connected) return;
    this.#house.observe({ type: 'refused', refusal: refused, closed: true });
    this.#socket.emit('refused', refused);
    this.#socket.disconnect(true);
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
 * socket.io's own rooms carry what is said. JSON keeps their names apart from each other and from socket ids, whatever
 * a name holds.
 */
export function everyone(room: RoomName): string {
  return JSON.stringify([room]);
}

function address(room: RoomName, { name, instance }: Addressee): string {
  return JSON.stringify([room, name, instance]);
}
