import type { Deadline, Deadlines } from '../deadlines.ts';
import type { Session } from '../session/session.ts';
import type { LeaveReason } from './communicator.ts';
import { Heartbeat, type Silence } from './heartbeat.ts';
import type { LivenessRules } from './liveness.ts';
import { Patience } from './patience.ts';

/**
 * How long the link of somebody who said goodbye to the server, or whose name came back as another instance, has to prove that it still answers: so many ms beyond two round trips.
 * Who waits for the departure hears of it within a tenth of a second.
 */
const LAST_ANSWER = { left: 50, closed: 500 };

/** What a vigil needs to know, and whom it tells. */
export interface VigilHost {
  readonly name: string;
  readonly deadlines: Deadlines;
  readonly liveness: LivenessRules;
  /** How long somebody without a link is waited for, in ms. */
  readonly reconnectTimeout: number;
  readonly session: Session | undefined;
  /** The link is silent although it stands; or was heard again. */
  judged(state: 'unresponsive' | 'connected'): void;
  /** We slept: what waits for its next try makes it now. */
  woken(): void;
  /** No link came in time. */
  late(reason: LeaveReason, text: string): void;
}

/** Watches over the session with one peer: ends it when the silence of its link, the word of the transport, or the time without a link says that nobody is there. */
export class Vigil {
  readonly #host: VigilHost;
  /** When the transport said that the peer is gone. Its link may know better. */
  #missing: number | undefined;
  readonly #heartbeat: Heartbeat;
  /** Without a link for so long, the peer is given up. */
  readonly #patience: Patience;
  /** Its link is asked for a last sign of life. */
  #question: Deadline | undefined;

  constructor(host: VigilHost) {
    const { deadlines, liveness: rules } = host;
    const missing = (): number | undefined => this.#missing;
    this.#host = host;
    this.#patience = new Patience(deadlines);
    this.#heartbeat = new Heartbeat({
      deadlines,
      rules,
      get reachable() {
        return host.session?.reachable ?? false;
      },
      get missing() {
        return missing();
      },
      ping: () => host.session?.ping(() => {}),
      doubted: () => host.judged('unresponsive'),
      trusted: () => host.judged('connected'),
      silent: (verdict) => this.#silent(verdict),
    });
  }

  /** Gone, as the transport says. */
  get missing(): boolean {
    return this.#missing !== undefined;
  }

  gone(): void {
    this.#missing = performance.now();
  }

  /** It is there, as the transport says. */
  back(): void {
    this.#missing = undefined;
    this.#question?.cancel();
  }

  /** A sign of life. */
  heard(): void {
    this.#heartbeat.heard();
  }

  /** The session has a link. */
  linked(): void {
    this.#patience.stop();
    this.#heartbeat.start();
  }

  /** The link broke. */
  unlinked(): void {
    this.#heartbeat.stop();
    this.wait();
  }

  /** Waits anew for a link. Somebody who is gone as far as the server knows is not waited for as long as somebody whose network is. */
  wait(): void {
    const { name, reconnectTimeout, liveness } = this.#host;
    const [reason, ms, text] =
      this.#missing === undefined
        ? (['lost', reconnectTimeout, `${name} had no link for ${reconnectTimeout} ms`] as const)
        : ([
            'killed',
            Math.max(0, this.#missing + liveness.goneAfter - performance.now()),
            `${name} is gone, and did not come back within ${liveness.goneAfter} ms`,
          ] as const);
    this.#patience.start(
      ms,
      () => this.#host.woken(),
      () => this.#host.late(reason, text),
    );
  }

  /** Ends the session with somebody of whom the transport says that it is gone, unless its link proves otherwise. */
  giveUp(how: keyof typeof LAST_ANSWER, reason: LeaveReason, text: string): void {
    const { session, deadlines } = this.#host;
    if (session?.up !== true) {
      session?.lost(reason, text);
      return;
    }
    const ms = LAST_ANSWER[how] + 2 * (session.roundTripTime ?? 0);
    this.#question?.cancel();
    const question = deadlines.add(ms, () => session.lost(reason, text));
    this.#question = question;
    session.ping((answer) => {
      if (typeof answer === 'number') question.cancel();
    });
  }

  /** The session is over, or nobody is there to be watched. */
  end(): void {
    this.#heartbeat.stop();
    this.#patience.stop();
    this.#question?.cancel();
  }

  #silent(verdict: Silence): void {
    const { name, session } = this.#host;
    if (verdict === 'break') {
      session?.sever(new Error(`${name} answers no more`));
      return;
    }
    const text =
      verdict === 'killed' ? `${name} is gone, and answers no more` : `${name} has not answered for too long`;
    // Who is only frozen reads it when it thaws.
    if (verdict === 'unresponsive') session?.goodbye('unresponsive', text);
    session?.lost(verdict, text);
  }
}
