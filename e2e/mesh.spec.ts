import { expect, test } from 'playwright/test';
import { watchDepartures } from './departure.ts';
import { projectTabs } from './project-tabs.ts';
import type { Tab } from './tabs.ts';

const clients = (tab: Tab): Promise<string[]> => tab.evaluate((pool) => [...pool.clients].sort());

for (const communicator of ['webrtc', 'broadcast-channel'] as const) {
  test.describe(`tabs over ${communicator}`, { tag: '@each' }, () => {
    for (const count of [3, 8]) {
      test(`${count} tabs that join in the same instant form a full mesh`, async ({ context }) => {
        const mesh: readonly Tab[] = await projectTabs(context, count, { communicator });
        const sums = await Promise.all(
          mesh.map((tab, index) =>
            tab.evaluate(async (pool, share) => {
              const [shares] = await Promise.all([
                pool.recvAll<number>({ msgId: 'share', timeout: 20_000 }),
                pool.broadcast(share, 'share'),
              ]);
              return [...shares.values()].reduce((sum, other) => sum + other, share);
            }, 2 ** index),
          ),
        );
        expect(sums).toEqual(mesh.map(() => 2 ** count - 1));
      });
    }

    test('M2 five that join in the same instant converge', async ({ context }) => {
      const names = ['alice', 'bob', 'carol', 'dave', 'erin'];
      const five: readonly Tab[] = await projectTabs(context, names, { communicator });
      for (const tab of five) expect(await clients(tab)).toEqual(names.filter((name) => name !== tab.name));
    });

    test('M1 a late joiner gets the whole mesh', async ({ context }) => {
      const mesh = await projectTabs(context, ['alice', 'bob', 'carol'], { communicator });
      const late = await mesh.open('dave');
      expect(await clients(late)).toEqual(['alice', 'bob', 'carol']);
      await late.evaluate((pool) => pool.broadcast('hello'));
      for (const tab of mesh) {
        await tab.evaluate((pool) => pool.waitFor('dave'));
        expect(await tab.evaluate((pool) => pool.recv('dave'))).toBe('hello');
      }
    });

    test('a tab that is closed says goodbye', async ({ context }) => {
      const [alice, bob, carol] = await projectTabs(context, ['alice', 'bob', 'carol'], { communicator });
      const witnesses = [alice, bob];
      await Promise.all(witnesses.map((tab) => tab.evaluate(watchDepartures)));
      await carol.close();
      const departures = Promise.all(witnesses.map((tab) => tab.page.evaluate(() => globalThis.departure)));
      expect(await departures).toEqual(['carol goodbye', 'carol goodbye']);
      expect(await clients(alice)).toEqual(['bob']);
    });

    test('A4, A5 a name that is taken is refused, and free again when its tab is closed', async ({ context }) => {
      const mesh = await projectTabs(context, ['alice', 'bob'], { communicator });
      await expect(mesh.open('alice')).rejects.toThrow('duplicate-peer');
      await mesh[0].close();
      await mesh[1].evaluate(async (pool) => {
        if (!pool.clients.has('alice')) return;
        for await (const event of pool.members()) if (event.type === 'leave') return;
      });
      const again = await mesh.open('alice');
      expect(await clients(again)).toEqual(['bob']);
    });
  });
}

test('64 MiB arrive as they were sent', async ({ context }) => {
  const [alice, bob] = await projectTabs(context, ['alice', 'bob']);
  const received = bob.evaluate(async (pool) => {
    const words = await pool.recv<Uint32Array>('alice', { timeout: 50_000 });
    let wrong = 0;
    for (let index = 0; index < words.length; index++)
      if (words[index] !== Math.imul(index, 2_654_435_761) >>> 0) wrong++;
    return { bytes: words.byteLength, wrong };
  });
  await alice.evaluate((pool) => {
    const words = new Uint32Array(16 * 2 ** 20);
    for (let index = 0; index < words.length; index++) words[index] = Math.imul(index, 2_654_435_761);
    return pool.send('bob', words);
  });
  expect(await received).toEqual({ bytes: 64 * 2 ** 20, wrong: 0 });
});
