import { milliseconds } from '../deadlines.ts';
import type { LivenessRules } from './liveness.ts';
import type { PairingRules } from './pairing.ts';

/** Long enough for a slow network and a busy page, short enough that a person is told why nothing happens. */
const CONNECT_TIMEOUT = 15_000;
/** A change of networks and a lift ride are over by then; somebody who comes later begins anew. */
const RECONNECT_TIMEOUT = 30_000;
/** Often enough to notice a death soon, seldom enough to cost nothing. */
const HEARTBEAT_INTERVAL = 2_000;
/** So many pings of a silence may stay unanswered. */
const PINGS = 3;
/** Pages compute for a minute without a pause, and timers of hidden ones run once a minute. */
const UNRESPONSIVE_TIMEOUT = 90_000;
/** How long somebody without a link whose socket the server saw closing may take to come back, in ms: a reload does not, a network that changes does. */
const GONE_AFTER = 5_000;
/** Where nobody is short of handshake slots, an offer comes well before this. */
const RING_EVERY = 1_000;
/** After an attempt that broke, doubled with each, with jitter so that pairs do not march in step. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5_000;

/** The patience of a communicator. */
export interface MeshTimes {
  /** Milliseconds; default 15 s. Bounds joining, and how long a pair tries before it has failed. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds; default 30 s. A peer without a link for so long has left, reason `lost`. */
  readonly reconnectTimeout?: number | undefined;
  /**
   * Milliseconds; default 2 s. A peer that has been silent for so long is pinged; three pings that each stay unanswered for as long end a link that does not reach it any more. A peer whose link
   * stands is `unresponsive` then. A list says each wait on its own: the silence before the first ping, then how long each ping may stay unanswered.
   */
  readonly heartbeatInterval?: number | readonly number[] | undefined;
  /** Milliseconds of silence, default 90 s, after which an `unresponsive` peer has left. */
  readonly unresponsiveTimeout?: number | undefined;
}

/** @throws TypeError, RangeError for a time that is none */
export function pairingRules(times: MeshTimes): PairingRules {
  return {
    connectTimeout: milliseconds(times.connectTimeout ?? CONNECT_TIMEOUT, 'connectTimeout'),
    reconnectTimeout: milliseconds(times.reconnectTimeout ?? RECONNECT_TIMEOUT, 'reconnectTimeout'),
    ringEvery: RING_EVERY,
    pause: (attempts) => Math.min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE) * (0.5 + Math.random() / 2),
  };
}

/** @throws TypeError, RangeError for a time that is none */
export function livenessRules(times: MeshTimes): LivenessRules {
  return {
    intervals: heartbeats(times.heartbeatInterval ?? HEARTBEAT_INTERVAL),
    unresponsiveTimeout: milliseconds(times.unresponsiveTimeout ?? UNRESPONSIVE_TIMEOUT, 'unresponsiveTimeout'),
    goneAfter: GONE_AFTER,
  };
}

/** @throws TypeError, RangeError for what is no interval, and no list of at least two */
function heartbeats(interval: number | readonly number[]): readonly number[] {
  if (typeof interval === 'number') return Array<number>(PINGS + 1).fill(positive(interval));
  if (!Array.isArray(interval)) throw new TypeError('heartbeatInterval is a number of milliseconds or a list of them');
  if (interval.length < 2)
    throw new RangeError('heartbeatInterval lists a silence and at least one wait for an answer');
  return interval.map(positive);
}

function positive(interval: number): number {
  if (milliseconds(interval, 'heartbeatInterval') === 0) throw new RangeError('heartbeatInterval is more than 0 ms');
  return interval;
}
