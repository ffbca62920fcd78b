import { expect, type Page, test } from 'playwright/test';
import type { Pool } from '../client/src/index.ts';
import { type InstalledApp, installedApp } from './packed.ts';

test.describe('an app that installed the tarball', () => {
  // One installation serves every case.
  test.describe.configure({ mode: 'serial', timeout: 240_000 });

  let app: InstalledApp;
  test.beforeAll(async () => {
    test.setTimeout(240_000);
    app = await installedApp();
    await app.node('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn');
  });
  test.afterAll(() => app?.remove());

  for (const command of ['dev', 'preview']) {
    test(`exchanges values in a browser, served by vite ${command}`, async ({ page }) => {
      const served = await app.start('node_modules/vite/bin/vite.js', command, '--host', '127.0.0.1', '--port', '0');
      try {
        const complaints = complaintsOf(page);
        await page.goto(served.url);
        await page.waitForFunction(() => 'exchanges' in globalThis);
        for (const way of ['broadcastChannel', 'webRTC'] as const) {
          const received = await page.evaluate((name) => globalThis.exchanges[name](), way);
          expect(received, way).toEqual({ share: 2n ** 64n, rows: new Float32Array([1.5, -0]), when: new Date(0) });
        }
        expect(complaints).toEqual([]);
      } finally {
        await served.stop();
      }
    });
  }

  for (const command of ['dev', 'preview']) {
    test(`has React components that meet in two tabs, served by vite ${command}`, async ({ context }) => {
      const served = await app.start('node_modules/vite/bin/vite.js', command, '--host', '127.0.0.1', '--port', '0');
      try {
        const [alice, bob] = [await context.newPage(), await context.newPage()];
        const complaints = [complaintsOf(alice), complaintsOf(bob)];
        await alice.goto(`${served.url}react.html?name=alice`);
        await bob.goto(`${served.url}react.html?name=bob`);
        await expect(alice.getByRole('status')).toHaveText('ready');
        await expect(alice.getByRole('listitem')).toHaveText('bob: connected direct');
        await expect(bob.getByRole('listitem')).toHaveText('alice: connected direct');
        await alice.getByRole('button', { name: 'Say' }).click();
        await alice.getByRole('button', { name: 'Say' }).click();
        await expect(bob.locator('pre')).toHaveText('alice says alice 1\nalice says alice 2');

        // Another component takes the name as soon as the first has left.
        await alice.getByRole('button', { name: 'Come anew' }).click();
        await expect(alice.getByRole('status')).toHaveText('ready');
        await expect(alice.getByRole('listitem')).toHaveText('bob: connected direct');
        await alice.getByRole('button', { name: 'Say' }).click();
        await expect(bob.locator('pre')).toHaveText(/alice says alice 2\nalice says alice 1$/);

        await alice.getByRole('button', { name: 'Leave' }).click();
        await expect(bob.getByRole('listitem')).toHaveCount(0);
        expect(complaints).toEqual([[], []]);
      } finally {
        await served.stop();
      }
    });
  }

  test('exchanges values without a bundler, by one file, where a policy forbids to compile code', async ({
    context,
  }) => {
    const served = await app.start('static.mjs');
    try {
      const [alice, bob] = [await context.newPage(), await context.newPage()];
      const complaints = [complaintsOf(alice), complaintsOf(bob)];
      const requested: string[] = [];
      alice.on('request', (request) => requested.push(new URL(request.url()).pathname));
      await alice.goto(`${served.url}#alice`);
      await bob.goto(`${served.url}#bob`);
      const sent = alice.evaluate(async () => {
        const { pool } = globalThis as unknown as { pool: Pool };
        await pool.waitFor('bob', { timeout: 30_000 });
        await pool.send('bob', { share: 2n ** 64n, when: new Date(0) });
        return pool.stats().peers.get('bob')?.link?.kind;
      });
      const received = await bob.evaluate(async () => {
        const { pool } = globalThis as unknown as { pool: Pool };
        await pool.waitFor('alice', { timeout: 30_000 });
        return await pool.recv('alice', { timeout: 30_000 });
      });
      expect(await sent).toBe('direct');
      expect(received).toEqual({ share: 2n ** 64n, when: new Date(0) });
      expect(complaints).toEqual([[], []]);
      expect(requested.filter((path) => !path.startsWith('/peerpool/'))).toEqual([
        '/',
        '/static/page.js',
        '/peerpool.js',
      ]);
    } finally {
      await served.stop();
    }
  });
});

/** What a page says to whoever looks at its console. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
  });
  return complaints;
}
