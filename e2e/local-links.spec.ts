import { type BrowserContext, expect, type Page, test } from 'playwright/test';
import { Processes, rendererProcess } from './chaos/processes.ts';
import { MortalServer } from './mortal-server.ts';
import { freshRoom, type PoolRequest, startPool } from './pools.ts';
import { MODULE } from './sources.ts';
import { median, publish, spoken } from './tables.ts';

/** In ms. What is measured is a tenth of it; the rest is for machines that have other things to do. The server's word alone takes longer, and a silence half a minute. */
const AT_ONCE = 1000;

type Kinds = Record<string, string | undefined>;

declare global {
  /** What the page's links do, behind the library's back. */
  var links: {
    /** Each channel of a link that the page opens is refused, as by a browser that can't. */
    refused: boolean;
    /** So many were asked for. */
    channels: number;
    /** Ends the links there are: connections are closed, and channels hear that the other end did so. */
    break(): void;
  };
}

/** Has every page of a context keep what its links are made of. */
async function keepLinks(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const ends: (() => void)[] = [];
    globalThis.links = {
      refused: false,
      channels: 0,
      break: () => {
        for (const end of ends.splice(0)) end();
      },
    };
    const Channel = BroadcastChannel;
    globalThis.BroadcastChannel = new Proxy(Channel, {
      construct(target, [name]: [string]) {
        if (!name.includes('/link/')) return new target(name);
        links.channels++;
        if (links.refused) throw new DOMException('no channel for you', 'SecurityError');
        ends.push(() => {
          const third = new Channel(name);
          third.postMessage({ type: 'close' });
          third.close();
        });
        return new target(name);
      },
    });
    globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(target, [configuration]: [RTCConfiguration?]) {
        const connection = new target(configuration);
        ends.push(() => connection.close());
        return connection;
      },
    });
  });
}

/** A page whose pool is in the room, connected to all who are there; linked to tabs of its browser by channels, unless it is told otherwise. */
async function member(context: BrowserContext, request: PoolRequest): Promise<Page> {
  const page = await context.newPage();
  await page.goto(MODULE);
  await startPool(page, { local: true, ...request });
  return page;
}

/** How a page reaches the others. */
const kinds = (page: Page): Promise<Kinds> =>
  page.evaluate(() => Object.fromEntries([...pool.stats().peers].map(([name, { link }]) => [name, link?.kind])));

/** Of what the page was told: that somebody left, or that something went wrong. */
const disturbances = (page: Page): Promise<string[]> =>
  page.evaluate(() => told.filter((line) => /^(leave|restart|error) /.test(line)));

/** A value there and back, of which most goes by the lane for what is large. */
async function exchange(one: Page, other: Page): Promise<void> {
  const [here, there] = await Promise.all([one, other].map((page) => page.evaluate(() => pool.name)));
  const echoed = other.evaluate(async (peer) => {
    const bytes = await pool.recv<Uint8Array>(peer, { msgId: 'there', timeout: 20_000 });
    await pool.send(peer, bytes, 'back');
  }, here as string);
  const sum = await one.evaluate(async (peer) => {
    await pool.send(peer, new Uint8Array(3_000_000).fill(7), 'there');
    const bytes = await pool.recv<Uint8Array>(peer, { msgId: 'back', timeout: 20_000 });
    return bytes.reduce((total, byte) => total + byte, 0);
  }, there as string);
  await echoed;
  expect(sum).toBe(21_000_000);
}

/** Breaks the page's link while a value is on its way over it, and resolves with the kinds that its `link` events told of. */
function breakLink(page: Page, peer: string): Promise<(string | undefined)[]> {
  return page.evaluate(async (name) => {
    const sent = pool.send(name, new Uint8Array(1_000_000), 'meanwhile');
    const told = await new Promise<(string | undefined)[]>((resolve) => {
      const seen: (string | undefined)[] = [];
      const off = pool.on('link', ({ state, kind }) => {
        seen.push(`${state} ${kind}`);
        if (state !== 'connected') return;
        off();
        resolve(seen);
      });
      links.break();
    });
    await sent;
    return told;
  }, peer);
}

test('each pair has the link it can have: a channel where both want it and are in one browser, else WebRTC', async ({
  browser,
  context,
  baseURL,
}) => {
  const room = freshRoom();
  const elsewhere = await browser.newContext({ ...(baseURL !== undefined && { baseURL }) });
  try {
    const alice = await member(context, { name: 'alice', room });
    const bob = await member(context, { name: 'bob', room });
    const carol = await member(elsewhere, { name: 'carol', room });
    const dave = await member(context, { name: 'dave', room, local: false });
    const mesh = [alice, bob, carol, dave];
    for (const page of mesh) await page.evaluate(() => pool.waitFor(3, { timeout: 20_000 }));
    expect(await Promise.all(mesh.map(kinds))).toEqual([
      { bob: 'broadcast-channel', carol: 'direct', dave: 'direct' },
      { alice: 'broadcast-channel', carol: 'direct', dave: 'direct' },
      { alice: 'direct', bob: 'direct', dave: 'direct' },
      { alice: 'direct', bob: 'direct', carol: 'direct' },
    ]);
    await exchange(alice, bob);
    await exchange(alice, carol);
    await exchange(dave, alice);
    expect(await Promise.all(mesh.map(disturbances))).toEqual([[], [], [], []]);
  } finally {
    await elsewhere.close();
  }
});

test('in a room with a secret too, whose server never sees the key of a channel', async ({ context }) => {
  const frames: string[] = [];
  context.on('page', (page) =>
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => frames.push(String(payload)))),
  );
  const inside = { room: freshRoom(), secret: 'A'.repeat(43) };
  const alice = await member(context, { name: 'alice', ...inside });
  const bob = await member(context, { name: 'bob', ...inside });
  await exchange(alice, bob);
  expect(await kinds(alice)).toEqual({ bob: 'broadcast-channel' });
  expect(frames.some((frame) => frame.includes('sealed'))).toBe(true);
  expect(frames.filter((frame) => frame.includes('"key":"') && frame.includes('negotiate'))).toEqual([]);
});

test('a link that breaks is mended, and nothing is lost, doubled or told', async ({ context }) => {
  await keepLinks(context);
  const room = freshRoom();
  const alice = await member(context, { name: 'alice', room });
  const bob = await member(context, { name: 'bob', room });
  for (const page of [alice, bob, alice]) {
    const peer = page === alice ? 'bob' : 'alice';
    const received = (page === alice ? bob : alice).evaluate(
      (from) => pool.recv<Uint8Array>(from, { msgId: 'meanwhile', timeout: 20_000 }).then(({ length }) => length),
      peer === 'bob' ? 'alice' : 'bob',
    );
    const seen = await breakLink(page, peer);
    expect(seen.at(-1)).toBe('connected broadcast-channel');
    expect(await received).toBe(1_000_000);
  }
  await exchange(alice, bob);
  expect(await alice.evaluate(() => pool.stats().peers.get('bob')?.reconnects)).toBe(3);
  expect(await Promise.all([alice, bob].map(disturbances))).toEqual([[], []]);
});

for (const unable of ['initiator', 'responder'] as const) {
  test(`where the ${unable} can open no channel there is WebRTC; one session goes over to a channel and back`, async ({
    context,
  }) => {
    await keepLinks(context);
    const room = freshRoom();
    const alice = await context.newPage();
    const bob = await context.newPage();
    const refuse = (refused: boolean): Promise<void> =>
      (unable === 'initiator' ? alice : bob).evaluate((given) => {
        links.refused = given;
      }, refused);
    for (const page of [alice, bob]) await page.goto(MODULE);
    await refuse(true);
    await startPool(alice, { name: 'alice', instance: 'a', room, local: true });
    await startPool(bob, { name: 'bob', instance: 'b', room, local: true });
    expect(await kinds(alice)).toEqual({ bob: 'direct' });
    await exchange(alice, bob);
    await refuse(false);
    expect((await breakLink(alice, 'bob')).at(-1)).toBe('connected broadcast-channel');
    await exchange(bob, alice);
    await refuse(true);
    expect((await breakLink(alice, 'bob')).at(-1)).toBe('connected direct');
    await exchange(alice, bob);
    expect(await Promise.all([alice, bob].map(disturbances))).toEqual([[], []]);
    expect(await bob.evaluate(() => pool.stats().peers.get('alice')?.reconnects)).toBe(2);
  });
}

test('who holds the lock and wants no channel is reached by WebRTC', async ({ context }) => {
  await keepLinks(context);
  const room = freshRoom();
  const bob = await context.newPage();
  await bob.goto(MODULE);
  await bob.evaluate(
    (lock) =>
      new Promise<void>((held, failed) => {
        const forEver = (): Promise<void> => {
          held();
          return new Promise(() => {});
        };
        navigator.locks.request(lock, forEver).catch(failed);
      }),
    `peerpool/${room}/local/b`,
  );
  await startPool(bob, { name: 'bob', instance: 'b', room });
  const alice = await member(context, { name: 'alice', instance: 'a', room });
  expect(await kinds(alice)).toEqual({ bob: 'direct' });
  expect(await alice.evaluate(() => links.channels)).toBe(1);
  await exchange(alice, bob);
  expect(await Promise.all([alice, bob].map(disturbances))).toEqual([[], []]);
});

test('while the signaling server is down peers notice nothing, and who is killed is known to be gone at once', async ({
  context,
}) => {
  const server = await MortalServer.start();
  try {
    const room = freshRoom();
    const { url } = server;
    const alice = await member(context, { name: 'alice', room, url });
    const victims: Page[] = [];
    for (const name of ['bob', 'carol', 'dave']) victims.push(await member(context, { name, room, url }));
    const pids: number[] = [];
    for (const victim of victims) pids.push(await rendererProcess(victim));
    expect(new Set([...pids, await rendererProcess(alice)]).size).toBe(4);
    await server.kill();
    await expect
      .poll(() => alice.evaluate(() => told.findLast((line) => line.startsWith('state'))))
      .toBe('state started disconnected');
    for (const victim of victims) await exchange(alice, victim);
    expect(await kinds(alice)).toEqual({
      bob: 'broadcast-channel',
      carol: 'broadcast-channel',
      dave: 'broadcast-channel',
    });
    await alice.evaluate(() => {
      const departures: [string, number][] = [];
      pool.on('leave', ({ name, reason }) => departures.push([`${name} ${reason}`, Date.now()]));
      Object.assign(globalThis, { departures });
    });
    const times: number[] = [];
    for (const [index, pid] of pids.entries()) {
      const at = Date.now();
      new Processes().kill(pid);
      await expect.poll(() => alice.evaluate('departures.length')).toBe(index + 1);
      const [, left] = await alice.evaluate<[string, number]>(`departures[${index}]`);
      times.push(left - at);
    }
    const reasons = (await alice.evaluate<[string, number][]>('departures')).map(([said]) => said);
    publish('Departures', [
      {
        'what happens': 'renderer process killed, link within one browser, server down',
        'the others see': 'killed',
        'after, in the median': spoken(median(times)),
        worst: spoken(Math.max(...times)),
        samples: times.length,
      },
    ]);
    expect(reasons).toEqual(['bob killed', 'carol killed', 'dave killed']);
    expect(Math.max(...times)).toBeLessThan(AT_ONCE);
  } finally {
    await server.kill();
  }
});

test('who closes a tab says goodbye, and a pool that ends leaves no lock', async ({ context }) => {
  const room = freshRoom();
  const alice = await member(context, { name: 'alice', room });
  const bob = await member(context, { name: 'bob', room });
  const carol = await member(context, { name: 'carol', room });
  await carol.close();
  await expect.poll(() => disturbances(alice)).toEqual(['leave carol goodbye']);
  await bob.evaluate(() => pool.shutdown());
  await expect.poll(() => disturbances(alice)).toEqual(['leave carol goodbye', 'leave bob goodbye']);
  await alice.evaluate(() => pool.shutdown());
  const locks = (page: Page): Promise<(string | undefined)[]> =>
    page.evaluate(async () => {
      const { held = [], pending = [] } = await navigator.locks.query();
      return [...held, ...pending].map(({ name }) => name);
    });
  await expect.poll(() => locks(alice)).toEqual([]);
});
