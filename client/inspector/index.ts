export { defineInspector, inspect } from './inspect.ts';

export type { EventKind, LogEntry } from './event-log.ts';
export type { Sample } from './history.ts';
export type { InspectOptions } from './inspect.ts';
export type { InspectedPool } from './inspected-pool.ts';
export type { PeerpoolInspector } from './inspector-element.ts';
export type { FarLink } from './mesh-graph.ts';
export type { PeerFigures } from './peer-figures.ts';
export type { PeerState, Quality } from './quality.ts';
export type { InspectorSnapshot } from './snapshot.ts';
export type { TallyRow } from './tally.ts';
