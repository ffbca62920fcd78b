import type { PoolError } from '../errors.ts';
import type { LinkKind } from '../links/link.ts';
import type { Packet } from '../packers/packer.ts';
import type { Identity } from '../trust/identity.ts';

/** One way: a communicator that has stopped does not start again. */
export type CommunicatorState = 'uninitialized' | 'started' | 'stopped';

/**
 * When a send resolves. `delivered`: the other side's listener took the message, and a refusal rejects. `accepted`: there is room to send more.
 * `consumed`: the other side said so by `receipt.consumed()`. `none`: at once, and it never rejects; failures are counted and told by `error`.
 */
export type Ack = 'delivered' | 'accepted' | 'consumed' | 'none';

/** The state of the way to a peer. None of these is a departure. */
export type LinkState = 'connecting' | 'connected' | 'unresponsive';

/** Whether newcomers can be met. `connecting` until the room was entered once; afterwards the signaling server, or whatever stands in its place, is within reach or not. */
export type SignalingState = 'connecting' | 'connected' | 'disconnected';

/**
 * Why a peer left. `goodbye`: it said so. `killed`: silent, and the server saw its socket close. `lost`: no link for `reconnectTimeout`. `unresponsive`: its link stood, and nothing came for
 * `unresponsiveTimeout`. `replaced`: another instance took its name. `removed`: by us or by it. `malformed`: it broke the protocol. `refused`: it will not connect.
 */
export type LeaveReason =
  | 'goodbye'
  | 'killed'
  | 'lost'
  | 'unresponsive'
  | 'replaced'
  | 'removed'
  | 'malformed'
  | 'refused';

/** Who this end is, and what it takes. */
export interface Self {
  readonly name: string;
  /** New with every start; names a life of this peer and proves nothing. */
  readonly instance: string;
  /** Whether to connect to whoever is in the room, or only to the connections added by name. */
  readonly discover: boolean;
  /** The name of the packer; a peer with another one is refused. */
  readonly packer: string;
  /** What may lie unread here of one sender, in bytes plus `MESSAGE_OVERHEAD` a message. */
  readonly inboxLimit: number;
  /** What may wait here for one recipient, counted likewise. */
  readonly outboxLimit: number;
  /** The largest message, in bytes, that this end sends or takes. */
  readonly maxMessageSize: number;
  /** Proved to every peer, for each link. */
  readonly identity?: Identity | undefined;
}

/** What is known of a peer beforehand. */
export interface PeerConnection {
  /** Of its identity. Who does not prove to hold it is `untrusted`, and never joins. */
  readonly publicKey?: string | undefined;
}

/** How long a call waits, and what ends it before. Where there is no limit by default, the call says so. */
export interface WaitOptions {
  /** Milliseconds; covers the whole call. */
  readonly timeout?: number | undefined;
  /** Its reason rejects the call, untouched. */
  readonly signal?: AbortSignal | undefined;
}

/** Of `Communicator.send`. */
export interface SendOptions extends WaitOptions {
  /** Opaque. Messages of one queue keep their order; those of others may pass. */
  readonly queue: string;
  readonly ack: Ack;
  /** Takes no room of the recipient's inbox, and so never waits for any: answers, calls, barriers. */
  readonly unmetered?: boolean | undefined;
  /** Opaque: a whole number of at most 2^53 - 1 that arrives with the message, for its answer to refer to. */
  readonly correlation?: number | undefined;
}

/** What a listener can say of a message later. That it returned from `message` says *delivered*; that it threw says *refused*. */
export interface Receipt {
  /** Unique among the messages of this sender's instance, the same at every look, and never sent. */
  readonly identity: string;
  /** Counts what came from this sender, modulo 2^32; from 2^31 on where the sender's instance is the greater, so that a question and its answer differ. */
  readonly serial: number;
  /** As the sender gave it. */
  readonly correlation: number | undefined;
  /** The message is out of the mailbox: its room is free again. Safe to call twice. */
  consumed(): void;
}

/** Counted since `initialize`, over all instances of that name. Bytes are packets, without framing or what was sent again. */
export interface PeerStatistics {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Messages accepted here of which the other side has not said that it has them. */
  readonly inFlight: number;
  /** Milliseconds, of the newest answered ping. */
  readonly roundTripTime: number | undefined;
  readonly reconnects: number;
  readonly link: { readonly state: LinkState; readonly kind: LinkKind | undefined } | undefined;
}

/**
 * Hears everything from `initialize` on; every method may call back in.
 * For each instance of a peer: `joined`, its messages, `left`, once and in this order.
 */
export interface CommunicatorListener {
  /** A session with this instance of the peer has begun: messages go both ways. */
  joined(peer: string, instance: string): void;
  /**
   * A whole message. Returning says that it is held here; throwing a `PoolError` refuses it, and the very send that carried it rejects with that error's code
   * and message. `packet.head` is valid during the call only, `packet.segments` are the listener's to keep.
   */
  message(from: string, queue: string, packet: Packet, receipt: Receipt): void;
  /** It has ended; nothing more comes of this instance. */
  left(peer: string, instance: string, reason: LeaveReason): void;
  /** The way to the peer changed. `kind`: how it is reached, once that is known. */
  link(peer: string, state: LinkState, kind: LinkKind | undefined): void;
  /** Whether newcomers can be met changed. */
  signaling(state: SignalingState): void;
  /** No session with this peer came about: it could not be reached, refused us, or is refused. It may still come later. */
  failed(peer: string, error: PoolError): void;
  /** What nobody asked for. */
  error(error: PoolError): void;
  /** The communicator has stopped; `error` when not by its own `shutdown`. The last thing heard. */
  stopped(error?: PoolError): void;
}

/**
 * Packets between named parties, each exactly once and in order per queue, over whatever transport. Knows no values and no message ids.
 * Every promise settles: with its result, its timeout, the peer's departure or the communicator's end.
 */
export interface Communicator<Connection = unknown> {
  readonly state: CommunicatorState;
  /**
   * Names a peer to be connected to, before or after the start.
   * @throws PoolError `duplicate-peer`, leaving no trace; `illegal-state` once stopped; TypeError for a connection that is none
   */
  addConnection(name: string, connection?: Connection): void;
  /**
   * The peer is told (`removed`), its session ends, and it is not met again before `addConnection` or a new instance of it.
   * @throws PoolError `unknown-peer`
   */
  removeConnection(name: string, reason?: string): void;
  /**
   * Joins, bounded by the communicator's `connectTimeout`; resolves when every named peer is connected; with `discover` and none named, when everyone who was
   * there is connected or has failed. `timeout` bounds the whole. On failure everything is released and the state is `stopped`.
   * @throws PoolError `illegal-state`, `duplicate-peer` (the name is taken), `unreachable`, `refused`, `timeout` (with `missing`), `unsupported`, `untrusted`
   */
  initialize(self: Self, listener: CommunicatorListener, options?: WaitOptions): Promise<void>;
  /**
   * Resolves as `ack` says. The state, then the recipient, then the size are checked first.
   * @throws PoolError `illegal-state`, `unknown-peer`, `too-large`, `refused`, `unreachable`, `peer-left`, `closed`, `timeout`
   */
  send(recipient: string, packet: Packet, options: SendOptions): Promise<void>;
  /** Somebody waits for this queue, so that its next message passes although the mailbox is full; or, with `false`, does not any more. */
  want(from: string, queue: string, waiting: boolean): void;
  /** Whether the peer's link carries messages at this moment. */
  connected(name: string): boolean;
  /** Round-trip time in milliseconds. */
  ping(name: string, options?: WaitOptions): Promise<number>;
  /** What the instance that is here has proved to hold; `undefined` where it has no identity, or neither end has or names one. */
  publicKey(name: string): string | undefined;
  /** Of anyone ever met or named; readable after shutdown. */
  peer(name: string): PeerStatistics | undefined;
  /**
   * The page goes, and may be brought back: says goodbye everywhere, within the call, and ends every session. The state stays `started`; nobody is met before `rejoin`.
   * Without effect unless started.
   */
  suspend(): void;
  /** The page is back: joins again, under the same name as another instance, and tries for as long as it takes; `stopped` tells when that can't be. Without effect unless suspended. */
  rejoin(instance: string): void;
  /**
   * Refuses new sends, goes on taking and acknowledging until its own are acknowledged (bounded by `timeout`), says goodbye with its last acknowledgements, closes.
   * `flush: false` drops what has not left, and rejects it. Resolves when nothing is left. A second call is a no-op.
   * @throws PoolError `illegal-state` before `initialize`
   */
  shutdown(options?: { readonly flush?: boolean | undefined; readonly timeout?: number | undefined }): Promise<void>;
}

/** What a message costs beside its bytes, in the limits of both ends. */
export const MESSAGE_OVERHEAD = 256;

/** The longest queue key, in bytes of UTF-8: it travels with each message, whole and in one packet. */
export const QUEUE_BYTES = 1024;
