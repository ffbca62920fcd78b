import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base } from 'playwright/test';
import { build, preview } from 'vite';

const configFile = fileURLToPath(new URL('../vite.config.ts', import.meta.url));

interface WorkerFixtures {
  /** The address of the demo as `npm run preview` would show it, with a signaling server that other workers don't miss. */
  readonly builtDemo: string;
}

/** A test of the demo's pages, as they are built: a page of a few files is there at once, where the development server hands out some 250 to each tab. */
export const test = base.extend<object, WorkerFixtures>({
  builtDemo: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture needs out of it.
    async ({}, use) => {
      const outDir = await mkdtemp(path.join(tmpdir(), 'peerpool-demo-'));
      const inline = { configFile, logLevel: 'error', build: { outDir, emptyOutDir: true } } as const;
      try {
        await build(inline);
        const address = { host: '127.0.0.1', port: 0, allowedHosts: ['peerpool.test'] };
        const server = await preview({ ...inline, preview: address });
        try {
          await use((server.resolvedUrls?.local[0] ?? '').replace(/\/$/, ''));
        } finally {
          await server.close();
        }
      } finally {
        await rm(outDir, { recursive: true, force: true });
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  baseURL: async ({ builtDemo }, use) => {
    await use(builtDemo);
  },
});
