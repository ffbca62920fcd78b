import { defineConfig } from 'vitest/config';
import { reportPath } from './.ci/report.mjs';

const report = reportPath();

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    allowOnly: false,
    projects: [
      {
        // The demo imports the library as its users do, and gets the sources instead of what the last build left.
        resolve: {
          alias: [{ find: /^peerpool$/, replacement: new URL('client/src/index.ts', import.meta.url).pathname }],
        },
        test: {
          name: 'unit',
          environment: 'node',
          include: ['{shared,signaling-server,client,e2e,.ci}/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'e2e/.documents/**', 'e2e/package.test.ts', '**/*.servers.test.ts'],
          // Nothing is timed; what hangs ends here, and a busy machine has room.
          testTimeout: 20_000,
        },
      },
      {
        // With a real Redis and a real coturn, each on a port of its own.
        test: {
          name: 'servers',
          environment: 'node',
          include: ['signaling-server/**/*.servers.test.ts'],
          // Leases run out by the clock of Redis.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'package',
          environment: 'node',
          include: ['e2e/package.test.ts'],
          // An installation and three builds of an app.
          testTimeout: 120_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
