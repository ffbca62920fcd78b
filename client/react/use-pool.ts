import { useEffect, useMemo, useRef, useState } from 'react';
import type { Pool } from '../src/index.ts';
import { beginPool } from './pool-life.ts';
import { BEGINNING, IDLE, type PoolStatus } from './pool-status.ts';

/**
 * A pool that lives as long as the component: it is made and joins once the component is mounted, and is shut down (what was sent still leaves, for up to 3 s) when the component goes or one of
 * the `dependencies` changes, which makes another one as soon as the first has left. `create` makes the pool and does not initialize it; with `null` in its place there is none.
 *
 * Whoever comes after a pool of the same name waits until that one has left, in other components too; in Strict Mode there is one pool, made once.
 * ```tsx
 * function Room({ name, room }: { name: string; room: string }) {
 *   const { state, pool, error } = usePool(() => new Pool(name, new WebRTCCommunicator({ room })), [name, room]);
 *   if (state === 'failed') return <p role="alert">{error.message}</p>;
 *   if (state !== 'ready') return <p>Connecting…</p>;
 *   return <button onClick={() => pool.broadcast('hello', 'chat')}>Say hello</button>;
 * }
 * ```
 * Nothing happens on a server. What `create` throws, `initialize` rejects with or ends the pool later is `error`; other `error` events go to the pool's listeners (`on`, in its options), and without one to `reportError`.
 * To try again after a failure, change a dependency: a count of the attempts.
 */
export function usePool<Connection = unknown>(
  create: (() => Pool<Connection>) | null,
  dependencies: readonly unknown[],
): PoolStatus<Connection> {
  const wanted = create !== null;
  /** Another one when another pool is wanted: by it one knows whose status was told. */
  const life = useMemo(() => ({}), [wanted, ...dependencies]);
  const [told, setTold] = useState<{ readonly life: object; readonly status: PoolStatus<Connection> }>();
  /** Of the pool before: who comes while it leaves would meet it in the room, and wait for it. */
  const gone = useRef<Promise<unknown>>(undefined);
  useEffect(() => {
    if (create === null) return undefined;
    // A component that was hidden for a while begins anew with the same life.
    setTold(undefined);
    const end = beginPool(create, gone.current, (status) => setTold({ life, status }));
    return () => {
      gone.current = end();
    };
  }, [life]);
  if (!wanted) return IDLE;
  return told?.life === life ? told.status : BEGINNING;
}
