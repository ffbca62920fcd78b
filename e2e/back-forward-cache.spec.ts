import { chromium, expect, test } from 'playwright/test';
import { launchOptions, rememberedBrowser } from './browser.mjs';
import { projectTabs } from './project-tabs.ts';

const links = { direct: 'over WebRTC', 'broadcast-channel': 'within one browser' } as const;

for (const [kind, way] of Object.entries(links))
  test(`a page that comes back from the back/forward cache is in the pool again, as a new instance with its mailbox, ${way}`, async ({
    baseURL,
  }) => {
    // Playwright keeps pages out of the cache, so this browser is started without that.
    const browser = await chromium.launch({
      ...launchOptions(rememberedBrowser()),
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
    try {
      const context = await browser.newContext({ ...(baseURL !== undefined && { baseURL }) });
      const local = kind === 'broadcast-channel';
      const [alice, bob] = await projectTabs(context, ['alice', 'bob'], { local });
      await bob.evaluate((pool) => {
        const heard: string[] = [];
        pool.on('leave', ({ name, reason }) => heard.push(`leave ${name} ${reason}`));
        pool.on('restart', ({ name }) => heard.push(`restart ${name}`));
        Object.assign(globalThis, { heard });
      });
      await bob.evaluate((pool) => pool.send('alice', 'unread', 'x'));
      const first = await alice.evaluate((pool) => {
        Object.assign(globalThis, { pool });
        addEventListener('pageshow', ({ persisted }) => Object.assign(globalThis, { persisted }));
        return pool.instance;
      });
      await alice.page.goto('about:blank');
      await expect.poll(() => bob.page.evaluate('heard')).toEqual(['leave alice goodbye']);
      // Nothing is loaded.
      await alice.page.goBack({ waitUntil: 'commit' });
      await expect.poll(() => alice.page.evaluate('persisted')).toBe(true);
      await bob.evaluate((pool) => pool.waitFor('alice'));
      expect(await bob.page.evaluate('heard')).toEqual(['leave alice goodbye', 'restart alice']);
      // What Playwright knew of the page ended with it.
      const [state, instance] = await alice.page.evaluate<[string, string]>('[pool.state, pool.instance]');
      expect(state).toBe('started');
      expect(instance).not.toBe(first);
      expect(await alice.page.evaluate("pool.recv('bob', 'x')")).toBe('unread');
      const answer = alice.page.evaluate("pool.recv('bob')");
      await bob.evaluate((pool) => pool.send('alice', 'again'));
      expect(await answer).toBe('again');
      expect(await bob.evaluate((pool) => pool.stats().peers.get('alice')?.link?.kind)).toBe(kind);
    } finally {
      await browser.close();
    }
  });
