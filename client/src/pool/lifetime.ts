import type { CommunicatorListener, WaitOptions } from '../communicators/communicator.ts';
import { milliseconds } from '../deadlines.ts';
import { PoolError } from '../errors.ts';
import type { Commons } from './commons.ts';
import type { Letter } from './message.ts';

/** Of `shutdown`. */
export interface ShutdownOptions {
  /** Default true: wait until what was taken with `manualRelease` is released, and what was sent has arrived. `false`: what has not left is dropped, and rejects. */
  readonly flush?: boolean | undefined;
  /** Milliseconds that flushing may take. */
  readonly timeout?: number | undefined;
}

/** From `initialize` to the end, for whatever reason it comes. */
export class Lifetime {
  /** Never rejects: `undefined` after a `shutdown`, else why the pool ended. */
  readonly closed: Promise<PoolError | undefined>;
  readonly #commons: Commons;
  readonly #stopping: (cause: PoolError | undefined) => void;
  #close: ((error: PoolError | undefined) => void) | undefined;
  #shutdown: Promise<void> | undefined;
  #unwatchPage: (() => void) | undefined;
  #joining: Promise<void> | undefined;
  /** The communicator was told to initialize. */
  #began = false;

  /** `stopping` ends whatever waits; called once, when the state has become `stopped`. */
  constructor(commons: Commons, stopping: (cause: PoolError | undefined) => void) {
    this.#commons = commons;
    this.#stopping = stopping;
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  async initialize(listener: CommunicatorListener, options: WaitOptions): Promise<void> {
    if (this.#commons.state !== 'uninitialized') throw this.#commons.illegal('initialize');
    if (options.timeout !== undefined) milliseconds(options.timeout, 'timeout');
    const self = this.#commons.start();
    // A listener that hears `started` may have stopped it again.
    if (this.#shutdown !== undefined) throw new PoolError('closed', 'the pool was shut down while it started');
    this.#began = true;
    this.#watchPage();
    let joined = (): void => {};
    this.#joining = new Promise((resolve) => (joined = resolve));
    this.#commons.joining = true;
    try {
      await this.#commons.communicator.initialize(self, listener, options);
    } catch (error) {
      const why = error instanceof PoolError ? error : new PoolError('closed', 'joining was aborted', { cause: error });
      this.#end(this.#shutdown === undefined ? why : undefined);
      throw error;
    } finally {
      this.#joining = undefined;
      this.#commons.joining = false;
      joined();
    }
  }

  shutdown(options: ShutdownOptions): Promise<void> {
    if (this.#commons.state === 'uninitialized') return Promise.reject(this.#commons.illegal('shut down'));
    try {
      if (options.timeout !== undefined) milliseconds(options.timeout, 'timeout');
    } catch (error) {
      return Promise.reject(error);
    }
    // What there is to say of it is said once, to whoever asked first.
    if (this.#shutdown !== undefined) return this.#shutdown.catch(() => {});
    return (this.#shutdown = this.#leave(options));
  }

  /** The communicator has stopped. While it joins, `initialize` is about to say so, and why. */
  stopped(error: PoolError | undefined): void {
    if (this.#joining !== undefined) return;
    this.#end(error);
    if (error !== undefined) this.#commons.complain(error);
  }

  /** Synchronous up to what the communicator does: a page that goes has no other turn. */
  async #leave({ flush, timeout }: ShutdownOptions): Promise<void> {
    if (this.#close === undefined) return;
    const begin = performance.now();
    this.#stop(undefined);
    const { mailbox, settings } = this.#commons;
    let unreleased: PoolError | undefined;
    if (mailbox.unreleased.length > 0) unreleased = await this.#released(flush, timeout ?? settings.timeout);
    const left = timeout === undefined ? undefined : Math.max(0, timeout - (performance.now() - begin));
    try {
      if (this.#began) await this.#commons.communicator.shutdown({ flush, timeout: left });
      await this.#joining;
    } finally {
      this.#end(undefined);
    }
    if (unreleased !== undefined) throw unreleased;
  }

  /** Waits for those who hold messages; what they don't release in time is released for them. */
  async #released(flush: boolean | undefined, timeout: number): Promise<PoolError | undefined> {
    const { mailbox, clock } = this.#commons;
    const late = (): PoolError => unreleasedError(mailbox.unreleased, timeout);
    try {
      if (flush ?? true) await mailbox.allReleased(clock, { timeout, signal: undefined }, late);
      return undefined;
    } catch (error) {
      return error as PoolError;
    } finally {
      for (const letter of mailbox.unreleased) mailbox.release(letter);
    }
  }

  #stop(cause: PoolError | undefined): void {
    if (this.#commons.state === 'stopped') return;
    this.#unwatchPage?.();
    this.#commons.stop();
    this.#stopping(cause);
  }

  #end(error: PoolError | undefined): void {
    this.#stop(error);
    this.#close?.(error);
    this.#close = undefined;
  }

  /** A page that can come back from the back/forward cache is put away like one that can't, and joins again when it does. */
  #watchPage(): void {
    if (!this.#commons.settings.leaveOnPageHide || typeof globalThis.addEventListener !== 'function') return;
    const leave = ({ persisted }: Partial<PageTransitionEvent>): void => {
      this.#commons.communicator.suspend();
      if (persisted === true && this.#joining === undefined) return;
      this.shutdown({ flush: false }).catch((error: unknown) => this.#commons.complain(error as Error));
    };
    const comeBack = ({ persisted }: Partial<PageTransitionEvent>): void => {
      if (persisted === true) this.#commons.restart();
    };
    globalThis.addEventListener('pagehide', leave);
    globalThis.addEventListener('pageshow', comeBack);
    this.#unwatchPage = () => {
      globalThis.removeEventListener('pagehide', leave);
      globalThis.removeEventListener('pageshow', comeBack);
    };
  }
}

function unreleasedError(letters: readonly Letter[], timeout: number): PoolError {
  const counts = new Map<string, number>();
  for (const { from } of letters) counts.set(from, (counts.get(from) ?? 0) + 1);
  const whose = [...counts].map(([from, count]) => `${count} of ${from}`).join(', ');
  return new PoolError(
    'timeout',
    `messages were taken with manualRelease and not released within ${timeout} ms: ${whose}; they are released now`,
    { missing: [...counts.keys()] },
  );
}
