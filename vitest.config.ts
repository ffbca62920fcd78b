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
          exclude: ['e2e/package.test.ts'],
          // Nothing is timed; what hangs ends here, and a busy machine has room.
          testTimeout: 20_000,
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
