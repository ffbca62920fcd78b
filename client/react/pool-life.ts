import type { Pool, SignalingState } from '../src/index.ts';
import type { PoolStatus } from './pool-status.ts';

/** Pools that components have left and that have not ended yet, by name: their successors wait for them, else they would find their name taken. */
const leaving = new Map<string, Promise<unknown>>();

/**
 * Makes a pool, lets it join when `before` has settled, and tells what becomes of it. The returned function ends it: nothing is told from then on, and its promise resolves when nothing is left.
 * Who is ended in the turn in which it began, as Strict Mode does with everybody, makes none.
 */
export function beginPool<Connection>(
  create: () => Pool<Connection>,
  before: Promise<unknown> | undefined,
  tell: (status: PoolStatus<Connection>) => void,
): () => Promise<unknown> | undefined {
  const life = new AbortController();
  let gone = before;
  live().catch(report);
  return () => {
    life.abort();
    return gone;
  };

  async function live(): Promise<void> {
    let pool: Pool<Connection> | undefined;
    try {
      await Promise.resolve();
      if (life.signal.aborted) return;
      const made = create();
      pool = made;
      const joined = whileItLives(made, say);
      await before;
      while (leaving.has(made.name)) await leaving.get(made.name);
      if (life.signal.aborted) return;
      gone = made.closed;
      life.signal.addEventListener('abort', () => leave(made));
      await made.initialize();
      joined();
    } catch (thrown) {
      // An application that shuts its pool down while it joins has what it wanted.
      const wanted = pool?.state === 'stopped' && (await pool.closed) === undefined;
      if (pool === undefined || !wanted) {
        say({ state: 'failed', pool, signaling: undefined, error: errorOf(thrown) });
        return;
      }
    }
    const error = await pool.closed;
    if (error === undefined) say({ state: 'stopped', pool, signaling: undefined, error });
    else say({ state: 'failed', pool, signaling: undefined, error });
  }

  function say(status: PoolStatus<Connection>): void {
    if (!life.signal.aborted) tell(status);
  }
}

/** Tells that it connects, and how signaling is; from the call of the returned function on, that it is ready. */
function whileItLives<Connection>(pool: Pool<Connection>, tell: (status: PoolStatus<Connection>) => void): () => void {
  let state: 'connecting' | 'ready' = 'connecting';
  let signaling: SignalingState = 'connecting';
  const say = (): void => tell({ state, pool, signaling, error: undefined });
  pool.on('state', (event) => {
    if (event.state !== 'started' || event.signaling === signaling) return;
    signaling = event.signaling;
    say();
  });
  say();
  return () => {
    state = 'ready';
    say();
  };
}

function leave(pool: Pool): void {
  const { closed, name } = pool;
  leaving.set(name, closed);
  const left = (): void => {
    if (leaving.get(name) === closed) leaving.delete(name);
  };
  closed.then(left, left);
  pool.shutdown().catch(report);
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

/** There is no component any more that it could be told. */
function report(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
