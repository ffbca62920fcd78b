import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as lasting } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, type CDPSession, expect, type Page, test } from 'playwright/test';
import { build } from 'vite';
import type * as Peerpool from '../client/src/index.ts';
import { MODULE, SOURCES } from './sources.ts';
import { publish } from './tables.ts';

async function open(context: BrowserContext): Promise<{ readonly page: Page; readonly cdp: CDPSession }> {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await page.goto(MODULE);
  return { page, cdp };
}

/** How many objects there are whose prototype this expression gives, when everything that nobody refers to is gone. */
async function instances(cdp: CDPSession, prototype: string): Promise<number> {
  const objectGroup = 'instances';
  const found = await cdp.send('Runtime.evaluate', { expression: prototype, awaitPromise: true, objectGroup });
  const { objects } = await cdp.send('Runtime.queryObjects', {
    prototypeObjectId: found.result.objectId ?? '',
    objectGroup,
  });
  const { result } = await cdp.send('Runtime.callFunctionOn', {
    functionDeclaration: 'function () { return this.length; }',
    objectId: objects.objectId ?? '',
    returnByValue: true,
  });
  await cdp.send('Runtime.releaseObjectGroup', { objectGroup });
  return Number(result.value);
}

/** Bytes of objects and array buffers, when all that nobody refers to is gone. */
async function heap(cdp: CDPSession): Promise<number> {
  for (let round = 0; round < 3; round++) await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = await cdp.send('Runtime.getHeapUsage');
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}

/** Who has waited for the other side's goodbye in vain took longer, in ms. */
const WAITED = 900;

function timings(what: string, took: readonly number[]): Record<string, string | number> {
  const sorted = [...took].sort((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return { what, shutdowns: took.length, 'p50, ms': at(0.5), 'p95, ms': at(0.95), 'longest, ms': at(1) };
}

const PROTOTYPES: Readonly<Record<string, string>> = {
  RTCPeerConnection: 'RTCPeerConnection.prototype',
  RTCDataChannel: 'RTCDataChannel.prototype',
  WebSocket: 'WebSocket.prototype',
  BroadcastChannel: 'BroadcastChannel.prototype',
  Pool: `import('${MODULE}').then(({ Pool }) => Pool.prototype)`,
};

test('two that shut down in the same instant both end at once, twenty times', async ({ context }) => {
  const [alice, bob] = await Promise.all([open(context), open(context)]);
  const took: number[] = [];
  for (let round = 0; round < 20; round++) {
    const room = `instant-${Date.now()}-${round}`;
    const tabs = [
      { ...alice, name: 'alice', peer: 'bob' },
      { ...bob, name: 'bob', peer: 'alice' },
    ];
    const ends = await Promise.all(
      tabs.map(({ page, name, peer }) =>
        page.evaluate(
          async ({ module, room, name, peer }) => {
            const { Pool, WebRTCCommunicator } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
            const pool = new Pool(name, new WebRTCCommunicator({ room }));
            const heard: string[] = [];
            pool.on('leave', ({ name, reason }) => heard.push(`${name} ${reason}`));
            pool.on('error', ({ error }) => heard.push(error.message));
            await pool.initialize();
            await pool.waitFor(peer);
            // Both know of each other, and agree on an instant.
            const soon = Date.now() + 60;
            await pool.send(peer, soon, 'when');
            const instant = Math.max(soon, await pool.recv<number>(peer, 'when'));
            while (Date.now() < instant);
            const before = performance.now();
            await pool.shutdown();
            return { heard, took: performance.now() - before };
          },
          { module: MODULE, room, name, peer },
        ),
      ),
    );
    expect(ends.map(({ heard }) => heard)).toEqual([['bob goodbye'], ['alice goodbye']]);
    took.push(...ends.map((end) => end.took));
  }
  publish('Shutdown on both sides in the same instant', [timings('two tabs', took)]);
  expect(Math.max(...took)).toBeLessThan(WAITED);
});

test('two pools of one page that shut down in the same turn both end at once', async ({ context }) => {
  const { page } = await open(context);
  const took: number[] = [];
  for (let round = 0; round < 20; round++) {
    const ends = await page.evaluate(
      async ({ module, room }) => {
        const { Pool, WebRTCCommunicator } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
        const pools = ['alice', 'bob'].map((name) => new Pool(name, new WebRTCCommunicator({ room })));
        const heard: string[] = [];
        for (const pool of pools) {
          pool.on('leave', ({ name, reason }) => heard.push(`${name} ${reason}`));
          pool.on('error', ({ error }) => heard.push(error.message));
        }
        await Promise.all(pools.map((pool) => pool.initialize()));
        await Promise.all(pools.map((pool) => pool.waitFor(1)));
        const before = performance.now();
        await Promise.all(pools.map((pool) => pool.shutdown()));
        return { heard: heard.sort(), took: performance.now() - before };
      },
      { module: MODULE, room: `turn-${Date.now()}-${round}` },
    );
    expect(ends.heard).toEqual(['alice goodbye', 'bob goodbye']);
    took.push(ends.took);
  }
  publish('Shutdown on both sides in the same turn', [timings('one page', took)]);
  expect(Math.max(...took)).toBeLessThan(WAITED);
});

/** Runs in the page: counts the peer connections that were made, and those of them that are not collected. */
function countConnections(): void {
  const census = { made: 0, alive: 0, most: 0 };
  const collected = new FinalizationRegistry<undefined>(() => census.alive--);
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(target, [configuration]: [RTCConfiguration?]) {
      const connection = new target(configuration);
      collected.register(connection, undefined);
      census.made++;
      census.most = Math.max(census.most, ++census.alive);
      return connection;
    },
  });
  globalThis.census = census;
}

async function census(page: Page): Promise<{ readonly made: number; readonly most: number }> {
  return page.evaluate(() => globalThis.census);
}

/** Runs in the page: three pools join, say something to each other, and leave, so many times. */
async function comeAndGo({ module, room, rounds }: { module: string; room: string; rounds: number }): Promise<void> {
  const { Pool, WebRTCCommunicator } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
  for (let round = 0; round < rounds; round++) {
    const pools = ['alice', 'bob', 'carol'].map((name) => new Pool(name, new WebRTCCommunicator({ room })));
    await Promise.all(pools.map((pool) => pool.initialize()));
    await Promise.all(pools.map((pool) => pool.waitFor(2)));
    await Promise.all(pools.map((pool) => Promise.all([pool.broadcast(pool.name), pool.recvAll()])));
    await Promise.all(pools.map((pool) => pool.shutdown()));
  }
}

test(
  'nothing is left in a page after 200 joins and leaves, and it stays away from the 500 connections Chromium allows',
  { tag: '@long' },
  async ({ context }) => {
    test.setTimeout(120_000);
    const { page, cdp } = await open(context);
    await page.evaluate(countConnections);
    const room = `churn-${Date.now()}`;
    const rows: Record<string, string | number>[] = [];
    let joins = 0;
    const look = async (): Promise<number> => {
      const bytes = await heap(cdp);
      const { made, most } = await census(page);
      rows.push({
        joins,
        'connections made': made,
        'most at once, with the uncollected': most,
        'heap, KiB': Math.round(bytes / 1024),
      });
      return bytes;
    };
    const stretch = async (rounds: number): Promise<number> => {
      await page.evaluate(comeAndGo, { module: MODULE, room, rounds });
      joins += 3 * rounds;
      return look();
    };
    const warm = await stretch(10);
    // No collection is forced meanwhile.
    const end = await stretch(100);
    const left: Record<string, number> = {};
    for (const [name, prototype] of Object.entries(PROTOTYPES)) left[name] = await instances(cdp, prototype);
    publish('Joins and leaves of three pools in one page', rows);
    expect(left).toEqual({ RTCPeerConnection: 0, RTCDataChannel: 0, WebSocket: 0, BroadcastChannel: 0, Pool: 0 });
    expect(Number(rows.at(-1)?.['connections made'])).toBeGreaterThan(500);
    expect(end - warm).toBeLessThan(256 * 1024);
  },
);

declare global {
  var census: { made: number; alive: number; most: number };
  /** Resolves when Chromium has refused the next connection. */
  var nextRefusal: () => Promise<void>;
  /** Closes what `exhaust` holds. */
  var giveBack: () => void;
}

/** Runs in the page: makes as many connections as Chromium allows, and holds them. How many that are. */
function exhaust(): number {
  const held: RTCPeerConnection[] = [];
  let refused = (): void => {};
  globalThis.giveBack = () => {
    for (const connection of held.splice(0)) connection.close();
  };
  globalThis.nextRefusal = () => new Promise((resolve) => (refused = resolve));
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(target, [configuration]: [RTCConfiguration?]) {
      try {
        return new target(configuration);
      } catch (error) {
        refused();
        throw error;
      }
    },
  });
  try {
    for (;;) held.push(new RTCPeerConnection());
  } catch (error) {
    if (!String(error).includes('PeerConnections')) throw error;
  }
  return held.length;
}

for (const role of ['caller', 'callee'] as const) {
  test(`a page that has no connection left says so, and connects as soon as there is one: as ${role}`, async ({
    context,
  }) => {
    const [alice, bob] = await Promise.all([open(context), open(context)]);
    await bob.page.evaluate(countConnections);
    const room = `exhausted-${Date.now()}`;
    const join = ({ page }: typeof alice, name: string, connectTimeout: number) =>
      page.evaluateHandle(
        async ({ module, room, name, connectTimeout, first }) => {
          const { Pool, WebRTCCommunicator } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
          // The smaller instance calls.
          const instance = `${name === first ? 'a' : 'b'}-${Math.random()}`;
          const pool = new Pool(name, new WebRTCCommunicator({ room, connectTimeout }), { instance });
          const errors: Peerpool.PoolError[] = [];
          pool.on('error', ({ error }) => errors.push(error as Peerpool.PoolError));
          await pool.initialize();
          return { pool, errors };
        },
        { module: MODULE, room, name, connectTimeout, first: role === 'caller' ? 'alice' : 'bob' },
      );
    await join(bob, 'bob', 30_000);
    expect(await alice.page.evaluate(exhaust)).toBe(500);
    const began = performance.now();
    const hasty = await join(alice, 'alice', 2_000);
    const failedAfter = Math.round(performance.now() - began);
    const said = await hasty.evaluate(({ errors }) =>
      errors.map(({ code, peer, cause }) => ({ code, peer, cause: String((cause as Error).cause) })),
    );
    expect(said).toEqual([
      { code: 'unreachable', peer: 'bob', cause: expect.stringContaining('Cannot create so many PeerConnections') },
    ]);
    await hasty.evaluate(({ pool }) => pool.shutdown());
    const joining = join(alice, 'alice', 30_000);
    await alice.page.evaluate(() => globalThis.nextRefusal());
    await alice.page.evaluate(() => globalThis.giveBack());
    await alice.cdp.send('HeapProfiler.collectGarbage');
    const since = performance.now();
    const patient = await joining;
    const took = Math.round(performance.now() - since);
    expect(await patient.evaluate(({ pool, errors }) => [pool.connected('bob'), errors.length])).toEqual([true, 0]);
    const offers = (await census(bob.page)).made;
    publish('500 connections held, and given back', [
      { role, 'told after, ms': failedAfter, 'connected after, ms': took, 'connections the other page made': offers },
    ]);
    // Who can't connect does not wear out who can.
    expect(offers).toBeLessThan(20);
  });
}

/** What runs in a Node of its own: `argv` says where peerpool is, over what, and whether the pools shut down. */
const PROGRAM = `
  const [where, kind, ending] = process.argv.slice(2);
  const { Pool, LocalCommunicator, BroadcastChannelCommunicator, getHub } = await import(where);
  const communicator = () =>
    kind === 'Local' ? new LocalCommunicator({ hub: getHub('ends') }) : new BroadcastChannelCommunicator({ room: 'ends' });
  const pools = ['alice', 'bob', 'carol'].map((name) => new Pool(name, communicator()));
  await Promise.all(pools.map((pool) => pool.initialize()));
  await Promise.all(pools.map((pool) => pool.waitFor(2)));
  await Promise.all(pools.map((pool) => Promise.all([pool.broadcast(new Uint8Array(100_000)), pool.recvAll()])));
  const waiting = pools.map((pool) => pool.recvAny({ msgId: 'never', timeout: 600_000 }).catch(({ code }) => code));
  if (ending === 'shut down') {
    await Promise.all(pools.map((pool) => pool.shutdown()));
    console.log(String(await Promise.all(waiting)));
  } else console.log('up');
`;

test.describe('a Node process with pools', () => {
  let folder: string;

  test.beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'peerpool-ends-'));
    await build({
      configFile: false,
      logLevel: 'error',
      root: fileURLToPath(new URL('..', import.meta.url)),
      ssr: { noExternal: true },
      build: { ssr: SOURCES, outDir: folder, minify: false },
    });
    await writeFile(path.join(folder, 'program.mjs'), PROGRAM);
  });

  test.afterAll(() => rm(folder, { recursive: true }));

  function start(kind: string, ending: string): ChildProcess {
    const argv = ['program.mjs', './index.js', kind, ending];
    return spawn(process.execPath, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  }

  for (const kind of ['Local', 'BroadcastChannel']) {
    test(`ends by itself once they are shut down: ${kind}`, async () => {
      const child = start(kind, 'shut down');
      const [said] = (await once(child.stdout ?? child, 'data')) as [Buffer];
      expect(String(said).trim()).toBe('closed,closed,closed');
      const since = performance.now();
      expect(await once(child, 'exit')).toEqual([0, null]);
      publish('The end of a Node process', [
        { over: kind, 'after shutdown, ms': Math.round(performance.now() - since) },
      ]);
    });

    test(`does not end while they are up: ${kind}`, async () => {
      const child = start(kind, 'stay');
      await once(child.stdout ?? child, 'data');
      // Long enough for a process that has nothing to wait for.
      await lasting(500);
      expect(child.exitCode).toBe(null);
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
  }
});
