import type { Session } from '../session/session.ts';

/**
 * Microtasks for which an acknowledgement waits for something to ride with. A reply that a handler, or whoever awaits `recv`, sends on the spot leaves after three to ten of them; a packet saved costs
 * two processes and both pages more than all of them.
 */
const MICROTASKS = 16;

/** When sessions write what they have to say: each once at the end of the turn, or at once where the order of everything is to be known. */
export class Flushes {
  readonly #eager: boolean;
  readonly #due = new Set<Session>();
  /** Those that have nothing to say but that something arrived. */
  readonly #acknowledging = new Set<Session>();

  constructor(eager: boolean) {
    this.#eager = eager;
  }

  /** There is something to send. */
  soon(session: Session): void {
    if (this.#eager) {
      session.flush();
      return;
    }
    if (this.#due.size === 0) queueMicrotask(() => this.#flush(this.#due));
    this.#due.add(session);
  }

  /** There is something to acknowledge, which goes with whatever is sent in this turn. */
  acknowledge(session: Session): void {
    if (this.#eager) {
      session.flush();
      return;
    }
    if (this.#acknowledging.size === 0) this.#wait(MICROTASKS);
    this.#acknowledging.add(session);
  }

  /** It is over. */
  drop(session: Session): void {
    this.#due.delete(session);
    this.#acknowledging.delete(session);
  }

  #wait(microtasks: number): void {
    if (microtasks > 0) queueMicrotask(() => this.#wait(microtasks - 1));
    else this.#flush(this.#acknowledging);
  }

  #flush(sessions: Set<Session>): void {
    const due = [...sessions];
    sessions.clear();
    for (const session of due) session.flush();
  }
}
