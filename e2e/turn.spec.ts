import { test as base, type BrowserContext, expect, type Page } from 'playwright/test';
import type * as Library from '../client/src/index.ts';
import type { TurnOptions } from '../signaling-server/server.ts';
import { CoturnDaemon } from '../signaling-server/testing/coturn-daemon.ts';
import { MortalServer } from './mortal-server.ts';
import { freshRoom, startPool } from './pools.ts';
import { MODULE } from './sources.ts';

/** A real coturn, and a signaling server that hands it out to tabs that may use nothing else. */

const RELAY_ONLY: RTCConfiguration = { iceTransportPolicy: 'relay' };
const WRONG_SECRET = 'not the secret of that coturn';

declare global {
  /** With which configuration each connection of the page was made, and when. */
  var made: { readonly at: number; readonly iceServers: RTCIceServer[]; readonly connection: RTCPeerConnection }[];
}

interface Stage {
  readonly coturn: CoturnDaemon;
  /** A signaling server that hands this coturn out. */
  readonly serve: (turn?: Partial<TurnOptions>) => Promise<MortalServer>;
}

const test = base.extend<Stage>({
  // Playwright reads from the first argument what a fixture needs: nothing.
  // oxlint-disable-next-line no-empty-pattern
  coturn: async ({}, use) => {
    const coturn = await CoturnDaemon.start();
    await use(coturn);
    await coturn.kill();
  },
  serve: async ({ coturn: { urls, secret } }, use) => {
    const servers: MortalServer[] = [];
    await use(async (turn) => {
      const server = await MortalServer.start({ ice: { turn: { urls, secret, ...turn } } });
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.kill()));
  },
});

async function open(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.made = [];
    globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(target, [configuration]: [RTCConfiguration?]) {
        const connection = new target(configuration);
        made.push({ at: Date.now(), iceServers: configuration?.iceServers ?? [], connection });
        return connection;
      },
    });
  });
  await page.goto(MODULE);
  return page;
}

/** Two tabs with a pool each, alice's and bob's, connected. */
async function meet(context: BrowserContext, url: string, room: string): Promise<readonly [Page, Page]> {
  const [alice, bob] = [await open(context), await open(context)];
  await Promise.all([startPool(alice, request('alice', room, url)), startPool(bob, request('bob', room, url))]);
  await Promise.all([alice, bob].map((page) => page.evaluate(() => pool.waitFor(1, { timeout: 20_000 }))));
  return [alice, bob];
}

const request = (name: string, room: string, url: string) => ({ name, room, url, rtcConfiguration: RELAY_ONLY });

const kind = (page: Page, peer: string): Promise<string | undefined> =>
  page.evaluate((name) => pool.stats().peers.get(name)?.link?.kind, peer);

/** One asks, the other answers. */
async function talk(page: Page, other: Page, [name, peer]: readonly [string, string]): Promise<void> {
  const answered = other.evaluate(async (from) => {
    await pool.send(from, (await pool.recv<number>(from, { msgId: 'talk', timeout: 20_000 })) + 1, 'talk');
  }, name);
  const heard = await page.evaluate(async (to) => {
    await pool.send(to, 41, 'talk');
    return pool.recv<number>(to, { msgId: 'talk', timeout: 20_000 });
  }, peer);
  await answered;
  expect(heard).toBe(42);
}

/** Seconds since 1970 at which the credentials end with which connections were made, in order. */
const ends = (page: Page): Promise<number[]> =>
  page.evaluate(() => made.map(({ iceServers }) => Number(iceServers[0]?.username?.split(':')[0])));

test.describe('through a TURN server that the signaling server hands out', { tag: '@servers' }, () => {
  test('tabs that may use nothing else are connected, and know that they are relayed', async ({ context, serve }) => {
    const { url } = await serve();
    const [alice, bob] = await meet(context, url, freshRoom());
    await talk(alice, bob, ['alice', 'bob']);
    await expect.poll(() => kind(alice, 'bob')).toBe('relay');
    await expect.poll(() => kind(bob, 'alice')).toBe('relay');
    const types = await alice.evaluate(async () => {
      const report = await made.at(-1)?.connection.getStats();
      const all = [...((report ?? []) as Iterable<[string, { type: string; candidateType?: string }]>)];
      return all.filter(([, { type }]) => type === 'local-candidate').map(([, { candidateType }]) => candidateType);
    });
    expect(new Set(types)).toEqual(new Set(['relay']));
  });

  test('links that are made after the first credentials have expired have fresh ones', async ({ context, serve }) => {
    const { url } = await serve({ ttl: 2 });
    const room = freshRoom();
    const [alice, bob] = await meet(context, url, room);
    const [first = 0] = await ends(alice);
    await alice.waitForFunction((end) => Date.now() > end * 1000, Math.max(first, ...(await ends(bob))));
    const before = await alice.evaluate(() => made.length);
    // Somebody new, and a link that broke.
    const carol = await open(context);
    await startPool(carol, request('carol', room, url));
    await carol.evaluate(() => pool.waitFor(2, { timeout: 20_000 }));
    await talk(alice, carol, ['alice', 'carol']);
    const healed = alice.evaluate(
      () =>
        new Promise<void>((resolve) => {
          pool.on('link', ({ name, state }) => {
            if (name === 'bob' && state === 'connected') resolve();
          });
          made[0]?.connection.close();
        }),
    );
    await healed;
    await talk(alice, bob, ['alice', 'bob']);
    const since = await alice.evaluate((count) => {
      return made.slice(count).map(({ at, iceServers }) => [at, iceServers[0]?.username] as const);
    }, before);
    expect(since.length).toBeGreaterThanOrEqual(2);
    for (const [at, username = ''] of since) expect(Number(username.split(':')[0]) * 1000).toBeGreaterThan(at);
    await expect.poll(() => kind(alice, 'bob')).toBe('relay');
    await expect.poll(() => kind(alice, 'carol')).toBe('relay');
  });

  test.describe('that is not to be had', () => {
    const failure = async (page: Page, room: string, url: string, iceServers?: RTCIceServer[]): Promise<string> =>
      page.evaluate(
        async ([module, where, server, relayOnly, given]) => {
          const { Pool, WebRTCCommunicator } = (await import(module)) as typeof Library;
          const rtcConfiguration = { ...relayOnly, ...(given && { iceServers: given }) };
          const communicator = new WebRTCCommunicator({
            room: where,
            url: server,
            rtcConfiguration,
            connectTimeout: 4000,
          });
          const alice = new Pool('alice', communicator, { clients: ['bob'], on: { error: () => {} } });
          try {
            await alice.initialize();
            return 'connected';
          } catch (error) {
            const { code, message, errors } = error as Library.PoolError;
            const all = [error as Error, ...errors.values()];
            const causes = all.map(({ cause }) => (cause instanceof Error ? cause.message : ''));
            return [code, message, ...causes].join('; ');
          } finally {
            await alice.shutdown();
          }
        },
        [MODULE, room, url, RELAY_ONLY, iceServers] as const,
      );

    test('because the secret is another: unreachable, with what it said', async ({ context, serve }) => {
      const { url } = await serve({ secret: WRONG_SECRET });
      const room = freshRoom();
      const [alice, bob] = [await open(context), await open(context)];
      await startPool(bob, request('bob', room, url));
      const said = await failure(alice, room, url);
      expect(said).toMatch(/^unreachable; /);
      expect(said).toMatch(/turn:127\.0\.0\.1:\d+\?transport=udp \(401 .*\) refuses us/);
    });

    test('because the app wants none: unreachable', async ({ context, serve }) => {
      const { url } = await serve();
      const room = freshRoom();
      const [alice, bob] = [await open(context), await open(context)];
      await startPool(bob, request('bob', room, url));
      expect(await failure(alice, room, url, [])).toMatch(/^unreachable; /);
      expect(await alice.evaluate(() => made.flatMap(({ iceServers }) => iceServers))).toEqual([]);
    });
  });

  test('that dies and comes back: the pool heals, and nothing is lost', async ({ context, serve, coturn }) => {
    const { url } = await serve();
    const [alice, bob] = await meet(context, url, freshRoom());
    const heard = bob.evaluate(async () => {
      const numbers: number[] = [];
      for await (const { value } of pool.messages<number>('count')) {
        if (value < 0) break;
        numbers.push(value);
      }
      return numbers;
    });
    // Without a pause, until they are told to stop.
    await alice.evaluate(() => {
      const flow = { stop: false, sent: 0, ended: undefined as unknown };
      const send = async (): Promise<void> => {
        while (!flow.stop) await pool.send('bob', flow.sent++, 'count');
        await pool.send('bob', -1, 'count');
      };
      flow.ended = send();
      Object.assign(globalThis, { flow });
    });
    const state = (): Promise<string | undefined> =>
      alice.evaluate(() => told.findLast((line) => line.startsWith('link ')));
    await alice.evaluate(() => {
      pool.on('link', ({ state: link }) => told.push(`link ${link}`));
    });
    await coturn.kill();
    await expect.poll(() => state(), { timeout: 40_000 }).toBe('link connecting');
    await coturn.start();
    await expect.poll(() => state(), { timeout: 40_000 }).toBe('link connected');
    const sent = await alice.evaluate(async () => {
      const { flow } = globalThis as unknown as { flow: { stop: boolean; sent: number; ended: Promise<void> } };
      // Some more over the new link.
      await pool.ping('bob');
      flow.stop = true;
      await flow.ended;
      return flow.sent;
    });
    const numbers = await heard;
    expect(numbers).toEqual(Array.from({ length: sent }, (_, number) => number));
    expect(await alice.evaluate(() => told.filter((line) => line.startsWith('leave')))).toEqual([]);
    expect(await kind(alice, 'bob')).toBe('relay');
  });
});
