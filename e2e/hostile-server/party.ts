import type { BrowserContext, Page } from 'playwright/test';
import type { Member } from '#shared/signaling';
import type * as Peerpool from '../../client/src/index.ts';
import { MODULE } from '../sources.ts';

/** A tab that forms a pool by way of the hostile server. */
export interface Party extends Member {
  readonly page: Page;
}

export interface PartyOptions {
  readonly url: string;
  readonly room: string;
  readonly secret?: string | undefined;
  /** Whom it waits for until it has met them. */
  readonly clients?: readonly string[] | undefined;
  /** Whether it has an identity, which is kept under its instance. */
  readonly identity?: boolean | undefined;
  /** By name, the key that one of them has to prove. */
  readonly keys?: Readonly<Record<string, string>> | undefined;
  /** Whether it meets whoever else is there. Default: true. */
  readonly discover?: boolean | undefined;
  /** In ms. Short where nobody is to come. */
  readonly connectTimeout?: number | undefined;
}

declare global {
  var pool: Peerpool.Pool;
  /** What the page's pool has told: `join bob`, `leave bob lost`, `error untrusted bob seal` … Of errors each kind once, for how often they are told is a matter of time. */
  var told: string[];
  /** Of how many signals the pool has said that it dropped them. */
  var dropped: number;
}

/** Opens the page. `life` tells instances of one name apart: of two names the earlier in the alphabet calls. */
export async function openParty(context: BrowserContext, name: string, life = 1): Promise<Party> {
  const page = await context.newPage();
  await page.goto(MODULE);
  return { name, instance: `${name}-${life}`, page };
}

/** The public key of its identity, before or after it enters. */
export function publicKey({ page, instance }: Party): Promise<string> {
  return page.evaluate(
    async ([module, label]) => {
      const { createIdentity } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
      return (await createIdentity({ label })).publicKey;
    },
    [MODULE, instance] as const,
  );
}

/** As a server knows it. */
export function memberOf({ name, instance }: Party): Member {
  return { name, instance };
}

/** Starts its pool. Resolves with what the application sees: `met`, or the code, the peer and the reason of the error. */
export function enter({ page, name, instance }: Party, options: PartyOptions): Promise<string> {
  return page.evaluate(start, { ...options, name, instance, module: MODULE });
}

/** Runs in the page. */
async function start({
  name,
  instance,
  module,
  url,
  room,
  secret,
  clients = [],
  identity = false,
  keys = {},
  discover = true,
  connectTimeout,
}: PartyOptions & Member & { readonly module: string }): Promise<string> {
  const peerpool = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
  const { createIdentity, Pool, PoolError, WebRTCCommunicator } = peerpool;
  const told: string[] = [];
  const say = (error: Error): string =>
    error instanceof PoolError ? [error.code, error.peer, error.reason].filter(Boolean).join(' ') : error.message;
  const pool = new Pool(name, new WebRTCCommunicator({ url, room, secret, connectTimeout }), {
    instance,
    discover,
    identity: identity ? await createIdentity({ label: instance }) : undefined,
    on: {
      join: (event) => told.push(`join ${event.name}`),
      leave: (event) => told.push(`leave ${event.name} ${event.reason}`),
      restart: (event) => told.push(`restart ${event.name}`),
      error: ({ error }) => {
        const line = `error ${say(error)}`;
        if (!told.includes(line)) told.push(line);
        if (error instanceof PoolError && error.code === 'untrusted') {
          const [, more = '0'] = /and (\d+) more/.exec(error.message) ?? [];
          globalThis.dropped += 1 + Number(more);
        }
      },
    },
  });
  for (const client of clients) pool.addClient(client, { publicKey: keys[client] });
  Object.assign(globalThis, { pool, told, dropped: 0 });
  return pool.initialize().then(() => 'met', say);
}

export function told({ page }: Party): Promise<string[]> {
  return page.evaluate(() => globalThis.told);
}

export function dropped({ page }: Party): Promise<number> {
  return page.evaluate(() => globalThis.dropped);
}

/** How often its link to this peer broke, and another was made. */
export function reconnects({ page }: Party, peer: string): Promise<number> {
  return page.evaluate((name) => pool.stats().peers.get(name)?.reconnects ?? 0, peer);
}

/** Resolves when it has what was sent. */
export function send({ page }: Party, to: string, value: unknown): Promise<void> {
  return page.evaluate(([recipient, said]) => pool.send(recipient, said), [to, value] as const);
}

/** The next value that it has from this peer. */
export function take({ page }: Party, from: string): Promise<unknown> {
  return page.evaluate((sender) => pool.recv(sender, { timeout: 20_000 }), from);
}

/** What people would compare. */
export function fingerprint({ page }: Party, peer: string): Promise<string | undefined> {
  return page.evaluate((name) => pool.fingerprint(name), peer);
}
