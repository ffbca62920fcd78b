/**
 * A lock passes on by another road than messages do. What the dead said last is heard if it comes within this time, in ms;
 * their departure is told after it.
 */
const LAST_WORDS_MS = 50;

/** A lock of ours. */
interface Held {
  release(): void;
  /** Settles when it is ours no more; rejects when somebody stole it. */
  readonly ended: Promise<unknown>;
}

/**
 * The Web Locks that one instance holds, and its waiting for those of others. The browser takes a lock away when its page ends, however it ends:
 * so a lock that is held for a life says that it goes on, also while its page computes or is frozen, and when it is over.
 */
export class WebLocks {
  readonly #locks: LockManager;
  readonly #held: Held[] = [];
  #released = false;

  constructor(locks: LockManager) {
    this.#locks = locks;
  }

  /**
   * Resolves with whether it is ours: not so only when it is asked for `ifAvailable`. `stolen` is called when another page of the origin takes it away by force later.
   * @throws the signal's reason; what the browser says where pages may have no locks
   */
  hold(lock: string, options: LockOptions, stolen: () => void): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const ended = this.#locks.request(lock, options, (granted) => {
        resolve(granted !== null);
        if (granted === null) return undefined;
        return new Promise<void>((release) => {
          if (this.#released) release();
          else this.#held.push({ release, ended });
        });
      });
      ended.catch((error: unknown) => {
        if (!this.#held.some((held) => held.ended === ended))
          reject(options.signal?.aborted ? options.signal.reason : error);
        else if (!this.#released) stolen();
      });
    });
  }

  /**
   * Whether somebody holds this lock now. Those who ask disturb neither each other nor whoever has it.
   * @throws what the browser says where pages may have no locks
   */
  held(lock: string): Promise<boolean> {
    return this.#locks.request(lock, { mode: 'shared', ifAvailable: true }, (granted) => granted === null);
  }

  /** Calls `gone` once when nobody holds this lock any more, `failed` when nobody can tell. Returns its own undo. */
  watch(lock: string, gone: () => void, failed: (error: unknown) => void): () => void {
    const watching = new AbortController();
    const { signal } = watching;
    let lastWords: ReturnType<typeof setTimeout> | undefined;
    this.#locks
      .request(lock, { mode: 'shared', signal }, () => {})
      .then(
        () => {
          if (!signal.aborted) lastWords = setTimeout(gone, LAST_WORDS_MS);
        },
        (error: unknown) => {
          if (!signal.aborted) failed(error);
        },
      );
    return () => {
      watching.abort();
      clearTimeout(lastWords);
    };
  }

  /** Takes effect within the call; resolves when all are free. Safe to call twice. */
  async release(): Promise<void> {
    this.#released = true;
    for (const held of this.#held) held.release();
    await Promise.allSettled(this.#held.map((held) => held.ended));
  }
}
