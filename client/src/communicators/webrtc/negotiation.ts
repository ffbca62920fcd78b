import { fields } from '../signal.ts';

/** What simple-peer says to simple-peer: one description and then candidates, as they are found. */
export type Negotiation =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: RTCIceCandidateInit };

/** A machine with many interfaces and a TURN server finds some dozens; each is kept until the connection ends. */
const MOST_CANDIDATES = 256;

/**
 * What the other end may say in one attempt: each end describes itself once, the initiator by an offer and the responder by an answer.
 * Renegotiation and media do not occur, so whoever asks for them is a stranger.
 */
export class Hearing {
  readonly #expected: 'offer' | 'answer';
  #described = false;
  #candidates = 0;

  constructor(role: 'initiator' | 'responder') {
    this.#expected = role === 'initiator' ? 'answer' : 'offer';
  }

  /** @throws TypeError, RangeError with a sentence that says what is wrong */
  hear(value: unknown): Negotiation {
    const { type, sdp, candidate } = fields(value, 'negotiation');
    if (type === 'candidate') {
      // Signals come in order: the description before it is lost, and this attempt can't come to anything.
      if (!this.#described) throw new TypeError(`${this.#expected === 'offer' ? 'the offer' : 'the answer'} is lost`);
      if (++this.#candidates > MOST_CANDIDATES)
        throw new RangeError(`an end has at most ${MOST_CANDIDATES} candidates`);
      return { type, candidate: parseCandidate(candidate) };
    }
    const expected = this.#expected;
    if (type !== expected || typeof sdp !== 'string') {
      throw new TypeError(`${expected === 'offer' ? 'an offer' : 'an answer'} or a candidate was expected`);
    }
    if (this.#described) throw new TypeError(`one ${expected} is enough`);
    this.#described = true;
    return { type: expected, sdp };
  }
}

function parseCandidate(value: unknown): RTCIceCandidateInit {
  const { candidate, sdpMid, sdpMLineIndex } = fields(value, 'candidate');
  if (typeof candidate !== 'string') throw new TypeError('a candidate is a line of text');
  const mid = typeof sdpMid === 'string' ? sdpMid : null;
  const line = typeof sdpMLineIndex === 'number' ? sdpMLineIndex : null;
  if (mid === null && line === null) throw new TypeError('a candidate says which media line it is for');
  return { candidate, sdpMid: mid, sdpMLineIndex: line };
}
