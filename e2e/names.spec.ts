import { test as base, type BrowserContext, type CDPSession, expect, type Page } from 'playwright/test';
import { freshRoom, startPool, startPoolBy } from './pools.ts';
import { MODULE } from './sources.ts';

/** Where a tab keeps its secret. */
const SECRET = 'peerpool/tab-secret';

/** A name that resolves nowhere else; the development server knows it. Over http it is no secure context, so there are no Web Locks. */
const HOST = 'peerpool.test';

const test = base.extend({
  launchOptions: [
    async ({ launchOptions }, use) => {
      const mapped = [...(launchOptions.args ?? []), `--host-resolver-rules=MAP ${HOST} 127.0.0.1`];
      await use({ ...launchOptions, args: mapped });
    },
    { scope: 'worker' },
  ],
});

async function open(context: BrowserContext, url = MODULE): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

const heard = (page: Page): Promise<string[]> =>
  page.evaluate(() => globalThis.told.filter((line) => !line.startsWith('state')));
const secretOf = (page: Page): Promise<string | null> => page.evaluate((key) => sessionStorage.getItem(key), SECRET);
const instanceOf = (page: Page): Promise<string> => page.evaluate(() => pool.instance);

/** Waits until the page was told as much. */
async function hears(page: Page, ...lines: string[]): Promise<void> {
  await expect.poll(() => heard(page), { timeout: 20_000 }).toEqual(lines);
}

test.describe('a name', { tag: '@each' }, () => {
  test('M3 of a tab that is loaded again is its own at once; the others see the old one leave, then the restart', async ({
    context,
  }) => {
    const room = freshRoom();
    const [alice, bob] = await Promise.all([open(context), open(context)]);
    await startPool(alice, { name: 'alice', room });
    await startPool(bob, { name: 'bob', room });
    const [before, secret] = await Promise.all([instanceOf(alice), secretOf(alice)]);
    await alice.evaluate(() => pool.send('bob', 'unread', 'kept'));
    await alice.reload();
    await startPool(alice, { name: 'alice', room });
    await hears(bob, 'join alice', 'leave alice goodbye', 'restart alice 1');
    expect(await secretOf(alice)).toBe(secret);
    expect(await instanceOf(alice)).not.toBe(before);
    await alice.evaluate(() => pool.send('bob', 'again'));
    expect(await bob.evaluate(() => pool.recv('alice'))).toBe('again');
  });

  for (const host of ['127.0.0.1', HOST]) {
    for (const features of ['', 'noopener']) {
      test(`is not copied with its tab: ${host}, window.open with "${features}"`, async ({ context, baseURL }) => {
        const room = freshRoom();
        const url = new URL(MODULE, baseURL?.replace('127.0.0.1', host)).href;
        const alice = await open(context, url);
        await startPool(alice, { name: 'alice', room });
        const opened = context.waitForEvent('page');
        await alice.evaluate((arguments_) => void window.open(...arguments_), [url, '_blank', features] as const);
        const copy = await opened;
        await copy.waitForURL(url);
        const secret = await secretOf(alice);
        expect(await secretOf(copy)).toBe(features === 'noopener' ? null : secret);
        await expect(startPool(copy, { name: 'alice', room })).rejects.toThrow('duplicate-peer');
        expect(await secretOf(copy)).toMatch(/^[0-9a-f]{32}$/);
        expect(await secretOf(copy)).not.toBe(secret);
        // Nobody was disturbed, and under a name of its own it is welcome.
        await startPool(copy, { name: 'bob', room });
        await hears(alice, 'join bob');
        // A name that was given back is anybody's.
        await alice.evaluate(() => pool.shutdown());
        await hears(copy, 'join alice', 'leave alice goodbye');
        await copy.evaluate(() => pool.shutdown());
        await startPool(copy, { name: 'alice', room });
      });
    }
  }

  test('is refused to a second pool of the page while the first lives, and both names are its own after a reload', async ({
    context,
  }) => {
    const room = freshRoom();
    const page = await open(context);
    await startPool(page, { name: 'alice', room });
    const first = await page.evaluateHandle(() => pool);
    const secret = await secretOf(page);
    await expect(startPool(page, { name: 'alice', room })).rejects.toThrow('duplicate-peer');
    await startPool(page, { name: 'bob', room });
    expect(await secretOf(page)).toBe(secret);
    expect(await first.evaluate((alice) => [...alice.clients])).toEqual(['bob']);
    await page.reload();
    await startPool(page, { name: 'bob', room });
    await startPool(page, { name: 'alice', room });
    expect(await secretOf(page)).toBe(secret);
  });
});

/** Ends the page's process, as the system does that runs out of memory. What is left is a tab that can be loaded again, by this. */
async function crash(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.enable');
  const crashed = page.waitForEvent('crash');
  // What answers is the next page of the tab, if there is one: that its target crashed.
  session.send('Page.crash').catch(String);
  await crashed;
  return session;
}

test('the name of a page that was killed is its own when it is loaded again, at once', async ({ context }) => {
  const room = freshRoom();
  const [alice, bob] = await Promise.all([open(context), open(context)]);
  await startPool(alice, { name: 'alice', room });
  await startPool(bob, { name: 'bob', room });
  const session = await crash(alice);
  const loaded = new Promise((resolve) => session.once('Page.loadEventFired', resolve));
  await session.send('Page.reload');
  await loaded;
  await startPoolBy(session, { name: 'alice', room });
  await hears(bob, 'join alice', 'leave alice killed', 'restart alice 0');
});

test('the name of a page that was killed is kept from a new tab for 10 s at most', async ({ context }) => {
  const room = freshRoom();
  const alice = await open(context);
  await startPool(alice, { name: 'alice', room });
  await crash(alice);
  const killed = performance.now();
  const tab = await open(context);
  await expect(startPool(tab, { name: 'alice', room })).rejects.toThrow(/kept for another \d+ s/);
  await expect(async () => startPool(tab, { name: 'alice', room })).toPass({ intervals: [250], timeout: 20_000 });
  const waited = performance.now() - killed;
  // The next try comes within a quarter of a second and the time that it takes.
  expect(waited).toBeGreaterThan(9000);
  expect(waited).toBeLessThan(15_000);
});

/** Stops everything in the page, as a debugger or a long computation does, until the returned function is called. */
async function suspend(page: Page): Promise<() => void> {
  let resume = (): void => {};
  const resumed = new Promise<void>((resolve) => (resume = resolve));
  const asked = page.waitForRequest('**/suspended');
  await page.route('**/suspended', async (route) => {
    await resumed;
    await route.fulfill({ body: '' });
  });
  await page.evaluate(() => {
    setTimeout(() => {
      const request = new XMLHttpRequest();
      request.open('GET', '/suspended', false);
      request.send();
    });
  });
  await asked;
  return resume;
}

test('a pool whose name went to its own tab while its page did not answer is stopped, replaced', async ({
  context,
  baseURL,
}) => {
  const room = freshRoom();
  // Without locks a page that does not answer can't say that its secret is held, and a copy takes it.
  const url = new URL(MODULE, baseURL?.replace('127.0.0.1', HOST)).href;
  const [alice, copy, bob] = await Promise.all([open(context, url), open(context, url), open(context, url)]);
  await startPool(alice, { name: 'alice', room });
  await startPool(bob, { name: 'bob', room });
  const secret = (await secretOf(alice)) ?? '';
  await copy.evaluate(([key, value]) => sessionStorage.setItem(key, value), [SECRET, secret] as const);
  const resume = await suspend(alice);
  await startPool(copy, { name: 'alice', room });
  expect(await secretOf(copy)).toBe(secret);
  resume();
  const ended = await alice.evaluate(async () => {
    const error = await pool.closed;
    return [pool.state, error?.code, error?.reason];
  });
  expect(ended).toEqual(['stopped', 'duplicate-peer', 'replaced']);
  await hears(bob, 'join alice', 'leave alice killed', 'restart alice 0');
  expect(await heard(copy)).toEqual(['join bob']);
});
