import { expect, test } from 'playwright/test';
import { type InstalledApp, installedApp } from './packed.ts';

test.describe('an app that installed the tarball', () => {
  // One installation serves every case.
  test.describe.configure({ mode: 'serial', timeout: 240_000 });

  let app: InstalledApp;
  test.beforeAll(async () => {
    app = await installedApp();
    await app.node('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn');
  });
  test.afterAll(() => app?.remove());

  for (const command of ['dev', 'preview']) {
    test(`exchanges values in a browser, served by vite ${command}`, async ({ page }) => {
      const served = await app.start('node_modules/vite/bin/vite.js', command, '--host', '127.0.0.1', '--port', '0');
      try {
        const complaints: string[] = [];
        page.on('pageerror', (error) => complaints.push(String(error)));
        page.on('console', (message) => {
          if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
        });
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
});
