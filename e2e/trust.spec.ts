import { expect, type Page, test } from 'playwright/test';
import type * as Library from '../client/src/index.ts';
import { freshRoom } from './pools.ts';
import { MODULE } from './sources.ts';

/** What a browser has and Node has not: a store for keys that can't be read. */

async function open(page: Page): Promise<Page> {
  await page.goto(MODULE);
  return page;
}

const identity = (page: Page, label?: string): Promise<string> =>
  page.evaluate(
    async ([module, name]) => {
      const { createIdentity } = (await import(module)) as typeof Library;
      return (await createIdentity({ label: name })).publicKey;
    },
    [MODULE, label] as const,
  );

test.describe('an identity', { tag: '@each' }, () => {
  test('is the same after a reload and in other tabs, another for another label, and gone with the site’s data', async ({
    context,
  }) => {
    const [alice, other] = [await open(await context.newPage()), await open(await context.newPage())];
    const key = await identity(alice);
    await alice.reload();
    expect(await identity(alice)).toBe(key);
    expect(await identity(other)).toBe(key);
    expect(await identity(other, 'at work')).not.toBe(key);
    await alice.evaluate(() => new Promise((done) => (indexedDB.deleteDatabase('peerpool').onsuccess = done)));
    expect(await identity(alice)).not.toBe(key);
  });

  test('is one, however many ask for it at once', async ({ context }) => {
    const pages = await Promise.all([1, 2, 3, 4].map(async () => open(await context.newPage())));
    const keys = await Promise.all([...pages, ...pages].map((page) => identity(page)));
    expect(new Set(keys).size).toBe(1);
  });

  test('has a private key that no page can read', async ({ page }) => {
    await open(page);
    await identity(page);
    const said = await page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('peerpool');
        request.onsuccess = () => resolve(request.result);
      });
      const stored = await new Promise<CryptoKeyPair>((resolve) => {
        const request = database.transaction('identities').objectStore('identities').get('default');
        request.onsuccess = () => resolve(request.result as CryptoKeyPair);
      });
      database.close();
      return crypto.subtle.exportKey('pkcs8', stored.privateKey).then(
        () => 'it was exported',
        (error: Error) => error.name,
      );
    });
    expect(said).toBe('InvalidAccessError');
  });
});

test('what stands behind the # of a link opens a room, and no server is shown it', async ({ context }) => {
  const [alice, bob] = [await context.newPage(), await context.newPage()];
  const requests: string[] = [];
  for (const page of [alice, bob]) {
    page.on('request', (request) => requests.push(`${request.url()} ${request.postData() ?? ''}`));
    page.on('websocket', (socket) => {
      requests.push(socket.url());
      socket.on('framesent', ({ payload }) => requests.push(payload.toString()));
      socket.on('framereceived', ({ payload }) => requests.push(payload.toString()));
    });
  }
  await open(alice);
  const secret = await alice.evaluate(async (module) => {
    const { generateSecret } = (await import(module)) as typeof Library;
    return generateSecret();
  }, MODULE);
  const room = freshRoom();
  const meet = (page: Page, name: string, other: string): Promise<unknown> =>
    page.evaluate(
      async ([module, self, peer, where]) => {
        const { Pool, WebRTCCommunicator } = (await import(module)) as typeof Library;
        const behind = location.hash.slice(1);
        const pool = new Pool(self, new WebRTCCommunicator({ room: where, secret: behind }), { clients: [peer] });
        await pool.initialize();
        await pool.send(peer, `from ${self}`);
        const heard = await pool.recv(peer);
        await pool.shutdown();
        return heard;
      },
      [MODULE, name, other, room] as const,
    );
  await Promise.all([alice, bob].map((page) => page.goto(`${MODULE}#${secret}`)));
  expect(await Promise.all([meet(alice, 'alice', 'bob'), meet(bob, 'bob', 'alice')])).toEqual([
    'from bob',
    'from alice',
  ]);
  expect(requests.some((said) => said.includes('"join"'))).toBe(true);
  for (const hidden of [secret, room, 'candidate', 'a=fingerprint', 'IN IP4']) {
    expect(requests.filter((said) => said.includes(hidden))).toEqual([]);
  }
});
