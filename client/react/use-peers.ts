import { useMemo, useSyncExternalStore } from 'react';
import type { Pool } from '../src/index.ts';
import { NOBODY, type Peer, PeerList } from './peer-list.ts';

/**
 * The clients of a pool, in the order in which they became clients, and how each is reached. Renders again when that changes, and not otherwise; who is named or removed while not here, with the next event or render.
 * ```tsx
 * function Roster({ pool }: { pool: Pool | undefined }) {
 *   return <ul>{usePeers(pool).map(({ name, state }) => <li key={name}>{name}: {state}</li>)}</ul>;
 * }
 * ```
 * Nobody without a pool, and on a server.
 */
export function usePeers(pool: Pool | undefined): readonly Peer[] {
  const list = useMemo(() => pool && new PeerList(pool), [pool]);
  return useSyncExternalStore(list?.subscribe ?? never, list?.read ?? nobody, nobody);
}

const never = (): (() => void) => () => {};
const nobody = (): readonly Peer[] => NOBODY;
