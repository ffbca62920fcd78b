import { type BrowserContext, expect, test } from 'playwright/test';
import { projectTabs } from './project-tabs.ts';
import type { Tab } from './tabs.ts';

const MESSAGES = 400;
const BREAKS = 4;

/** Every connection that the page makes, so that a test can close them behind the library's back. */
async function keepConnections(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const connections: RTCPeerConnection[] = [];
    globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(target, [configuration]: [RTCConfiguration?]) {
        const connection = new target(configuration);
        connections.push(connection);
        return connection;
      },
    });
    Object.assign(globalThis, {
      breakLinks: () => {
        for (const connection of connections.splice(0)) connection.close();
      },
    });
  });
}

/** Sends numbered messages of mixed sizes, and takes as many; the numbers in the order in which they came, by id. */
async function exchange(tab: Tab, other: string): Promise<Record<string, number[]>> {
  return tab.evaluate(
    async (pool, { peer, count }) => {
      const heard: Record<string, number[]> = { small: [], large: [] };
      const sends = Array.from({ length: count }, async (_, number) => {
        const [id, size] = number % 20 === 0 ? ['large', 200_000] : ['small', number % 300];
        await new Promise((resolve) => setTimeout(resolve, number * 10));
        await pool.send(peer, { number, bytes: new Uint8Array(size).fill(number) }, id);
      });
      const takes = Array.from({ length: count }, async () => {
        const { msgId = '', value } = await pool.recvAny({ everyId: true, timeout: 40_000 });
        const { number, bytes } = value as { number: number; bytes: Uint8Array };
        if (bytes.some((byte) => byte !== (number & 0xff))) throw new Error(`message ${number} arrived changed`);
        heard[msgId]?.push(number);
      });
      await Promise.all([...sends, ...takes]);
      return heard;
    },
    { peer: other, count: MESSAGES },
  );
}

test('links that break lose, double and reorder nothing', async ({ context }) => {
  await keepConnections(context);
  const [alice, bob] = await projectTabs(context, ['alice', 'bob']);
  const exchanged = Promise.all([exchange(alice, 'bob'), exchange(bob, 'alice')]);
  for (let round = 0; round < BREAKS; round++) {
    const victim = round % 2 === 0 ? alice : bob;
    const links = await victim.evaluate(
      (pool) =>
        new Promise<string[]>((resolve) => {
          const states: string[] = [];
          const off = pool.on('link', ({ state }) => {
            states.push(state);
            if (state !== 'connected') return;
            off();
            resolve(states);
          });
          setTimeout(() => (globalThis as unknown as { breakLinks(): void }).breakLinks(), 500);
        }),
    );
    expect(links).toEqual(['connecting', 'connected']);
  }
  const everything = Array.from({ length: MESSAGES }, (_, number) => number);
  const expected = {
    small: everything.filter((number) => number % 20 !== 0),
    large: everything.filter((number) => number % 20 === 0),
  };
  expect(await exchanged).toEqual([expected, expected]);
  const reconnects = await alice.evaluate((pool) => pool.stats().peers.get('bob')?.reconnects);
  expect(reconnects).toBe(BREAKS);
});
