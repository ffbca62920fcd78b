import type { PoolState, SignalingState, Traffic } from '../src/index.ts';
import type { LogEntry } from './event-log.ts';
import { LOG_ENTRIES } from './event-log.ts';
import type { Sample } from './history.ts';
import type { InspectedPool } from './inspected-pool.ts';
import type { Journal } from './journal.ts';
import type { FarLink } from './mesh-graph.ts';
import type { Observation } from './observation.ts';
import { type PeerFigures, peerFigures } from './peer-figures.ts';
import type { TallyRow } from './tally.ts';

/** Everything the inspector knows, as `JSON.stringify` can write it. Times are ISO 8601, durations milliseconds, rates bytes per second. */
export interface InspectorSnapshot {
  readonly format: 'peerpool-inspector';
  readonly version: 1;
  readonly time: string;
  /** `undefined` while no pool is attached. */
  readonly pool:
    | {
        readonly name: string;
        readonly instance: string;
        readonly state: PoolState;
        readonly signaling: SignalingState | 'unknown';
        readonly total: Traffic;
      }
    | undefined;
  readonly peers: readonly (PeerFigures & { readonly history: readonly Sample[] })[];
  /** Links between others, from those that share. */
  readonly links: readonly FarLink[];
  /** Since the inspector was opened; `undefined` while it is closed. */
  readonly messages: { readonly since: string; readonly rows: readonly TallyRow[] } | undefined;
  readonly events: {
    /** Since when they were kept. */
    readonly since: string;
    /** How many there were; the newest 1,000 are here. */
    readonly total: number;
    readonly entries: readonly (Omit<LogEntry, 'time'> & { readonly time: string })[];
  };
}

export function takeSnapshot(
  pool: InspectedPool | undefined,
  journal: Journal | undefined,
  observation: Observation | undefined,
): InspectorSnapshot {
  const peers = pool === undefined ? [] : peerFigures(pool, journal?.departed ?? new Map());
  return {
    format: 'peerpool-inspector',
    version: 1,
    time: iso(Date.now()),
    pool: pool && {
      name: pool.name,
      instance: pool.instance,
      state: pool.state,
      signaling: journal?.signaling ?? 'unknown',
      total: pool.stats().total,
    },
    peers: peers.map((peer) => ({ ...peer, history: [...(observation?.histories.get(peer.name)?.samples ?? [])] })),
    links: observation?.far ?? [],
    messages: observation && {
      since: iso(observation.tally.since),
      rows: observation.tally.rows.map((row) => ({ ...row })),
    },
    events: {
      since: iso(journal?.since ?? Date.now()),
      total: journal?.log.total ?? 0,
      entries: (journal?.log.entries ?? []).slice(-LOG_ENTRIES).map((entry) => ({ ...entry, time: iso(entry.time) })),
    },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
