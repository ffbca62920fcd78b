import { PoolError } from '../../errors.ts';
import type { Presence } from '../transport.ts';
import { WebLocks } from '../web-locks.ts';

/** How long the lock of a name is waited for: its last holder may be a page that is just being reloaded. In ms. */
const NAME_PATIENCE_MS = 150;

/** Names as Web Locks: one for the name, which only one instance has at a time, and one for the instance, which the others wait for. */
export class NameLocks {
  readonly #locks: WebLocks;
  readonly #room: string;

  constructor(locks: LockManager, room: string) {
    this.#locks = new WebLocks(locks);
    this.#room = room;
  }

  /**
   * Takes both locks; `stolen` is called when another page of the origin takes one of them away by force. The name is asked for without waiting first: that it is held
   * is the browser's answer, and not the silence of a machine that is busy.
   * @throws PoolError `duplicate-peer` when the name is held; the signal's reason
   */
  async take({ name, instance }: Presence, signal: AbortSignal, stolen: () => void): Promise<void> {
    const nameLock = `peerpool/${this.#room}/name/${name}`;
    await this.#locks.hold(this.#instanceLock(instance), { signal }, stolen);
    const free = await this.#locks.hold(nameLock, { ifAvailable: true }, stolen);
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
      await this.#locks.hold(nameLock, { signal: patience.signal }, stolen);
    } finally {
      clearTimeout(impatient);
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Calls `gone` once when that instance has ended, `failed` when nobody can tell. Returns its own undo. */
  watch(instance: string, gone: () => void, failed: (error: unknown) => void): () => void {
    return this.#locks.watch(this.#instanceLock(instance), gone, failed);
  }

  /** Resolves when both are free. Safe to call twice. */
  release(): Promise<void> {
    return this.#locks.release();
  }

  #instanceLock(instance: string): string {
    return `peerpool/${this.#room}/instance/${instance}`;
  }
}
