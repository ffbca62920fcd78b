import type { CDPSession, Page } from 'playwright/test';
import type * as Peerpool from '../client/src/index.ts';
import type { Pool } from '../client/src/index.ts';
import { MODULE } from './sources.ts';

export interface PoolRequest {
  readonly name: string;
  readonly room: string;
  /** Of one signaling server or several; default: the page's own origin. */
  readonly url?: string | readonly [string, ...string[]] | undefined;
  readonly rtcConfiguration?: RTCConfiguration | undefined;
  readonly secret?: string | undefined;
  readonly local?: boolean | undefined;
  /** Of two, the one with the smaller offers. */
  readonly instance?: string | undefined;
}

declare global {
  /** The page's pool, and what it has told since it began: `leave alice goodbye`, `error duplicate-peer name-taken`, `state disconnected` … */
  var pool: Pool;
  var told: string[];
}

/**
 * Starts a pool in a page that may have been loaded again, or opened by another page: what `tabs` has no need of. Resolves when it is in the room, connected to
 * those who were there.
 * @throws Error with the code of the `PoolError`
 */
export function startPool(page: Page, request: PoolRequest): Promise<void> {
  return page.evaluate(start, { ...request, module: MODULE });
}

/** The same in a page that Playwright has given up, because it crashed once. */
export async function startPoolBy(session: CDPSession, request: PoolRequest): Promise<void> {
  const expression = `(${start.toString()})(${JSON.stringify({ ...request, module: MODULE })})`;
  const { exceptionDetails } = await session.send('Runtime.evaluate', { expression, awaitPromise: true });
  if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
}

/** Runs in the page. */
async function start({
  name,
  room,
  url,
  rtcConfiguration,
  secret,
  local,
  instance,
  module,
}: PoolRequest & { readonly module: string }): Promise<void> {
  const { Pool, WebRTCCommunicator } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
  const told: string[] = [];
  const pool = new Pool(name, new WebRTCCommunicator({ room, url, rtcConfiguration, secret, local }), {
    instance,
    on: {
      join: (event) => told.push(`join ${event.name}`),
      leave: (event) => told.push(`leave ${event.name} ${event.reason}`),
      restart: (event) => told.push(`restart ${event.name} ${event.unread}`),
      state: (event) => told.push(`state ${event.state} ${event.signaling}`),
      error: ({ error }) => {
        const { code, reason } = error as Peerpool.PoolError;
        told.push(`error ${code} ${reason}`);
      },
    },
  });
  Object.assign(globalThis, { pool, told });
  await pool.initialize({ timeout: 20_000 });
}

/** A room that no other test is in. */
export function freshRoom(): string {
  return `room-${Math.random().toString(36).slice(2)}`;
}
