/**
 * The lowest seam: ordered packets of bytes to one party, until it breaks. A link never comes back; who needs more opens the next one.
 *
 * A link has two *lanes*. Within a lane packets arrive whole, once and in order; between lanes nothing is promised.
 * Lane 0 carries control and small messages, lane 1 what is large.
 */
export interface Link {
  /** The largest packet, in bytes, that this link takes in one `send`. */
  readonly packetBytes: number;
  /**
   * What the two ends of this very link know and nobody who sits between them could bring about on both sides: over WebRTC the fingerprints of the DTLS certificates.
   * A session proves its key for it. Known once the link is open.
   */
  readonly binding: { readonly own: string; readonly other: string };
  /** How the party is reached; known once the link is open. */
  readonly kind: LinkKind;
  /**
   * Whether the transport believes that it reaches the other end. It can take seconds to notice that it does not, and may find it again: a link that is lost for good says `closed`.
   * Where nothing stands between the ends, always.
   */
  readonly reachable: boolean;
  /** Whether the lane takes another packet now. When it does not, `drained` follows. */
  ready(lane: Lane): boolean;
  /** Copies the packet before it returns. Never throws: a link that can't send is broken, and says so by `closed`. */
  send(lane: Lane, packet: Uint8Array): void;
  /** What was sent may be lost. Safe to call twice; the listener hears `closed` at most once, and not for its own call. */
  close(): void;
}

/** 0 carries control and small messages, 1 what is large. */
export type Lane = 0 | 1;

/** `direct` and `relay` are WebRTC, without and with a TURN server in between. */
export type LinkKind = 'direct' | 'relay' | 'broadcast-channel' | 'local';

/** Given to a link at its birth, so that no packet can come before it. */
export interface LinkListener {
  /** Both lanes carry packets from here on. A packet of the other side can come just before. */
  opened(link: Link): void;
  /** The bytes are the listener's to keep. */
  packet(lane: Lane, bytes: Uint8Array): void;
  /** The lane is ready again. */
  drained(lane: Lane): void;
  /** Nothing comes after this. `error` says why when it is not the other side that closed it. */
  closed(error?: Error): void;
}
