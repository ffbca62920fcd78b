export { usePeers } from './use-peers.ts';
export { usePool } from './use-pool.ts';
export { useMessages } from './use-messages.ts';

export type { Peer } from './peer-list.ts';
export type { PoolStatus } from './pool-status.ts';
export type { HandledMessages, KeptMessages } from './use-messages.ts';
