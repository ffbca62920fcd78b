import { forgetAbort, onAbort } from '../abort-listeners.ts';
import type { Deadline, Deadlines } from '../deadlines.ts';

export interface WaitLimits {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

interface Settle<Result> {
  resolve(result: Result | PromiseLike<Result>): void;
  reject(reason: unknown): void;
}

/**
 * A promise that settles once: by its result, its deadline or its signal, whichever comes first. Afterwards no deadline and no listener is left.
 */
export class Wait<Result> {
  readonly promise: Promise<Result>;
  readonly #signal: AbortSignal | undefined;
  readonly #giveUp: () => void;
  readonly #deadline: Deadline;
  #settle: Settle<Result> | undefined;

  /** `late` makes the error of the deadline; `giveUp` is called before the promise rejects by deadline or signal, and only then. */
  constructor(clock: Deadlines, limits: WaitLimits, late: () => Error, giveUp: () => void) {
    this.promise = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#signal = limits.signal;
    this.#giveUp = giveUp;
    this.#deadline = clock.add(limits.timeout, () => this.#abandon(late()));
    if (this.#signal !== undefined) onAbort(this.#signal, this.#aborted);
  }

  get pending(): boolean {
    return this.#settle !== undefined;
  }

  resolve(result: Result | PromiseLike<Result>): void {
    this.#end()?.resolve(result);
  }

  reject(reason: unknown): void {
    this.#end()?.reject(reason);
  }

  readonly #aborted = (): void => this.#abandon(this.#signal?.reason);

  #abandon(reason: unknown): void {
    const settle = this.#end();
    if (settle === undefined) return;
    this.#giveUp();
    settle.reject(reason);
  }

  #end(): Settle<Result> | undefined {
    const settle = this.#settle;
    this.#settle = undefined;
    this.#deadline.cancel();
    if (this.#signal !== undefined) forgetAbort(this.#signal, this.#aborted);
    return settle;
  }
}

/** For what a synchronous check threw: an error, or a caller's abort reason, which may be anything and passes through untouched. */
export function rejected(reason: unknown): Promise<never> {
  return Promise.reject(reason);
}

/** @throws TypeError when it is no signal; its reason when it is already aborted */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (typeof signal.addEventListener !== 'function') throw new TypeError('signal is an AbortSignal');
  if (signal.aborted) throw signal.reason;
  return signal;
}
