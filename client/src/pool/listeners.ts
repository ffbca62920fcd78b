import type { LeaveReason, LinkState, SignalingState } from '../communicators/communicator.ts';
import type { LinkKind } from '../links/link.ts';

/** One way: a pool that has stopped does not start again. */
export type PoolState = 'uninitialized' | 'started' | 'stopped';

/** What `pool.on` tells of, one object each. */
export interface PoolEvents {
  /** An instance of this name is here, and messages go both ways. */
  join: { readonly name: string; readonly instance: string };
  /** It is gone. What it sent stays readable. When this pool itself ends, everybody leaves it, reason `goodbye`. */
  leave: { readonly name: string; readonly instance: string; readonly reason: LeaveReason };
  /** In place of `join` when the name comes back as another instance; `unread` messages of the old one were dropped. */
  restart: { readonly name: string; readonly instance: string; readonly unread: number };
  /** The way to a peer; never a departure. */
  link: { readonly name: string; readonly state: LinkState; readonly kind: LinkKind | undefined };
  /** The pool's state, or that of signaling, changed. Without signaling nobody new is met; who is connected stays so. */
  state: { readonly state: PoolState; readonly signaling: SignalingState };
  /** What nobody asked for: a `PoolError`, or what a handler threw. */
  error: { readonly error: Error };
}

/** Hears of one kind of event. What it throws goes to `reportError`. */
export type PoolListener<Name extends keyof PoolEvents> = (event: PoolEvents[Name]) => void;
/** Listeners given at birth, by event: `new Pool(name, communicator, { on: { join({ name }) {} } })`. */
export type PoolListeners = { readonly [Name in keyof PoolEvents]?: PoolListener<Name> | undefined };

const NAMES: ReadonlySet<string> = new Set<keyof PoolEvents>(['join', 'leave', 'restart', 'link', 'state', 'error']);

type Registered = { readonly [Name in keyof PoolEvents]: Set<{ readonly listener: PoolListener<Name> }> };

/** Who hears what happens to the pool. */
export class Listeners {
  readonly #registered: Registered = {
    join: new Set(),
    leave: new Set(),
    restart: new Set(),
    link: new Set(),
    state: new Set(),
    error: new Set(),
  };

  /**
   * Returns its own undo.
   * @throws TypeError for an unknown event, or what is no function
   */
  on<Name extends keyof PoolEvents>(name: Name, listener: PoolListener<Name>): () => void {
    if (!NAMES.has(name)) throw new TypeError(`there is no event ${JSON.stringify(name)}`);
    if (typeof listener !== 'function') throw new TypeError('a listener is a function');
    const entry = { listener };
    this.#registered[name].add(entry);
    return () => void this.#registered[name].delete(entry);
  }

  /** What a listener throws, and an `error` nobody listens to, go to the page's own error handling. */
  emit<Name extends keyof PoolEvents>(name: Name, event: PoolEvents[Name]): void {
    const entries = [...this.#registered[name]];
    if (entries.length === 0 && name === 'error') report((event as PoolEvents['error']).error);
    for (const { listener } of entries) {
      try {
        listener(event);
      } catch (thrown) {
        report(thrown);
      }
    }
  }
}

function report(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
