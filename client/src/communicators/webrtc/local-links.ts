import type { LinkListener } from '../../links/link.ts';
import { PoolError } from '../../errors.ts';
import { BroadcastChannelLink } from '../broadcast-channel-link.ts';
import type { Attempt, Presence, TransportListener } from '../transport.ts';
import { WebLocks } from '../web-locks.ts';

/**
 * A browser that does not grant a lock that nobody else wants within this time, in ms, does not let the page have any yet, as while it is rendered ahead: then the room is entered without.
 */
const GRANT_MS = 3_000;

/**
 * A channel is open within some ms of the first signal, unless the other page computes. One that is not within this time, in ms, is given up for a link by WebRTC, for which two thirds
 * of the usual `connectTimeout` are left.
 */
const OPEN_MS = 5_000;

export interface LocalLinksOptions {
  readonly room: string;
  readonly locks: LockManager;
}

/**
 * Links between instances in one browser: those that the same origin, or the same part of its storage, has there. Each holds a lock of its own while it is in the room; who finds the other's lock held knows
 * that channels reach it, and that the end of the lock is its end.
 */
export class LocalLinks {
  readonly #room: string;
  readonly #locks: WebLocks;
  readonly #links = new Set<BroadcastChannelLink>();
  /** Instances to which the last link by a channel did not open. */
  readonly #missed = new Set<string>();
  readonly #leaving = new AbortController();
  #listener: TransportListener | undefined;
  /** Our own lock is ours, so that whoever watches it waits. */
  #held = false;

  constructor({ room, locks }: LocalLinksOptions) {
    this.#room = room;
    this.#locks = new WebLocks(locks);
  }

  /** Resolves when others can see that we are in this browser, or when that is not to be had for now. Never rejects: there is WebRTC. */
  async join({ instance }: Presence, listener: TransportListener): Promise<void> {
    this.#listener = listener;
    const { signal } = this.#leaving;
    let late: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      late = setTimeout(resolve, GRANT_MS);
    });
    const stolen = (): void => {
      this.#held = false;
      listener.error(
        new PoolError('unsupported', 'another page of this origin took the lock that says that we are here'),
      );
    };
    const granted = this.#locks.hold(this.#lock(instance), { signal }, stolen).then(
      () => {
        this.#held = !signal.aborted;
      },
      // We left, or pages of this kind have no locks, as in a sandboxed frame.
      () => {},
    );
    await Promise.race([granted, patience]);
    clearTimeout(late);
  }

  /**
   * Whether the next link to this instance is to be one of ours. After one that did not open it is not: then the ways take turns, so that
   * neither a channel that nobody hears nor a network that lets nothing through keeps the two apart.
   * @throws what the browser says where it gives no answer
   */
  async reaches({ instance }: Presence): Promise<boolean> {
    if (!this.#held || this.#missed.delete(instance)) return false;
    return this.#locks.held(this.#lock(instance));
  }

  /** As a transport's. The responder's begins with the first `negotiate` that it hears. */
  dial(
    peer: Presence,
    role: 'initiator' | 'responder',
    negotiate: (data: unknown) => void,
    listener: LinkListener,
  ): Attempt {
    const { name, instance } = peer;
    let late: ReturnType<typeof setTimeout> | undefined;
    let unwatch = (): void => {};
    const link = new BroadcastChannelLink(
      `peerpool/${this.#room}/link`,
      {
        ...listener,
        opened: (opened) => {
          clearTimeout(late);
          this.#missed.delete(instance);
          unwatch = this.#watch(peer);
          listener.opened(opened);
        },
      },
      () => {
        clearTimeout(late);
        unwatch();
        this.#links.delete(link);
      },
    );
    this.#links.add(link);
    if (this.#leaving.signal.aborted) link.close();
    else if (role === 'initiator') {
      this.#missed.add(instance);
      late = setTimeout(() => {
        link.close();
        listener.closed(new Error(`${name} did not open a channel within ${OPEN_MS} ms, though it is in this browser`));
      }, OPEN_MS);
      link.invite(negotiate);
    }
    return link;
  }

  /** Nothing is open any more when this returns; resolves when our lock is free. Safe to call twice. */
  leave(): Promise<void> {
    this.#leaving.abort();
    for (const link of this.#links) link.close();
    return this.#locks.release();
  }

  /** Only behind an open link: that has shown that its other end is here, whoever says so. */
  #watch(peer: Presence): () => void {
    return this.#locks.watch(
      this.#lock(peer.instance),
      () => this.#listener?.disappeared(peer, 'ended'),
      (cause) => {
        const { name } = peer;
        this.#listener?.error(
          new PoolError('unsupported', `the life of "${name}" can't be watched`, { peer: name, cause }),
        );
      },
    );
  }

  /** A room has no "/", so this is no channel or lock of anything else. */
  #lock(instance: string): string {
    return `peerpool/${this.#room}/local/${instance}`;
  }
}

/** What this platform has for it; nothing on insecure origins, which have no locks, and before Node 24. */
export function localLocks(): LockManager | undefined {
  const { navigator } = globalThis as { readonly navigator?: Partial<Navigator> };
  return typeof BroadcastChannel === 'function' ? navigator?.locks : undefined;
}
