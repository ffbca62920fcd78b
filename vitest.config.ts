import { defineConfig } from 'vitest/config';
import { reportPath } from './.ci/report.mjs';

const report = reportPath();

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['{shared,signaling-server,client/src,e2e,.ci}/**/*.test.ts'],
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
