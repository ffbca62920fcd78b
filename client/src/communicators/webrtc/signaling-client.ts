import { SIGNALING_VERSION } from '#shared/signaling';
import { PoolError } from '../../errors.ts';
import { parsePresence } from '../signal.ts';
import type { Presence, Signal } from '../transport.ts';
import { Backoff } from './backoff.ts';
import type { IceServers } from './ice-servers.ts';
import type { SealedSignal } from './sealed-signals.ts';
import type { WireListener } from './signal-post.ts';
import {
  maySucceedElsewhere,
  noneOf,
  parseRefusal,
  parseReply,
  refusedBy,
  type Refused,
  type Reply,
  unreachableAt,
} from './signaling-reply.ts';
import { type Connect, depart, signalingSocket, type SignalingSocket } from './signaling-socket.ts';
import { JoinToken, Renewals, type Token } from './token-source.ts';

export interface SignalingOptions {
  readonly io: Connect;
  /** Tried in turn. */
  readonly urls: readonly [string, ...string[]];
  readonly path: string;
  readonly room: string;
  /** Proves to the servers that our name is ours; may come while the first is being found. */
  readonly key: Promise<string>;
  /** For servers that ask who may join. */
  readonly token?: Token | undefined;
  /** Hears which the servers hand out, before anybody appears. */
  readonly ice?: IceServers | undefined;
  /** How long one server may take to let us in, in ms. */
  readonly patience: number;
}

/** Who had to say something to a peer this long ago, in ms, may still have a link to mend. */
const URGENT_FOR_MS = 30_000;

type State =
  | { readonly name: 'new' | 'left' }
  | { readonly name: 'entering'; readonly socket: SignalingSocket }
  | { readonly name: 'joined'; readonly socket: SignalingSocket; readonly since: number; readonly sentOn: boolean }
  | { readonly name: 'away'; readonly retry: ReturnType<typeof setTimeout>; readonly urgent: boolean };

/**
 * Our place in the room of a signaling server. Once in, it finds its way back by itself, to this server or the next, with the same key and so the same name;
 * whoever a server without memory does not know any more is not gone for that.
 */
export class SignalingClient {
  readonly #options: SignalingOptions;
  readonly #self: Presence;
  readonly #listener: WireListener;
  readonly #known = new Map<string, Presence>();
  #state: State = { name: 'new' };
  /** The key that was shown. */
  #key = '';
  /** `join` has said who is here; what follows is told as it comes. */
  #listed = false;
  /** What our listener knows, of why we are not let in again. */
  readonly #told = new Set<string>();
  readonly #renewals: Renewals;
  readonly #backoff: Backoff;
  /** When we last had something to say to a peer. */
  #signaled = -Infinity;
  #server = 0;
  /** Rejects the join that is under way. */
  #abandon: ((reason: unknown) => void) | undefined;

  constructor(options: SignalingOptions, self: Presence, listener: WireListener) {
    this.#options = options;
    this.#self = self;
    this.#listener = listener;
    this.#renewals = new Renewals(options.token, { room: options.room, name: self.name });
    this.#backoff = new Backoff(options.urls.length, () => Math.random());
  }

  /**
   * Tries each server once. Resolves with who is in the room.
   * @throws PoolError `unreachable` when none answers or may let us in, `duplicate-peer`, `refused`, `malformed`, `unsupported`, `closed`; the signal's reason
   */
  async join(signal: AbortSignal): Promise<readonly Presence[]> {
    const abort = (): void => this.#abandon?.(signal.reason);
    signal.addEventListener('abort', abort);
    try {
      this.#listener.state('connecting');
      await this.#enterOneOf(this.#options.urls.length, signal);
      this.#listed = true;
      return [...this.#known.values()];
    } catch (error) {
      await this.leave();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Lost while we are away; but then we come back sooner, for there is a link to mend. */
  signal(to: Presence, signal: Signal | SealedSignal): void {
    this.#signaled = performance.now();
    if (this.#state.name === 'joined')
      this.#state.socket.emit('signal', { name: to.name, instance: to.instance }, signal);
    if (this.#state.name !== 'away' || this.#state.urgent) return;
    clearTimeout(this.#state.retry);
    this.#state = this.#waiting(this.#backoff.urgentPause(), true);
  }

  /** Looks for a server now instead of a little later. */
  wake(): void {
    if (this.#state.name !== 'away') return;
    clearTimeout(this.#state.retry);
    this.#state = { name: 'new' };
    this.#backoff.restart();
    this.#return();
  }

  /** The goodbye leaves before this returns, as `pagehide` needs it; the promise resolves when the name is free and the socket closed. `atOnce` we close the socket, without knowing. Safe to call twice. */
  async leave(atOnce = false): Promise<void> {
    const state = this.#state;
    this.#state = { name: 'left' };
    this.#abandon?.(new PoolError('closed', 'the room was left while joining it'));
    if (state.name === 'away') clearTimeout(state.retry);
    if (atOnce && state.name === 'joined') this.#sendBeacon();
    if (state.name === 'entering' || state.name === 'joined') await depart(state.socket, atOnce);
  }

  /** A page that goes may be gone before its socket has carried the goodbye; this the browser carries by itself. */
  #sendBeacon(): void {
    const { path, room } = this.#options;
    globalThis.navigator?.sendBeacon?.(
      `${this.#url}${path}?leave`,
      JSON.stringify({ room, ...this.#self, key: this.#key }),
    );
  }

  get #url(): string {
    const { urls } = this.#options;
    return urls[this.#server % urls.length] ?? urls[0];
  }

  /** The next server is asked when one can't be reached or can't take anybody, and not when it refuses us: they stand for one room. */
  async #enterOneOf(servers: number, signal: AbortSignal, before: readonly PoolError[] = []): Promise<void> {
    signal.throwIfAborted();
    try {
      const reply = await this.#enter();
      if (!reply.ok) throw refusedBy(this.#url, reply, this.#self.name);
    } catch (error) {
      if (!(error instanceof PoolError && maySucceedElsewhere(error))) throw error;
      this.#server++;
      if (servers <= 1) throw noneOf(before, error);
      await this.#enterOneOf(servers - 1, signal, [...before, error]);
    }
  }

  /** One socket to one server, until that has answered our join. What comes afterwards is heard here too, from the first on. */
  async #enter(): Promise<Reply> {
    if (this.#state.name === 'left') throw new PoolError('closed', 'the room was left while joining it');
    const { io, path, room, key, token, patience } = this.#options;
    const url = this.#url;
    const fresh = new JoinToken(token, { room, name: this.#self.name });
    const socket = signalingSocket(io, url, path, patience);
    this.#state = { name: 'entering', socket };
    const unreachable = (cause: Error): PoolError => unreachableAt(`${url}${path}`, cause);
    let impatient: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<Reply>((resolve, reject) => {
        this.#abandon = reject;
        impatient = setTimeout(() => {
          const cause = new Error(`nothing came within ${patience} ms`);
          reject(fresh.late(cause) ?? unreachable(cause));
        }, patience);
        // The server closes the socket of who does not join in time, and is not to blame for that.
        socket.on('refused', (refusal: unknown) => {
          const { code } = (refusal ?? {}) as { readonly code?: unknown };
          const late = code === 'not-joined' && fresh.late(new Error('the server did not wait any longer'));
          if (late) reject(late);
          // To whom it closes, it says so before it is asked.
          if (code === 'shutting-down') resolve({ ok: false, code, message: 'the server is shutting down' });
        });
        socket.on('connect_error', (error) => reject(unreachable(error)));
        socket.on('disconnect', (reason) => reject(unreachable(new Error(reason))));
        const ask = (shown: string, token: string | undefined): void => {
          this.#key = shown;
          const again = this.#listed;
          const request = {
            version: SIGNALING_VERSION,
            room,
            ...this.#self,
            key: shown,
            again,
            ...(token && { token }),
          };
          socket.emit('join', request, (answer: unknown) => {
            // It can come when we have given up.
            if (this.#state.name !== 'entering' || this.#state.socket !== socket) return;
            try {
              const reply = parseReply(answer);
              if (reply.ok) this.#joined(socket, reply.members, reply.ice);
              resolve(reply);
            } catch (cause) {
              reject(
                new PoolError(
                  'malformed',
                  `what answers at ${url}${path} is no signaling server of peerpool: check url and path`,
                  { cause },
                ),
              );
            }
          });
        };
        socket.on('connect', () => {
          Promise.all([key, fresh.fetch()]).then(([shown, fetched]) => ask(shown, fetched), reject);
        });
        this.#hear(socket);
        socket.connect();
        // A server that takes the connection and closes it before the handshake: neither the socket nor its manager hears of that.
        socket.io.engine.once('close', (reason) => reject(unreachable(new Error(reason))));
      });
    } finally {
      clearTimeout(impatient);
      this.#abandon = undefined;
      if (this.#state.name === 'entering') this.#state = { name: 'new' };
      if (!this.#inRoomBy(socket)) await depart(socket, false);
    }
  }

  #inRoomBy(socket: SignalingSocket): boolean {
    return this.#state.name === 'joined' && this.#state.socket === socket;
  }

  #hear(socket: SignalingSocket): void {
    const here = (): boolean => this.#inRoomBy(socket);
    const heard = <Message>(parse: () => Message, take: (message: Message) => void): void => {
      if (!here()) return;
      let message: Message;
      try {
        message = parse();
      } catch (cause) {
        this.#senseless(cause);
        return;
      }
      take(message);
    };
    socket.on('joined', (member: unknown) => {
      heard(
        () => parsePresence(member),
        (presence) => this.#arrived(presence),
      );
    });
    socket.on('left', (member: unknown, reason: unknown) => {
      heard(
        () => parsePresence(member),
        (presence) => this.#disappeared(presence, reason === 'left' ? 'left' : 'closed'),
      );
    });
    socket.on('signal', (from: unknown, signal: unknown) => {
      heard(
        () => parsePresence(from),
        (presence) => this.#listener.signal(presence, signal),
      );
    });
    socket.on('expiring', () => {
      if (!here()) return;
      this.#renewals.renew(socket, this.#url, this.#options.patience).catch((error: unknown) => {
        if (this.#state.name !== 'left') this.#listener.error(error as PoolError);
      });
    });
    socket.on('ice', (servers: unknown) => {
      if (here()) this.#hearIce(servers);
    });
    socket.on('still-here', (answer: unknown) => {
      if (here() && typeof answer === 'function') (answer as (yes: true) => void)(true);
    });
    socket.on('refused', (refusal: unknown) => {
      heard(
        () => parseRefusal(refusal),
        (refused) => this.#refused(refused),
      );
    });
    socket.on('disconnect', () => {
      if (here()) this.#dropped();
    });
  }

  #hearIce(servers: unknown): void {
    try {
      this.#options.ice?.hear(servers);
    } catch (cause) {
      this.#senseless(cause);
    }
  }

  #senseless(cause: unknown): void {
    const sentence = `the signaling server at ${this.#url} sent what makes no sense`;
    this.#listener.error(new PoolError('malformed', sentence, { reason: 'signaling', cause }));
  }

  /** Of those we knew before, who is not listed may be on its way back like us. */
  #joined(socket: SignalingSocket, members: readonly Presence[], ice: unknown): void {
    this.#state = { name: 'joined', socket, since: performance.now(), sentOn: false };
    this.#hearIce(ice);
    this.#told.clear();
    for (const member of members) this.#appeared(member);
    this.#listener.state('connected');
  }

  /** Somebody joins. Who is known was away, as from a server that has forgotten it, and heard nothing there. */
  #arrived(member: Presence): void {
    if (this.#known.has(member.instance)) this.#listener.appeared(member);
    else this.#appeared(member);
  }

  #appeared(member: Presence): void {
    if (this.#known.has(member.instance) || member.instance === this.#self.instance) return;
    const former = [...this.#known.values()].find(({ name }) => name === member.name);
    this.#known.set(member.instance, member);
    if (former) this.#disappeared(former, 'closed');
    if (this.#listed) this.#listener.appeared(member);
  }

  /** Whose socket has closed can be heard to have left: by then nobody knows it here, and its peers do. */
  #disappeared(member: Presence, how: 'left' | 'closed'): void {
    const known = this.#known.delete(member.instance);
    if ((known || how === 'left') && this.#listed) this.#listener.disappeared(member, how);
  }

  #refused(refusal: Refused): void {
    if (refusal.code === 'shutting-down') {
      // The socket is closed next, and then we come back.
      if (this.#state.name === 'joined') this.#state = { ...this.#state, sentOn: true };
    } else if (refusal.code === 'replaced') this.#stop(refusal);
    else this.#listener.error(refusedBy(this.#url, refusal, this.#self.name));
  }

  /** We were in the room, and our socket has closed. */
  #dropped(): void {
    if (this.#state.name !== 'joined') return;
    const { since, sentOn } = this.#state;
    this.#backoff.stayed(performance.now() - since);
    if (sentOn) this.#server++;
    this.#away(sentOn);
  }

  /** That the server can't be reached is a state and no error: the mesh does not need it, and it may take hours. */
  #away(sentOn: boolean): void {
    this.#listener.state('disconnected');
    const urgent = !sentOn && performance.now() - this.#signaled < URGENT_FOR_MS;
    this.#state = this.#waiting(urgent ? this.#backoff.urgentPause() : this.#backoff.pause(sentOn), urgent);
  }

  #waiting(pause: number, urgent: boolean): State & { readonly name: 'away' } {
    return { name: 'away', retry: setTimeout(() => this.#return(), pause), urgent };
  }

  #return(): void {
    const began = performance.now();
    const ended = (reply: Reply | undefined): void => {
      // A page that did not run meanwhile has not waited for the server.
      this.#backoff.failed(Math.min(performance.now() - began, this.#options.patience));
      this.#answered(reply);
    };
    this.#enter().then(ended, (error: unknown) => {
      if (!(error instanceof PoolError)) throw error;
      // Ours to mend, and no server's; the next try asks anew.
      if (error.reason === 'token') this.#listener.error(error);
      else this.#server++;
      ended(undefined);
    });
  }

  #answered(reply: Reply | undefined): void {
    if (this.#state.name === 'left' || reply?.ok) return;
    if (reply && this.#lost(reply)) return this.#stop(reply);
    const sentOn = reply?.code === 'shutting-down';
    if (reply) {
      const error = refusedBy(this.#url, reply, this.#self.name);
      if (maySucceedElsewhere(error)) this.#server++;
      // Each code once, until we are in the room again: it may be said for hours.
      if (!sentOn && !this.#told.has(reply.code)) this.#listener.error(error);
      this.#told.add(reply.code);
    }
    this.#away(sentOn);
  }

  /**
   * Another instance with our key has our name, or a stranger, and nobody is connected to us who could know better. While somebody is, the stranger has only come
   * first to a server that forgot us.
   */
  #lost({ code }: Refused): boolean {
    return code === 'replaced' || (code === 'name-taken' && !this.#listener.hasPeers());
  }

  /** Our name is another's. */
  #stop(refusal: Refused): void {
    const error = refusedBy(this.#url, refusal, this.#self.name);
    const tell = (): void => this.#listener.stopped(error);
    this.leave().then(tell, tell);
  }
}
