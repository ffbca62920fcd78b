import { PoolError } from '../errors.ts';
import type { PeerConnection } from './communicator.ts';
import { Peer, type PeerHost } from './peer.ts';
import type { Disappearance, Presence, Signal } from './transport.ts';

/** Everybody we have heard of in the room, and who they are to us: peers, whom we named or discover, and strangers. */
export class Circle {
  readonly #host: PeerHost;
  readonly #peers = new Map<string, Peer>();
  /** By name, the instance that we removed, or told that we do not know it. */
  readonly #shunned = new Map<string, string>();
  /** Members of the room that nobody asked for, by name: they may be added later. */
  readonly #strangers = new Map<string, Presence>();
  /** By name, the instance that disappeared last: what it said before can come late, and is no call. */
  readonly #departed = new Map<string, string>();

  constructor(host: PeerHost) {
    this.#host = host;
  }

  /** In the order in which we heard of them. */
  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  get(name: string): Peer | undefined {
    return this.#peers.get(name);
  }

  /** A peer by this name is wanted, whether it is there or not. */
  add(name: string, { publicKey }: PeerConnection): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) this.#peers.set(name, new Peer(name, true, this.#host, publicKey));
    else {
      peer.named = true;
      peer.trusted = publicKey;
      peer.barred = undefined;
      peer.call();
    }
    this.#shunned.delete(name);
    const stranger = this.#strangers.get(name);
    if (stranger !== undefined) this.meet(stranger);
  }

  /** It is told, and not met again before it is added or comes as another instance. */
  remove(peer: Peer, reason: string): void {
    const { name, presence } = peer;
    if (presence !== undefined) {
      this.#shunned.set(name, presence.instance);
      this.#strangers.set(name, presence);
    }
    const successor = peer.remove(reason);
    if (successor !== undefined) this.meet(successor);
  }

  /** Somebody is in the room. Returns who it is to us, if anybody. */
  meet(presence: Presence): Peer | undefined {
    const { self, stopping } = this.#host;
    const { name } = presence;
    if (stopping || name === self.name) return undefined;
    let peer = this.#peers.get(name);
    const wanted = (peer?.named === true || self.discover) && !this.#shuns(presence);
    if (!wanted) {
      this.#strangers.set(name, presence);
      return undefined;
    }
    this.#strangers.delete(name);
    if (peer === undefined) {
      peer = new Peer(name, false, this.#host);
      this.#peers.set(name, peer);
    }
    peer.meet(presence);
    return peer;
  }

  /** Somebody has come to the room, or has come back to it: what was signaled to where it was before may be lost. */
  appeared(presence: Presence): void {
    const known = this.#peers.get(presence.name);
    const again = known?.presence?.instance === presence.instance;
    if (this.#departed.get(presence.name) === presence.instance) this.#departed.delete(presence.name);
    if (!again || known.missing) this.meet(presence);
    if (again) known.audible();
  }

  disappeared(presence: Presence, how: Disappearance): void {
    this.#departed.set(presence.name, presence.instance);
    if (this.#strangers.get(presence.name)?.instance === presence.instance) this.#strangers.delete(presence.name);
    this.#peers.get(presence.name)?.miss(presence, how);
  }

  signal(from: Presence, signal: Signal): void {
    const { self, stopping } = this.#host;
    if (signal.to !== self.instance) return;
    const known = this.#peers.get(from.name);
    const ours = known?.presence?.instance === from.instance;
    if (stopping) {
      // Nobody is met any more, and those who are to get something yet are still to be reached.
      if (ours && known.session !== undefined) known.signal(signal);
      return;
    }
    if (ours && known.past(signal)) return;
    if (!ours && this.#departed.get(from.name) === from.instance) return;
    const calling = signal.type === 'ring' || signal.type === 'negotiate';
    const peer = calling && !ours ? this.meet(from) : known;
    if (calling && (peer === undefined || this.#shuns(from))) this.#refuse(from, signal.link);
    else if (peer?.presence?.instance === from.instance) peer.signal(signal);
    else if (calling) peer?.contest(from, signal);
  }

  /** We leave the room: says goodbye where it was not said, and ends every session. */
  part(text: string): void {
    for (const { session } of this.#peers.values()) if (session?.up === true) session.goodbye('goodbye', '');
    for (const peer of this.#peers.values()) peer.release(text);
    this.#strangers.clear();
  }

  /** Removed, told that we do not know it, or it broke the protocol. */
  #shuns({ name, instance }: Presence): boolean {
    return this.#shunned.get(name) === instance || this.#peers.get(name)?.barred === instance;
  }

  /** Tells a stranger why not, and the application once. */
  #refuse(stranger: Presence, link: number): void {
    const { self, transport, listener } = this.#host;
    const { name: peer, instance: to } = stranger;
    if (this.#peers.get(peer)?.barred === to) {
      const message = `${self.name} does not connect again to an instance that broke the protocol`;
      transport.signal(stranger, { type: 'refuse', to, link, code: 'malformed', message });
      return;
    }
    const code = 'unknown-peer';
    const message = `${self.name} has no client named ${peer}`;
    transport.signal(stranger, { type: 'refuse', to, link, code, message });
    if (this.#shunned.get(peer) === to) return;
    this.#shunned.set(peer, to);
    this.#strangers.set(peer, stranger);
    const text = `${peer} wanted to connect, and is no client of ${self.name}: addClient or discover lets it in`;
    listener.error(new PoolError('refused', text, { peer, reason: code }));
  }
}
