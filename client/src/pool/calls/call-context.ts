/** What a remote method knows of who called it: its `this`. */
export interface CallContext {
  /** The name of the caller. */
  readonly peer: string;
  /** The life of the caller that called. */
  readonly instance: string;
  /**
   * Aborts when nobody waits for the result any more: the caller gave the call up, was timed out or left, or this pool stopped. Its reason is a `PoolError`: `refused`, `peer-left`, `closed`.
   */
  readonly signal: AbortSignal;
}

/** The context of one call. Most methods never look at their signal, so it is made at the first look. */
export class RunningCall implements CallContext {
  readonly peer: string;
  readonly instance: string;
  /** `undefined`: a notification. */
  readonly number: number | undefined;
  #controller: AbortController | undefined;
  #over: { readonly reason: unknown } | undefined;

  constructor(peer: string, instance: string, number: number | undefined) {
    this.peer = peer;
    this.instance = instance;
    this.number = number;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#over !== undefined) this.#controller.abort(this.#over.reason);
    }
    return this.#controller.signal;
  }

  /** Nobody waits for its result any more. */
  get abandoned(): boolean {
    return this.#over !== undefined;
  }

  abandon(reason: unknown): void {
    if (this.#over !== undefined) return;
    this.#over = { reason };
    this.#controller?.abort(reason);
  }
}
