import type { CandidateCounts, ConnectionFacts } from '../../connection-diagnosis.ts';

const HOST_ONLY: CandidateCounts = { host: 1, srflx: 0, prflx: 0, relay: 0, udp: 1, tcp: 0, mdns: 0 };

/** What an attempt sees where both ends know addresses of their own networks only, and nobody was asked for more. */
export const BLOCKED: ConnectionFacts = {
  ms: 15_000,
  made: true,
  local: HOST_ONLY,
  remote: HOST_ONLY,
  answered: true,
  relayOnly: false,
  servers: [],
  gathering: 'complete',
  states: ['checking', 'failed'],
  pairs: { failed: 4 },
  opened: false,
};
