import { peerName } from '#shared/identifiers';
import type { WaitOptions } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import type { Commons } from './commons.ts';
import { closedError } from './receive-errors.ts';
import { waitLimits } from './receive-options.ts';
import { Wait } from './wait.ts';

/** Whom one waits for: these, or any so many others. */
type Awaited = { readonly names: readonly string[] } | { readonly count: number };

/**
 * `waitFor`: waits for people, so it has no limit of its own, and a departure does not end it. That a named one could not be reached or refused us
 * while we waited does.
 */
export class Meeting {
  readonly #commons: Commons;
  readonly #waits = new Map<Wait<void>, Awaited>();

  constructor(commons: Commons) {
    this.#commons = commons;
  }

  async waitFor(whom: string | number | Iterable<string>, options: WaitOptions): Promise<void> {
    const awaited = this.#awaited(whom);
    const limits = waitLimits(options, Infinity);
    if (this.#commons.state !== 'started') throw this.#commons.illegal('wait for a peer');
    this.#checkKnown(awaited);
    if (this.#met(awaited)) return;
    if (limits.timeout === 0) throw this.#late(awaited, 0);
    const late = (): PoolError => this.#late(awaited, limits.timeout);
    const wait: Wait<void> = new Wait<void>(this.#commons.clock, limits, late, () => this.#waits.delete(wait));
    this.#waits.set(wait, awaited);
    await wait.promise;
  }

  /** Somebody came. */
  joined(): void {
    for (const [wait, awaited] of this.#waits) if (this.#met(awaited)) this.#end(wait, () => wait.resolve());
  }

  failed(name: string, error: PoolError): void {
    for (const [wait, awaited] of this.#waits) {
      if (!('names' in awaited) || !awaited.names.includes(name)) continue;
      const missing = this.#missing(awaited);
      const failure = error.with({ peer: name, missing, delivery: undefined, cause: error });
      this.#end(wait, () => wait.reject(failure));
    }
  }

  close(cause: unknown): void {
    for (const wait of this.#waits.keys()) this.#end(wait, () => wait.reject(closedError(cause)));
  }

  #end(wait: Wait<void>, settle: () => void): void {
    this.#waits.delete(wait);
    settle();
  }

  #awaited(whom: string | number | Iterable<string>): Awaited {
    if (typeof whom === 'string') return { names: [peerName(whom)] };
    if (typeof whom !== 'number') return { names: [...new Set(Array.from(whom, peerName))] };
    if (Number.isInteger(whom) && whom >= 0) return { count: whom };
    throw new RangeError(`one waits for a whole number of others, not ${whom}`);
  }

  #checkKnown(awaited: Awaited): void {
    const { discover, roster } = this.#commons;
    if (discover || !('names' in awaited)) return;
    const missing = awaited.names.filter((name) => roster.presence(name) === undefined);
    if (missing.length === 0) return;
    throw new PoolError(
      'unknown-peer',
      `${missing.join(', ')} was not named, and the pool is closed to others: addClient first, or set discover`,
      {
        peer: missing[0],
        missing,
      },
    );
  }

  #met(awaited: Awaited): boolean {
    if ('names' in awaited) return this.#missing(awaited).length === 0;
    return this.#present() >= awaited.count;
  }

  #present(): number {
    return [...this.#commons.roster.here()].length;
  }

  #missing(awaited: Awaited): readonly string[] {
    return 'names' in awaited ? awaited.names.filter((name) => !this.#commons.roster.isHere(name)) : [];
  }

  #late(awaited: Awaited, timeout: number): PoolError {
    const missing = this.#missing(awaited);
    const [peer] = missing;
    if (!('names' in awaited)) {
      return new PoolError('timeout', `${this.#present()} of ${awaited.count} others are here after ${timeout} ms`);
    }
    return new PoolError(
      'timeout',
      `${missing.join(', ')} did not come within ${timeout} ms`,
      missing.length === 1 ? { peer, missing } : { missing },
    );
  }
}
