import { test as base } from 'playwright/test';
import { publish } from '../tables.ts';
import type { Attack } from './attack.ts';
import { HostileServer } from './hostile-server.ts';
import { dropped, type Party } from './party.ts';

type Row = Readonly<Record<string, string | number>>;

interface Stage {
  /** Starts a server that ends with the test. */
  readonly hostile: (attack?: Attack) => Promise<HostileServer>;
  /** Writes down what the test saw the server do, and what came of it, in a few words. */
  readonly note: (server: HostileServer, witnesses: readonly Party[], result: string) => Promise<void>;
}

export const test = base.extend<Stage, { table: Row[] }>({
  table: [
    // Playwright reads from the first argument what a fixture needs: nothing.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const rows: Row[] = [];
      await use(rows);
      if (rows.length > 0) publish('What a hostile signaling server did, in signals', rows);
    },
    { scope: 'worker' },
  ],
  // oxlint-disable-next-line no-empty-pattern
  hostile: async ({}, use) => {
    const servers: HostileServer[] = [];
    await use(async (attack) => {
      const server = await HostileServer.start(attack);
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.close()));
  },
  note: async ({ table }, use, { titlePath }) => {
    await use(async ({ counts }, witnesses, result) => {
      const told = await Promise.all(witnesses.map(dropped));
      table.push({
        test: titlePath.slice(-2).join(': '),
        ...counts,
        'dropped, as told': told.reduce((sum, count) => sum + count, 0),
        result,
      });
    });
  },
});
