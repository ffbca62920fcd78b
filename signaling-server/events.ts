import type { Member, Refusal } from '#shared/signaling';
import type { DoorCode } from './admission/door.ts';

/**
 * What a server can tell its operator. Names come from strangers: they hold no control characters, and are up to 128
 * bytes long.
 */
export type SignalingEvent =
  /**
   * `again`: over a newer socket. `members`: how many the room has now. `took`: milliseconds from the request to its
   * reply.
   */
  | {
      readonly type: 'joined';
      readonly room: string;
      readonly member: Member;
      readonly members: number;
      readonly again: boolean;
      readonly took: number;
    }
  | { readonly type: 'left'; readonly room: string; readonly member: Member; readonly reason: 'left' | 'closed' }
  /** `closed`: and the socket with it. */
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly closed: boolean }
  /**
   * An HTTP request, or a connection that is no socket yet. `first`: of this address, as long as it is remembered; a log that tells
   * no others can't be flooded.
   */
  | {
      readonly type: 'turned-away';
      readonly address: string;
      readonly code: DoorCode;
      readonly message: string;
      readonly first: boolean;
    }
  /** Of several nodes: nobody can join at this one, and why; or one can again. */
  | { readonly type: 'readiness'; readonly reason: string | undefined }
  /** A packet that is no socket.io packet; its socket is closed. */
  | { readonly type: 'unreadable'; readonly message: string }
  /** Ours to mend, or the store's, or of `authorize`: the client was told `unavailable`. */
  | { readonly type: 'fault'; readonly error: unknown };
