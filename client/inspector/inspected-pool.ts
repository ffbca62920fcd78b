import type { Pool } from '../src/index.ts';

/** What the inspector asks of a pool: any `Pool` will do. */
export type InspectedPool = Pick<
  Pool,
  'name' | 'instance' | 'state' | 'clients' | 'stats' | 'on' | 'tap' | 'ping' | 'expose' | 'call'
>;
