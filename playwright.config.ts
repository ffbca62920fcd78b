import { defineConfig, type Project } from 'playwright/test';
import { reportPath } from './.ci/report.mjs';
import { launchOptions, rememberedBrowser } from './e2e/browser.mjs';

const report = reportPath();

/** How often the tests of races run: twenty times in a row, unless there is a clock to be kept to. */
const repeats = Number(process.env['PEERPOOL_REPEATS'] ?? 20);

/** Four ways through the same specs; each npm script names those it runs. */
const projects: Project[] = [
  { name: 'once', grepInvert: /@long|@servers/ },
  // One party per tab is where the races are.
  { name: 'each', grep: /@each/, repeatEach: repeats },
  { name: 'long', grep: /@long/ },
  // They need a Redis or a coturn.
  { name: 'servers', grep: /@servers/ },
];

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  // What readers of the documents would write.
  testIgnore: '.documents/**',
  outputDir: 'test-results',
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 60_000,
  // What an assertion waits for is done by pages that share two cores with everything else.
  expect: { timeout: 20_000 },
  reporter: report === undefined ? [['list']] : [['list'], ['json', { outputFile: report }]],
  // The demo's development server on a free port; what it prints of its address becomes the `baseURL` of every page.
  webServer: {
    command: 'node node_modules/vite/bin/vite.js --port 0 --clearScreen false',
    env: { PEERPOOL_HOST: '127.0.0.1' },
    wait: { stdout: /(?<peerpool_url>http:\/\/127\.0\.0\.1:\d+)\// },
    timeout: 60_000,
    stderr: 'pipe',
  },
  // Without traces, which take a third of the time: what a failure says is in its error, and `--trace retain-on-failure` is there for whoever wants to look.
  use: {
    baseURL: process.env['PEERPOOL_URL'],
    launchOptions: launchOptions(rememberedBrowser()),
  },
  projects,
});
