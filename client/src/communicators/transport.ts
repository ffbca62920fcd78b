import type { PoolError } from '../errors.ts';
import type { LinkListener } from '../links/link.ts';
import type { SignalingState } from './communicator.ts';

/** Somebody in the room: a name, and the life of it that is there now. */
export interface Presence {
  readonly name: string;
  readonly instance: string;
}

/**
 * What a communicator adds to the mesh: how instances that share a room find each other, and how one link between two of them is made.
 * Who calls whom, when and how often is `Pairing`'s business; sessions are `MeshCommunicator`'s.
 */
export interface Transport {
  /**
   * Takes the name. Resolves with who was there, in the order in which they joined.
   * @throws PoolError `duplicate-peer`, `refused`, `unreachable`, `unsupported`; the signal's reason when aborted, with nothing left behind
   */
  join(self: Presence, listener: TransportListener, signal: AbortSignal): Promise<readonly Presence[]>;
  /** Carries a signal to one instance, in order while nothing breaks; may lose it. */
  signal(to: Presence, signal: Signal): void;
  /**
   * Begins one link. Of its two ends exactly one is the initiator. What the ends must tell each other goes out by `negotiate` and comes in by the attempt's own.
   * The listener hears `opened` or `closed`; until then `close` abandons the attempt. Never throws.
   */
  dial(
    peer: Presence,
    role: 'initiator' | 'responder',
    negotiate: (data: unknown) => void,
    listener: LinkListener,
  ): Attempt;
  /** The page was woken, or has a network again: what waits for its next try makes it now. */
  wake(): void;
  /**
   * Gives the name back. Safe to call twice, also during `join`. Resolves when nothing is left: no timer, socket or listener.
   * `atOnce`: nothing is open any more when this returns, for a page that has something open is kept out of the back/forward cache.
   */
  leave(atOnce?: boolean): Promise<void>;
}

/**
 * `left`: it said goodbye to whatever stands between us. `closed`: it is out of reach, and may come back. `ended`: it is no more, and that can't be wrong.
 */
export type Disappearance = 'left' | 'closed' | 'ended';

/** A link from its first signal on. */
export interface Attempt {
  /** What the other end told by its `negotiate`, in order. */
  negotiate(data: unknown): void;
  /** Safe to call twice; the listener hears nothing afterwards. */
  close(): void;
}

/** What a transport tells the mesh, from `join` to the end of `leave`. */
export interface TransportListener {
  /** Somebody joined after us; or joined again, who could not hear signals for a while. */
  appeared(peer: Presence): void;
  /** Somebody is gone, as far as the transport can tell. A link that still carries packets knows better than hearsay. */
  disappeared(peer: Presence, how: Disappearance): void;
  /** A signal of somebody in the room, in the order in which it was sent. */
  signal(from: Presence, signal: Signal): void;
  /** Whether newcomers can be met changed. */
  state(state: SignalingState): void;
  /** What nobody asked for; the transport goes on. */
  error(error: PoolError): void;
  /** Whether somebody has met us under our name and not left: is connected, or waited for. Then another by that name finds no hearing there, whatever a server says. */
  hasPeers(): boolean;
  /** Our name was taken by another instance, or the transport can't go on. */
  stopped(error: PoolError): void;
}

/**
 * What two instances say to each other before they have a link. Each names both instances (the sender's comes with its `Presence`) and the link's number.
 * `ring`: call me, the newest link I know is this. `wait`: I shall, when one of my handshake slots is free. `negotiate`: for the link's own making.
 * `refuse`: I will not connect to you.
 */
export type Signal =
  | { readonly type: 'ring' | 'wait'; readonly to: string; readonly link: number }
  | { readonly type: 'negotiate'; readonly to: string; readonly link: number; readonly data: unknown }
  | {
      readonly type: 'refuse';
      readonly to: string;
      readonly link: number;
      readonly code: string;
      readonly message: string;
    };
