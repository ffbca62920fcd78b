import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { createServer, type ViteDevServer } from 'vite';
import { launchOptions, rememberedBrowser } from './browser.mjs';
import { freePort, type ReadingRoom, readingRoom } from './reader.ts';

/** What the guides show of tabs, done as a reader would do it. */
test.describe('the guides', () => {
  // One build of the package serves all.
  test.describe.configure({ mode: 'serial', timeout: 120_000 });

  let room: ReadingRoom;
  test.beforeAll(async () => {
    room = await readingRoom();
  });
  test.afterAll(() => room?.close());

  test('getting started: two tabs of the app talk to each other', async ({ context }) => {
    const { folder } = await room.reader('getting-started');
    await served(folder, async (url) => {
      const [one, other] = await Promise.all([context.newPage(), context.newPage()]);
      const complaints: string[] = [];
      for (const page of [one, other]) page.on('pageerror', (error) => complaints.push(String(error)));
      await one.goto(url);
      await expect(one.getByText('you are guest-')).toBeVisible();
      await other.goto(url);
      await expect(one.getByText(/^guest-\w+ is here$/)).toBeVisible();
      await expect(other.getByText(/^guest-\w+ is here$/)).toBeVisible();

      await one.getByRole('textbox', { name: 'Message' }).fill('good morning');
      await one.getByRole('button', { name: 'Send' }).click();
      await expect(one.getByText('you: good morning')).toBeVisible();
      await expect(other.getByText(/^guest-\w+: good morning$/)).toBeVisible();

      await one.close();
      await expect(other.getByText(/^guest-\w+ left \(goodbye\)$/)).toBeVisible();
      expect(complaints).toEqual([]);
    });
  });

  test('testing: the tests with tabs pass, by the configuration that the guide shows', async () => {
    const reader = await room.reader('testing');
    // A reader's Playwright brings its browser; here it is the one that is there.
    await writeFile(
      path.join(reader.folder, 'here.config.ts'),
      `import config from './playwright.config.ts';
       export default { ...config, workers: 1, use: { ...config.use, launchOptions: ${JSON.stringify(launchOptions(rememberedBrowser()))} } };`,
    );
    const port = String(await freePort());
    const said = await reader.runs('playwright', ['test', '--config', 'here.config.ts', '--reporter=list'], {
      PORT: port,
    });
    expect(said).toContain('3 passed');
  });
});

async function served(root: string, visit: (url: string) => Promise<void>): Promise<void> {
  // The guide's own configuration; the address is the test's business.
  const server: ViteDevServer = await createServer({
    root,
    configFile: path.join(root, 'vite.config.ts'),
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0 },
  });
  try {
    await server.listen();
    const [url] = server.resolvedUrls?.local ?? [];
    if (url === undefined) throw new Error('Vite has no address');
    await visit(url);
  } finally {
    await server.close();
  }
}
