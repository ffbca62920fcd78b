import { peerName } from '#shared/identifiers';
import type { LeaveReason } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';

/** Where somebody is. `awaited`: named, and not met yet. `failed`: could not be reached, or refused us. */
export type Presence =
  | { readonly state: 'awaited' }
  | { readonly state: 'here' }
  | { readonly state: 'gone'; readonly reason: LeaveReason }
  | { readonly state: 'failed'; readonly error: PoolError };

interface Entry {
  named: boolean;
  presence: Presence;
  /** The newest life of this name that was met. */
  instance: string | undefined;
}

/** Who is a client, who is here, and who was. Nobody ever met is forgotten: what became of them can be asked, and their statistics read. */
export class Roster {
  /** Live, in the order in which they became clients. */
  readonly clients = new Set<string>();
  readonly #entries = new Map<string, Entry>();
  readonly #self: string;

  constructor(self: string) {
    this.#self = self;
  }

  isNamed(name: string): boolean {
    return this.#entries.get(name)?.named ?? false;
  }

  get named(): boolean {
    for (const entry of this.#entries.values()) if (entry.named) return true;
    return false;
  }

  add(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) this.#entries.set(name, { named: true, presence: AWAITED, instance: undefined });
    else {
      entry.named = true;
      if (entry.presence.state !== 'here') entry.presence = AWAITED;
    }
    this.clients.add(name);
  }

  remove(name: string): void {
    const entry = this.#entries.get(name);
    this.clients.delete(name);
    if (entry === undefined) return;
    entry.named = false;
    if (entry.presence.state !== 'here') entry.presence = { state: 'gone', reason: 'removed' };
  }

  /** Returns whether the name comes back as another instance. */
  joined(name: string, instance: string): boolean {
    const entry = this.#entries.get(name);
    const back = entry?.instance !== undefined && entry.instance !== instance;
    this.#entries.set(name, { named: entry?.named ?? false, presence: { state: 'here' }, instance });
    this.clients.add(name);
    return back;
  }

  left(name: string, reason: LeaveReason): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.presence = { state: 'gone', reason };
    if (!entry.named) this.clients.delete(name);
  }

  /** Returns whether that is news: somebody who is here, or was never named, can't fail. */
  failed(name: string, error: PoolError): boolean {
    const entry = this.#entries.get(name);
    if (entry?.presence.state !== 'awaited') return false;
    entry.presence = { state: 'failed', error };
    return true;
  }

  /** `undefined`: nobody knows this name. */
  presence(name: string): Presence | undefined {
    return name === this.#self ? HERE : this.#entries.get(name)?.presence;
  }

  isHere(name: string): boolean {
    return this.presence(name)?.state === 'here';
  }

  instance(name: string): string | undefined {
    return this.#entries.get(name)?.instance;
  }

  /** Others than oneself. */
  *here(): Generator<{ readonly name: string; readonly instance: string }> {
    for (const name of this.clients) {
      const entry = this.#entries.get(name);
      if (entry?.presence.state === 'here' && entry.instance !== undefined) yield { name, instance: entry.instance };
    }
  }

  /** Everyone ever met or named. */
  everyone(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /**
   * The name as it is compared.
   * @throws TypeError, RangeError as `peerName`
   */
  resolve(name: string): string {
    return this.#entries.has(name) ? name : peerName(name);
  }

  /** Why nothing more will come from there, as things stand. */
  absence(name: string, msgId?: string): PoolError | undefined {
    const presence = this.presence(name);
    const details = { peer: name, msgId };
    switch (presence?.state) {
      case undefined:
        return new PoolError(
          'unknown-peer',
          `there is no client ${JSON.stringify(name)}: name it by addClient, or waitFor it`,
          details,
        );
      case 'gone':
        return new PoolError('peer-left', `${name} left (${presence.reason})`, { ...details, reason: presence.reason });
      case 'failed':
        return presence.error.with({ ...details, delivery: undefined, cause: presence.error });
      default:
        return undefined;
    }
  }
}

const AWAITED: Presence = { state: 'awaited' };
const HERE: Presence = { state: 'here' };
