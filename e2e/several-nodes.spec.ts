import { setTimeout as pause } from 'node:timers/promises';
import { test as base, type BrowserContext, expect, type Page } from 'playwright/test';
import { Gate } from '../signaling-server/testing/gate.ts';
import { RedisDaemon } from '../signaling-server/testing/redis-daemon.ts';
import { ServerProcess } from '../signaling-server/testing/server-process.ts';
import { freshRoom, startPool } from './pools.ts';
import { MODULE } from './sources.ts';

/** Real tabs at three real nodes over a real Redis, which fail one after the other while the tabs chatter. */

const NAMES = ['alice', 'bob', 'carol', 'dave'] as const;
const NODES = [0, 1, 2] as const;

/** A node, its way to Redis, and the address under which tabs know it, which stays when the node is another. */
interface Node {
  readonly store: Gate;
  readonly front: Gate;
  server: ServerProcess;
}

class Nodes {
  readonly redis: RedisDaemon;
  readonly #nodes: readonly Node[];

  private constructor(redis: RedisDaemon, nodes: readonly Node[]) {
    this.redis = redis;
    this.#nodes = nodes;
  }

  static async start(): Promise<Nodes> {
    const redis = await RedisDaemon.start();
    const nodes = await Promise.all(
      NODES.map(async () => {
        const store = await Gate.to(redis.port);
        const server = await serve(store);
        return { store, server, front: await Gate.to(portOf(server)) };
      }),
    );
    return new Nodes(redis, nodes);
  }

  at(index: number): Node {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }

  /** All, beginning with that one. */
  urls(first: number): [string, ...string[]] {
    const [one, ...others] = NODES.map((_, index) => this.at((first + index) % NODES.length).front.url);
    if (one === undefined) throw new Error('no node');
    return [one, ...others];
  }

  /** Another takes the place of one that ended. */
  async replace(index: number): Promise<void> {
    const node = this.at(index);
    const server = await serve(node.store);
    node.server = server;
    node.front.target = () => portOf(server);
  }

  async ready(): Promise<void> {
    await Promise.all(this.#nodes.map(({ server }) => server.ready()));
  }

  /** Resolves when all have said that nobody can join. */
  async unready(): Promise<void> {
    for (const { server } of this.#nodes) while ((await server.unready()).length === 0) await pause(25);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(({ server }) => server.stop('SIGKILL')));
    await Promise.all(this.#nodes.flatMap(({ front, store }) => [front.close(), store.close()]));
    await this.redis.kill();
  }
}

async function serve(store: Gate): Promise<ServerProcess> {
  const server = await ServerProcess.start(['--redis-url', `redis://127.0.0.1:${store.port}`]);
  await server.ready();
  return server;
}

function portOf({ url }: ServerProcess): number {
  return Number(new URL(url).port);
}

const test = base.extend<{ nodes: Nodes }>({
  // Playwright reads from the first argument what a fixture needs: nothing.
  // oxlint-disable-next-line no-empty-pattern
  nodes: async ({}, use) => {
    const nodes = await Nodes.start();
    await use(nodes);
    await nodes.stop();
  },
});

declare global {
  /** What a tab says to the others all the time, and what it has heard of them. */
  var chatter: {
    readonly sent: number;
    readonly heard: Record<string, number>;
    readonly wrong: string[];
    stop(): Promise<void>;
  };
}

/** Runs in the page: a number more every 20 ms, to everybody; those of others come in their order, and none is left out. */
function beginToTalk(): void {
  const heard: Record<string, number> = {};
  const wrong: string[] = [];
  let sent = 0;
  const ending = new AbortController();
  pool.onMessage(
    ({ sender, value }) => {
      const expected = (heard[sender] ?? 0) + 1;
      if (value !== expected) wrong.push(`${String(value)} of ${sender} where ${expected} was to come`);
      heard[sender] = expected;
    },
    { msgId: 'talk' },
  );
  const talking = (async () => {
    while (!ending.signal.aborted) {
      sent += 1;
      await pool.broadcast(sent, { msgId: 'talk', ack: 'accepted' });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const stop = async (): Promise<void> => {
    ending.abort();
    await talking;
  };
  globalThis.chatter = {
    get sent() {
      return sent;
    },
    heard,
    wrong,
    stop,
  };
}

async function gather(context: BrowserContext, nodes: Nodes, room: string): Promise<Page[]> {
  const pages: Page[] = [];
  for (const [index, name] of NAMES.entries()) {
    const page = await context.newPage();
    await page.goto(MODULE);
    await startPool(page, { name, room, url: nodes.urls(index) });
    pages.push(page);
  }
  await Promise.all(
    pages.map((page) => page.evaluate((count) => pool.waitFor(count, { timeout: 20_000 }), NAMES.length - 1)),
  );
  await Promise.all(pages.map((page) => page.evaluate(beginToTalk)));
  return pages;
}

/** Everybody hears everybody for so long, and is back in the room at the end. */
async function quiet(pages: readonly Page[], nodes: Nodes): Promise<void> {
  await nodes.ready();
  for (const page of pages) {
    await expect
      .poll(() => page.evaluate(() => told.findLast((what) => what.startsWith('state'))), { timeout: 60_000 })
      .toBe('state started connected');
  }
  const before = await Promise.all(pages.map((page) => page.evaluate(() => chatter.sent)));
  const least = Object.fromEntries(NAMES.map((name, index) => [name, before[index] ?? 0]));
  for (const page of pages) {
    const caughtUp = (sent: Record<string, number>): boolean =>
      Object.entries(sent).every(([name, count]) => name === pool.name || (chatter.heard[name] ?? 0) >= count);
    await expect.poll(() => page.evaluate(caughtUp, least)).toBe(true);
  }
}

/** The faults of which no tab may notice anything. */
const FAULTS: Readonly<Record<string, (nodes: Nodes) => Promise<void>>> = {
  'a node killed': async (nodes) => {
    await nodes.at(0).server.stop('SIGKILL');
    await nodes.replace(0);
  },
  'a node drained': async (nodes) => {
    await nodes.at(1).server.stop('SIGTERM');
    await nodes.replace(1);
  },
  'a node cut off from Redis': async (nodes) => {
    const { store, server } = nodes.at(2);
    store.cut();
    while ((await server.unready()).length === 0) await pause(25);
    store.open();
  },
  'Redis paused for 10 s': async ({ redis }) => {
    redis.pause();
    await pause(10_000);
    redis.resume();
  },
  'Redis restarted without its memory': async (nodes) => {
    await nodes.redis.kill();
    await nodes.redis.start();
  },
  'Redis lost for 5 s': async (nodes) => {
    await nodes.redis.kill();
    await nodes.unready();
    await pause(5000);
    await nodes.redis.start();
  },
  'somebody who flaps between nodes': async (nodes) => {
    for (const index of [0, 1, 2, 0, 1, 2]) {
      nodes.at(index).front.cut();
      await pause(250);
      nodes.at(index).front.open();
    }
  },
};

test(
  'no message and no connection is lost, whatever becomes of nodes and Redis',
  { tag: '@servers' },
  async ({ context, nodes }) => {
    test.setTimeout(240_000);
    const room = freshRoom();
    const pages = await gather(context, nodes, room);
    for (const [name, fault] of Object.entries(FAULTS)) {
      await test.step(name, async () => {
        await fault(nodes);
        await quiet(pages, nodes);
        for (const page of pages) {
          const noticed = await page.evaluate(() => told.filter((what) => /^(leave|restart|error)/.test(what)));
          expect(noticed, name).toEqual([]);
          const reconnects = await page.evaluate(() => [...pool.stats().peers.values()].map((each) => each.reconnects));
          expect(reconnects, name).toEqual([0, 0, 0]);
        }
      });
    }
    await Promise.all(pages.map((page) => page.evaluate(() => chatter.stop())));
    const sent = await Promise.all(pages.map((page) => page.evaluate(() => chatter.sent)));
    for (const [index, page] of pages.entries()) {
      const expected = Object.fromEntries(
        NAMES.map((name, other) => [name, sent[other]]).filter((_, other) => other !== index),
      ) as Record<string, number>;
      await expect.poll(() => page.evaluate(() => chatter.heard)).toEqual(expected);
      expect(await page.evaluate(() => chatter.wrong)).toEqual([]);
    }
    // Who comes now finds them all, by whichever node: so they are all there, and can be reached.
    const eve = await context.newPage();
    await eve.goto(MODULE);
    await startPool(eve, { name: 'eve', room, url: nodes.urls(0) });
    expect(await eve.evaluate(() => [...pool.clients].filter((name) => pool.connected(name)).sort())).toEqual(NAMES);
  },
);
