/**
 * How many ways by which an end may be reached (candidates, RFC 8445) it has told the other: by type, by protocol, and those whose address is a name of multicast DNS.
 * No addresses. `prflx` are ways that only the checks brought to light.
 */
export interface CandidateCounts {
  readonly host: number;
  readonly srflx: number;
  readonly prflx: number;
  readonly relay: number;
  readonly udp: number;
  readonly tcp: number;
  readonly mdns: number;
}

/** What came of one STUN or TURN server that was configured. */
export interface IceServerReport {
  /** Without credentials. */
  readonly url: string;
  /**
   * `answered`: it gave a candidate. `refused`: it said no. `unreached`: the browser could not reach it. `silent`: neither a candidate nor an error; once `gathering` is `complete`
   * that also fits a STUN server that had nothing new to say, and browsers that don't tell.
   */
  readonly outcome: 'answered' | 'refused' | 'unreached' | 'silent';
  /** What the browser said of it last, e.g. `401 Unauthorized`. */
  readonly error?: string | undefined;
}

/** What is likely wrong, in one word. */
export type ConnectionFinding =
  | 'no-connection'
  | 'no-answer'
  | 'no-candidates'
  | 'no-remote-candidates'
  | 'no-turn'
  | 'stun-silent'
  | 'turn-refused'
  | 'turn-silent'
  | 'relay-blocked'
  | 'no-handshake'
  | 'broken';

/** What one attempt at a WebRTC connection has seen. Plain data; no addresses but those of the servers. */
export interface ConnectionFacts {
  /** How long it lasted, or took to connect, in ms. */
  readonly ms: number;
  readonly local: CandidateCounts;
  readonly remote: CandidateCounts;
  /** Whether the browser gave a connection at all. */
  readonly made: boolean;
  /** Whether the other side has described itself: by an offer, or by an answer to ours. */
  readonly answered: boolean;
  /** `iceTransportPolicy: 'relay'` on this side. */
  readonly relayOnly: boolean;
  readonly servers: readonly IceServerReport[];
  readonly gathering: 'new' | 'gathering' | 'complete';
  /** The states of ICE gone through, in order. */
  readonly states: readonly string[];
  /** How many pairs of candidates were in which state, when last looked at: every two seconds, and when ICE fails. Empty before. */
  readonly pairs: Readonly<Record<string, number>>;
  /** Whether messages could pass at some time. */
  readonly opened: boolean;
  /** What ended it, where it did not just take too long. */
  readonly error?: string | undefined;
}

/** Why two peers can't connect, as far as this side can tell. */
export interface ConnectionDiagnosis extends ConnectionFacts {
  readonly finding: ConnectionFinding;
  /** The same in words, and what to do. */
  readonly verdict: string;
}
