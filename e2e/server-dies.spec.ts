import { test as base, type BrowserContext, expect, type Page } from 'playwright/test';
import { Gate } from '../signaling-server/testing/gate.ts';
import { MortalServer } from './mortal-server.ts';
import { freshRoom, startPool } from './pools.ts';
import { MODULE } from './sources.ts';

const test = base.extend<{ server: MortalServer; gate: Gate }>({
  // Playwright reads from the first argument what a fixture needs: nothing.
  // oxlint-disable-next-line no-empty-pattern
  server: async ({}, use) => {
    const server = await MortalServer.start();
    await use(server);
    await server.kill();
  },
  gate: async ({ server }, use) => {
    const gate = await Gate.to(server.port);
    await use(gate);
    await gate.close();
  },
});

/** Counts the connections that pages make from here on. */
async function countConnections(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    Object.assign(globalThis, { connections: 0 });
    globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(target, [configuration]: [RTCConfiguration?]) {
        (globalThis as unknown as { connections: number }).connections++;
        return new target(configuration);
      },
    });
  });
}

async function member(context: BrowserContext, name: string, room: string, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(MODULE);
  await startPool(page, { name, room, url });
  return page;
}

/** What a page was told last of the way to the server. */
const signaling = (page: Page): Promise<string> =>
  page.evaluate(() => globalThis.told.findLast((line) => line.startsWith('state')) ?? '');

const disturbances = (page: Page): Promise<string[]> =>
  page.evaluate(() => globalThis.told.filter((line) => !/^(state|join) /.test(line)));

/** Who has been away is back within twice that time. */
async function becomes(pages: readonly Page[], state: string): Promise<void> {
  for (const page of pages) await expect.poll(() => signaling(page), { timeout: 40_000 }).toBe(`state ${state}`);
}

/** It tries now, as when its network is back. */
const wake = (page: Page): Promise<boolean> => page.evaluate(() => dispatchEvent(new Event('online')));

/** Everybody sends everybody a message that is new, and takes theirs. Resolves with who was heard by whom. */
async function talk(pages: readonly Page[], round: string): Promise<string[][]> {
  return Promise.all(
    pages.map((page) =>
      page.evaluate(async (msgId) => {
        const [heard] = await Promise.all([pool.recvAll({ msgId, timeout: 20_000 }), pool.broadcast(pool.name, msgId)]);
        return [...heard.values()].map(String).sort();
      }, round),
    ),
  );
}

/** By peer: how many links broke, then how many connections the page ever made. */
const links = (page: Page): Promise<[Record<string, number | undefined>, number]> =>
  page.evaluate(() => [
    Object.fromEntries([...pool.stats().peers].map(([name, { reconnects }]) => [name, reconnects])),
    (globalThis as unknown as { connections: number }).connections,
  ]);

for (const memory of ['nothing', 'everybody'] as const) {
  test(
    `a mesh outlives its server, which comes back remembering ${memory}`,
    { tag: '@each' },
    async ({ context, server, gate }) => {
      await countConnections(context);
      const room = freshRoom();
      const alice = await member(context, 'alice', room, gate.url);
      const bob = await member(context, 'bob', room, gate.url);
      const carol = await member(context, 'carol', room, gate.url);
      const mesh = [alice, bob, carol];
      const others = [
        ['bob', 'carol'],
        ['alice', 'carol'],
        ['alice', 'bob'],
      ];
      expect(await talk(mesh, 'before')).toEqual(others);
      if (memory === 'nothing') await server.kill();
      else gate.cut();
      await becomes(mesh, 'started disconnected');
      for (const round of ['1', '2', '3']) expect(await talk(mesh, `meanwhile ${round}`)).toEqual(others);
      if (memory === 'nothing') await server.start();
      else gate.open();
      await becomes(mesh, 'started connected');
      expect(await talk(mesh, 'after')).toEqual(others);
      expect(await Promise.all(mesh.map(links))).toEqual([
        [{ bob: 0, carol: 0 }, 2],
        [{ alice: 0, carol: 0 }, 2],
        [{ alice: 0, bob: 0 }, 2],
      ]);
      const dave = await member(context, 'dave', room, gate.url);
      for (const page of mesh) await page.evaluate(() => pool.waitFor('dave', { timeout: 20_000 }));
      expect((await talk([...mesh, dave], 'all')).at(-1)).toEqual(['alice', 'bob', 'carol']);
      expect(await Promise.all([...mesh, dave].map(disturbances))).toEqual([[], [], [], []]);
    },
  );
}

test('who comes first to a server that forgot everybody takes no name from who is still connected', async ({
  context,
  server,
  gate,
}) => {
  await countConnections(context);
  const room = freshRoom();
  const url = `http://127.0.0.1:${server.port}`;
  // Only alice comes by the gate, and so comes back when the test lets her.
  const alice = await member(context, 'alice', room, gate.url);
  const bob = await member(context, 'bob', room, url);
  const carol = await member(context, 'carol', room, url);
  const mesh = [alice, bob, carol];
  await talk(mesh, 'before');
  gate.cut();
  await server.kill();
  await becomes(mesh, 'started disconnected');
  await server.start();
  const impostor = await member(context, 'alice', room, url);
  await becomes([bob, carol], 'started connected');
  // Both meet it, and both refuse: as often as it tries, which is once.
  await expect
    .poll(() => disturbances(impostor), { timeout: 20_000 })
    .toEqual(['error refused duplicate-peer', 'error refused duplicate-peer']);
  gate.open();
  await wake(alice);
  await expect.poll(() => disturbances(alice), { timeout: 20_000 }).toEqual(['error duplicate-peer name-taken']);
  const others = [
    ['bob', 'carol'],
    ['alice', 'carol'],
    ['alice', 'bob'],
  ];
  expect(await talk(mesh, 'meanwhile')).toEqual(others);
  await impostor.evaluate(() => pool.shutdown());
  await wake(alice);
  await becomes([alice], 'started connected');
  expect(await talk(mesh, 'after')).toEqual(others);
  expect(await Promise.all(mesh.map(links))).toEqual([
    [{ bob: 0, carol: 0 }, 2],
    [{ alice: 0, carol: 0 }, expect.any(Number)],
    [{ alice: 0, bob: 0 }, expect.any(Number)],
  ]);
  const dave = await member(context, 'dave', room, url);
  expect(await dave.evaluate(() => [...pool.clients].sort())).toEqual(['alice', 'bob', 'carol']);
  expect(await Promise.all([bob, carol].map(disturbances))).toEqual([[], []]);
});
