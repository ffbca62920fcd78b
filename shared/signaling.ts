/** The version of the signaling wire. A server speaks one; a client of another is refused with a sentence. */
export const SIGNALING_VERSION = 1;
/** A path of its own, so that signaling stands beside an app's own socket.io on one server. */
export const SIGNALING_PATH = '/peerpool';

/** Somebody in the room: a name, and the life of it that is there now. */
export interface Member {
  readonly name: string;
  readonly instance: string;
}

export interface JoinRequest extends Member {
  readonly version: number;
  readonly room: string;
  /**
   * Proves that a name is ours; known to us and the server only, 16 to 128 bytes of UTF-8 that nobody can guess. Who
   * shows it again with the same instance gets the name back at once, although the server has not noticed yet that the
   * old socket broke. With another instance, as a reloaded page, likewise, unless the old socket still answers.
   */
  readonly key: string;
  /**
   * This instance was in the room before and comes back. Where another instance with its key has the name by now, it
   * was replaced, and does not get the name back. Default: false.
   */
  readonly again?: boolean;
  /** For a server that asks who may join; at most 8 KiB. What is in it is between the app and the server. */
  readonly token?: string;
}

/** What a token can allow: to be a member of the room, to send signals, to be handed credentials of TURN servers. */
export const CAPABILITIES = ['join', 'signal', 'turn'] as const;
/** One of them. */
export type Capability = (typeof CAPABILITIES)[number];

/**
 * Why a server refuses: a closed set, so that a client can act on it. `name-taken`: it is another's, or kept for one
 * who may come back. `server-full`: it has as many rooms as it may. `shutting-down`, `unavailable`: come back later.
 * `replaced`: the name went to a newer socket or another instance that showed the same key; it is not to be fought for.
 * `unauthorized`: no token, or none for this room and name. `expired`: it was one. `forbidden`: it allows other things.
 */
export type RefusalCode =
  | 'malformed'
  | 'version'
  | 'name-taken'
  | 'room-full'
  | 'server-full'
  | 'already-joined'
  | 'not-joined'
  | 'too-large'
  | 'rate-limited'
  | 'shutting-down'
  | 'unavailable'
  | 'replaced'
  | 'unauthorized'
  | 'expired'
  | 'forbidden';

/** Why somebody may not join, or has to go: a code for programs, a sentence for people. */
export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly message: string;
}

/** A STUN server, or a TURN server with what it asks for; as browsers have it in `RTCIceServer`. */
export interface IceServer {
  /** RFC 7064 and RFC 7065. */
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** What links are made with from now on. */
export interface IceServers {
  readonly servers: readonly IceServer[];
  /** For so many ms the credentials are good. Absent: for ever, or there are none. */
  readonly holds?: number;
}

/** Servers at most, and URLs of each. Browsers ask all of them for each link, and warn from five on. */
export const MOST_ICE_SERVERS = 8;

/** `members`: who else is in the room, in the order in which they joined. `ice` absent: the server hands out none. */
export type JoinReply = { readonly ok: true; readonly members: readonly Member[]; readonly ice?: IceServers } | Refusal;

export type RenewReply = { readonly ok: true } | Refusal;

/**
 * `Signal` is whatever two clients say to each other; the server is compiled with `unknown` and provably can't read it.
 */
export interface ClientToServerEvents<Signal> {
  /** Once a socket; after a refusal it may be tried again. */
  join(request: JoinRequest, reply: (reply: JoinReply) => void): void;
  /** To one instance in the sender's room, in order per pair of sockets. Lost when it is not there. */
  signal(to: Member, signal: Signal): void;
  /** A newer token, for the room and name of this socket. When it is refused, the older one goes on to its end. */
  renew(token: string, reply: (reply: RenewReply) => void): void;
  /**
   * Goodbye: the name is free at once. The server closes the socket. After a socket that closed without it, the name is
   * kept for who shows its key.
   */
  leave(): void;
}

/** None of these comes before the reply to `join`, except `refused`. */
export interface ServerToClientEvents<Signal> {
  /** Never for oneself, and never for whom the reply to `join` named. */
  joined(member: Member): void;
  /** Once for each member. `left`: it said so. `closed`: its socket closed. */
  left(member: Member, reason: 'left' | 'closed'): void;
  /** `from` is set by the server. */
  signal(from: Member, signal: Signal): void;
  /**
   * Another instance shows the key of this one's name. To be answered at once by whoever still lives by that name: who
   * does not within a second loses it, and hears `refused`, code `replaced`.
   */
  'still-here'(answer: (yes: true) => void): void;
  /**
   * What the token allowed ends in so many ms, and then, unless it is renewed, the socket: `refused`, code `expired`.
   * Said again when a quarter of that time is left.
   */
  expiring(left: number): void;
  /**
   * In place of those of the reply to `join`, and of the last of these: said before the credentials expire, and after a
   * renewal that allows other ones. Never where the server hands out none.
   */
  ice(servers: IceServers): void;
  /**
   * Something the client did was refused where no reply was possible, or its socket is about to be closed for this
   * reason.
   */
  refused(refusal: Refusal): void;
}
