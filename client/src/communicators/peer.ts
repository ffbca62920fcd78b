import type { Deadline } from '../deadlines.ts';
import type { PoolError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import type { LinkState, PeerStatistics } from './communicator.ts';
import type { Pairing } from './pairing.ts';
import type { Attempt, Presence } from './transport.ts';

/** What a communicator knows of one name: which life of it is in the room, the session with it, and how a link to it is coming about. */
export class Peer {
  readonly name: string;
  /** Added by `addConnection`, and so kept whether it is there or not. */
  named: boolean;
  /** The life of it that we deal with. */
  presence: Presence | undefined;
  /** Another life of it, met while the session with the old one still stands. */
  successor: Presence | undefined;
  /** The transport said that `presence` is gone. Its link may know better. */
  missing = false;
  /** Holds what is sent to it, also before it is there. Gone once the peer left or failed, until it is met again. */
  session: Session | undefined;
  /** Why there is no session. */
  failure: PoolError | undefined;
  pairing: Pairing | undefined;
  attempt: Attempt | undefined;
  /** Why the last attempt came to nothing. */
  attemptError: Error | undefined;
  alarm: Deadline | undefined;
  heartbeat: Deadline | undefined;
  /** The listener has heard `joined` and not yet `left`. */
  joined = false;
  linkState: LinkState | undefined;
  /** Failures that nobody waited for, since they were last told. */
  untoldFailures = 0;
  failureTold = Number.NEGATIVE_INFINITY;
  reconnects = 0;
  /** Of sessions that have ended. */
  #past = { bytesSent: 0, bytesReceived: 0, messagesSent: 0, messagesReceived: 0 };
  #roundTripTime: number | undefined;

  constructor(name: string, named: boolean) {
    this.name = name;
    this.named = named;
  }

  get connected(): boolean {
    return this.session?.up ?? false;
  }

  get statistics(): PeerStatistics {
    const now = this.session?.statistics;
    return {
      bytesSent: this.#past.bytesSent + (now?.bytesSent ?? 0),
      bytesReceived: this.#past.bytesReceived + (now?.bytesReceived ?? 0),
      messagesSent: this.#past.messagesSent + (now?.messagesSent ?? 0),
      messagesReceived: this.#past.messagesReceived + (now?.messagesReceived ?? 0),
      inFlight: now?.inFlight ?? 0,
      roundTripTime: this.session?.roundTripTime ?? this.#roundTripTime,
      reconnects: this.reconnects,
      link: this.linkState === undefined ? undefined : { state: this.linkState, kind: this.session?.kind },
    };
  }

  /** The session is over; what it counted stays. */
  part(failure: PoolError): void {
    const { bytesSent, bytesReceived, messagesSent, messagesReceived } = this.statistics;
    this.#past = { bytesSent, bytesReceived, messagesSent, messagesReceived };
    this.#roundTripTime = this.session?.roundTripTime ?? this.#roundTripTime;
    this.session = undefined;
    this.failure = failure;
    this.linkState = undefined;
    this.heartbeat?.cancel();
    this.heartbeat = undefined;
  }
}
