import type { Deadline, Deadlines } from '../deadlines.ts';
import { listening, type Liveness, type LivenessRules, look, type Verdict } from './liveness.ts';

/** What the heartbeat of a link asks, and tells. */
export interface HeartbeatHost {
  readonly deadlines: Deadlines;
  readonly rules: LivenessRules;
  /** What the link believes. */
  readonly reachable: boolean;
  /** When the transport said that the instance is gone, if it did and that still holds. */
  readonly missing: number | undefined;
  ping(): void;
  /** It is silent although its link stands; `trusted` follows when it is heard again. */
  doubted(): void;
  trusted(): void;
  /** The silence has lasted too long. The heartbeat has stopped. */
  silent(verdict: Silence): void;
}

export type Silence = Extract<Verdict, 'break' | 'killed' | 'unresponsive'>;

/** Watches one link from its beginning to its end, with one deadline. */
export class Heartbeat {
  readonly #host: HeartbeatHost;
  #liveness: Liveness | undefined;
  #deadline: Deadline | undefined;
  #heard = 0;
  #doubting = false;

  constructor(host: HeartbeatHost) {
    this.#host = host;
  }

  start(): void {
    const now = performance.now();
    this.#heard = now;
    this.#doubting = false;
    this.#wait(listening(now, this.#host.rules));
  }

  stop(): void {
    this.#deadline?.cancel();
    this.#liveness = undefined;
  }

  /** A sign of life. */
  heard(): void {
    this.#heard = performance.now();
    if (!this.#doubting) return;
    this.#doubting = false;
    if (this.#liveness !== undefined) this.#host.trusted();
  }

  #wait(liveness: Liveness): void {
    this.#liveness = liveness;
    const ms = Math.max(0, liveness.due - performance.now());
    this.#deadline = this.#host.deadlines.add(ms, () => this.#look());
  }

  #look(): void {
    if (this.#liveness === undefined) return;
    const { reachable, missing, rules } = this.#host;
    const now = performance.now();
    const { liveness, verdict } = look(this.#liveness, { now, heard: this.#heard, reachable, missing }, rules);
    if (verdict === 'break' || verdict === 'killed' || verdict === 'unresponsive') {
      this.stop();
      this.#host.silent(verdict);
      return;
    }
    this.#wait(liveness);
    if (verdict === 'wait') return;
    this.#host.ping();
    if (verdict !== 'doubt' || this.#doubting) return;
    this.#doubting = true;
    this.#host.doubted();
  }
}
