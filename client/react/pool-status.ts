import type { Pool, SignalingState } from '../src/index.ts';

/**
 * What has become of the pool of a component.
 *
 * - `idle`: none is wanted.
 * - `connecting`: it joins. There is no pool yet on a server, in the first render, and while another one of that name is leaving; from then on handlers can be set and clients named.
 * - `ready`: `initialize` has resolved.
 * - `stopped`: the application has shut it down, or the page went.
 * - `failed`: it could not be made or could not join, or ended later: `error` says why.
 */
export type PoolStatus<Connection = unknown> =
  | { readonly state: 'idle'; readonly pool: undefined; readonly signaling: undefined; readonly error: undefined }
  | {
      readonly state: 'connecting';
      readonly pool: Pool<Connection> | undefined;
      readonly signaling: SignalingState;
      readonly error: undefined;
    }
  | {
      readonly state: 'ready';
      readonly pool: Pool<Connection>;
      readonly signaling: SignalingState;
      readonly error: undefined;
    }
  | {
      readonly state: 'stopped';
      readonly pool: Pool<Connection>;
      readonly signaling: undefined;
      readonly error: undefined;
    }
  | {
      readonly state: 'failed';
      readonly pool: Pool<Connection> | undefined;
      readonly signaling: undefined;
      readonly error: Error;
    };

export const IDLE: PoolStatus<never> = Object.freeze({
  state: 'idle',
  pool: undefined,
  signaling: undefined,
  error: undefined,
});

export const BEGINNING: PoolStatus<never> = Object.freeze({
  state: 'connecting',
  pool: undefined,
  signaling: 'connecting',
  error: undefined,
});
