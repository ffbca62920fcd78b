import { PoolError } from '../../errors.ts';
import type { Disappearance, Presence, Signal, TransportListener } from '../transport.ts';
import { Backoff } from '../webrtc/backoff.ts';
import type { ServerWorld, SimulatedServer, Socket } from './simulated-server.ts';
import type { Sleeper } from './virtual-clock.ts';

type State =
  | { readonly name: 'new' | 'left' | 'away' }
  | { readonly name: 'entering' | 'joined'; readonly socket: Socket };

/** A page's place in the room of a simulated server. It tells its listener what `SignalingClient` would tell, in the same order. */
export class SimulatedPlace {
  readonly page: Sleeper;
  readonly presence: Presence;
  readonly secret: string;
  readonly #world: ServerWorld;
  readonly #server: SimulatedServer;
  readonly #listener: TransportListener;
  readonly #known = new Map<string, Presence>();
  #state: State = { name: 'new' };
  #listed = false;
  /** Another has our name at the server, and our listener knows. */
  #disputed = false;
  readonly #backoff: Backoff;
  /** When it joined last, in ms of the clock. */
  #since = 0;
  #abandon: ((reason: unknown) => void) | undefined;

  constructor(
    world: ServerWorld,
    server: SimulatedServer,
    page: Sleeper,
    presence: Presence,
    secret: string,
    listener: TransportListener,
  ) {
    this.#world = world;
    this.#server = server;
    this.page = page;
    this.presence = presence;
    this.secret = secret;
    this.#listener = listener;
    this.#backoff = new Backoff(1, () => world.luck.below(2 ** 32) / 2 ** 32);
  }

  /** In the room, as both it and the server see it. */
  get joined(): boolean {
    return this.#state.name === 'joined' && this.#state.socket.open;
  }

  async join(signal: AbortSignal): Promise<readonly Presence[]> {
    const abort = (): void => this.#abandon?.(signal.reason);
    signal.addEventListener('abort', abort);
    try {
      this.#listener.state('connecting');
      await this.#enter();
      this.#listed = true;
      return [...this.#known.values()];
    } catch (error) {
      await this.leave();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  signal(to: Presence, signal: Signal): void {
    if (this.#state.name === 'joined') this.#server.signal(this.#state.socket, to, signal);
  }

  wake(): void {
    if (this.#state.name !== 'away') return;
    this.#backoff.restart();
    this.#return();
  }

  async leave(): Promise<void> {
    const state = this.#state;
    this.#state = { name: 'left' };
    this.#abandon?.(new PoolError('closed', 'left while joining'));
    if (state.name !== 'entering' && state.name !== 'joined') return;
    const { clock, luck, weather } = this.#world;
    const { socket } = state;
    const latency = luck.between(...weather.signal.latency);
    clock.after(latency, undefined, () => {
      if (socket.open) this.#server.gone(socket, 'left');
    });
    await new Promise<void>((resolve) => clock.after(Math.min(2 * latency, 250), this.page, resolve));
  }

  /** The page is no more; the server notices by itself, after so many ms. */
  vanish(noticed?: number): void {
    if (this.#state.name === 'joined' || this.#state.name === 'entering') this.#lose(this.#state.socket, noticed);
  }

  /** The network takes the socket. The page notices after so many ms, the server in its own time. */
  lose(noticed: number): void {
    if (this.#state.name !== 'joined') return;
    const { socket } = this.#state;
    this.#lose(socket);
    this.#world.clock.after(noticed, this.page, () => this.closed(socket));
  }

  /** The page notices that a socket is closed. */
  closed(socket: Socket): void {
    if (this.#state.name === 'joined' && this.#state.socket === socket) {
      this.#backoff.stayed(this.#world.clock.now - this.#since);
      this.#away();
    } else if (this.#state.name === 'entering' && this.#state.socket === socket) {
      if (!this.#listed) this.#world.coverage.saw('server death during a join');
      this.#abandon?.(unreachable());
    }
  }

  heardJoined(member: Presence): void {
    if (this.#state.name !== 'joined') return;
    if (this.#known.has(member.instance)) this.#listener.appeared(member);
    else this.#appeared(member);
  }

  heardLeft(member: Presence, how: Disappearance): void {
    if (this.#state.name === 'joined') this.#disappeared(member, how);
  }

  heardSignal(socket: Socket, from: Presence, signal: Signal): void {
    if (this.#state.name === 'joined' && this.#state.socket === socket) this.#listener.signal(from, signal);
  }

  heardReplaced(socket: Socket): void {
    if (this.#state.name === 'joined' && this.#state.socket === socket) this.#stop(refusal('replaced', this.presence));
  }

  /** The socket says nothing to anybody any more; the server takes a while to see it. */
  #lose(socket: Socket, noticed = this.#world.luck.between(0, this.#world.luck.chance(0.6) ? 100 : 20_000)): void {
    this.#world.clock.after(noticed, undefined, () => this.#server.gone(socket, 'closed'));
    socket.open = false;
  }

  /** One socket to the server, until that has answered. */
  async #enter(): Promise<void> {
    if (this.#state.name === 'left') throw new PoolError('closed', 'left while joining');
    const { clock, luck, coverage } = this.#world;
    const latency = (): number => luck.between(...this.#world.weather.signal.latency);
    const socket: Socket = { place: this, open: true, last: 0 };
    this.#state = { name: 'entering', socket };
    try {
      await new Promise<void>((resolve, reject) => {
        this.#abandon = reject;
        const answered = (members: readonly Presence[] | 'name-taken' | 'replaced'): void => {
          if (this.#state.name !== 'entering' || this.#state.socket !== socket) return;
          if (members === 'name-taken' || members === 'replaced') {
            coverage.saw('name taken');
            reject(refusal(members, this.presence));
            return;
          }
          this.#joined(socket, members);
          resolve();
        };
        clock.after(latency(), undefined, () => {
          if (this.#state.name !== 'entering' || this.#state.socket !== socket || !this.page.alive) return;
          if (this.#server.up) {
            const members = this.#server.join(socket, this.#listed);
            this.#server.tell(socket, () => answered(members));
            return;
          }
          clock.after(latency(), this.page, () => this.closed(socket));
        });
      });
    } finally {
      this.#abandon = undefined;
      if (this.#state.name === 'entering') {
        this.#state = { name: 'new' };
        this.#server.gone(socket, 'left');
      }
    }
  }

  #joined(socket: Socket, members: readonly Presence[]): void {
    this.#state = { name: 'joined', socket };
    this.#since = this.#world.clock.now;
    this.#disputed = false;
    if (this.#listed) this.#world.coverage.saw('socket closed and back');
    for (const member of members) this.#appeared(member);
    this.#listener.state('connected');
  }

  #appeared(member: Presence): void {
    if (this.#known.has(member.instance) || member.instance === this.presence.instance) return;
    const former = [...this.#known.values()].find(({ name }) => name === member.name);
    this.#known.set(member.instance, member);
    if (former !== undefined) this.#disappeared(former, 'closed');
    if (this.#listed) this.#listener.appeared(member);
  }

  #disappeared(member: Presence, how: Disappearance): void {
    if (this.#known.delete(member.instance) && this.#listed) this.#listener.disappeared(member, how);
  }

  #away(): void {
    this.#listener.state('disconnected');
    const away: State = { name: 'away' };
    this.#state = away;
    this.#world.clock.after(this.#backoff.pause(), this.page, () => {
      if (this.#state === away) this.#return();
    });
  }

  #return(): void {
    this.#enter().catch((error: unknown) => {
      if (!(error instanceof PoolError)) throw error;
      if (this.#state.name === 'left') return;
      const taken = error.code === 'duplicate-peer';
      if (taken && (error.reason === 'replaced' || !this.#listener.hasPeers())) {
        this.#stop(error);
        return;
      }
      if (taken && !this.#disputed) this.#listener.error(error);
      this.#disputed ||= taken;
      this.#away();
    });
  }

  #stop(why: PoolError): void {
    this.#world.coverage.saw('own name taken by another');
    const tell = (): void => this.#listener.stopped(why);
    this.leave().then(tell, tell);
  }
}

function refusal(reason: 'name-taken' | 'replaced', { name }: Presence): PoolError {
  return new PoolError('duplicate-peer', `the name ${name} is another's`, { reason });
}

function unreachable(): PoolError {
  return new PoolError('unreachable', 'no signaling server answers', { reason: 'signaling' });
}
