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
  /** Known to this instance and the server only: who shows it again after a broken socket gets the name back at once. */
  readonly key: string;
}

/** Why a server refuses: a closed set, so that a client can act on it. */
export type RefusalCode =
  | 'malformed'
  | 'version'
  | 'name-taken'
  | 'room-full'
  | 'already-joined'
  | 'not-joined'
  | 'too-large'
  | 'rate-limited'
  | 'shutting-down'
  | 'replaced';

export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly message: string;
}

/** `members`: who else is in the room, in the order in which they joined. */
export type JoinReply = { readonly ok: true; readonly members: readonly Member[] } | Refusal;

/** `Signal` is whatever two clients say to each other; the server is compiled with `unknown` and provably can't read it. */
export interface ClientToServerEvents<Signal> {
  join(request: JoinRequest, reply: (reply: JoinReply) => void): void;
  /** To one instance in the sender's room. Lost when it is not there. */
  signal(to: Member, signal: Signal): void;
  /** Goodbye: the name is free at once. The server closes the socket. */
  leave(): void;
}

export interface ServerToClientEvents<Signal> {
  /** After the reply to `join`, and never for oneself. */
  joined(member: Member): void;
  /** `left`: it said so. `closed`: its socket closed. */
  left(member: Member, reason: 'left' | 'closed'): void;
  /** `from` is set by the server. */
  signal(from: Member, signal: Signal): void;
  /** Something the client did was refused where no reply was possible. */
  refused(refusal: Refusal): void;
}
