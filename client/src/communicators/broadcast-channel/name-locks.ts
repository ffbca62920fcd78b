import { PoolError } from '../../errors.ts';
import type { Presence } from '../transport.ts';

/** How long the lock of a name is waited for: its last holder may be a page that is just being reloaded. In ms. */
const NAME_PATIENCE_MS = 150;

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
 * Names as Web Locks: one for the name, which only one instance has at a time, and one for the instance, which the others wait for.
 * The browser takes both away when the page ends, however it ends.
 */
export class NameLocks {
  readonly #locks: LockManager;
  readonly #room: string;
  readonly #held: Held[] = [];
  #released = false;

  constructor(locks: LockManager, room: string) {
    this.#locks = locks;
    this.#room = room;
  }

  /**
   * Takes both locks; `stolen` is called when another page of the origin takes one of them away by force. The name is asked for without waiting first: that it is held
   * is the browser's answer, and not the silence of a machine that is busy.
   * @throws PoolError `duplicate-peer` when the name is held; the signal's reason
   */
  async take({ name, instance }: Presence, signal: AbortSignal, stolen: () => void): Promise<void> {
    const nameLock = `peerpool/${this.#room}/name/${name}`;
    await this.#hold(this.#instanceLock(instance), { signal }, stolen);
    const free = await this.#hold(nameLock, { ifAvailable: true }, stolen);
    signal.throwIfAborted();
    if (free) return;
    const patience = new AbortController();
    const impatient = setTimeout(() => {
      patience.abort(
        new PoolError(
          'duplicate-peer',
          `"${name}" is taken in "${this.#room}", by another page or worker of this origin`,
          { peer: name },
        ),
      );
    }, NAME_PATIENCE_MS);
    const giveUp = (): void => patience.abort(signal.reason);
    signal.addEventListener('abort', giveUp);
    try {
      await this.#hold(nameLock, { signal: patience.signal }, stolen);
    } finally {
      clearTimeout(impatient);
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Calls `gone` once when that instance has ended, `failed` when nobody can tell. Returns its own undo. */
  watch(instance: string, gone: () => void, failed: (error: unknown) => void): () => void {
    const watching = new AbortController();
    const { signal } = watching;
    let lastWords: ReturnType<typeof setTimeout> | undefined;
    this.#locks
      .request(this.#instanceLock(instance), { mode: 'shared', signal }, () => {})
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

  /** Resolves when both are free. Safe to call twice. */
  async release(): Promise<void> {
    this.#released = true;
    for (const held of this.#held) held.release();
    await Promise.allSettled(this.#held.map((held) => held.ended));
  }

  /** Resolves with whether it is ours: not so only when it is asked for `ifAvailable`. */
  #hold(lock: string, options: LockOptions, stolen: () => void): Promise<boolean> {
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

  #instanceLock(instance: string): string {
    return `peerpool/${this.#room}/instance/${instance}`;
  }
}
