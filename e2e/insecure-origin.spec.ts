import { expect, test as base } from 'playwright/test';
import { watchDepartures } from './departure.ts';
import type * as Library from '../client/src/index.ts';
import { projectTabs } from './project-tabs.ts';
import { MODULE } from './sources.ts';

/** A name that resolves nowhere else; the development server knows it. */
const HOST = 'peerpool.test';

/** As a phone on the local network sees the page: over http and a name, which is no secure context. */
const test = base.extend({
  baseURL: async ({ baseURL }, use) => {
    await use(baseURL?.replace('127.0.0.1', HOST));
  },
  launchOptions: [
    async ({ launchOptions }, use) => {
      const mapped = [...(launchOptions.args ?? []), `--host-resolver-rules=MAP ${HOST} 127.0.0.1`];
      await use({ ...launchOptions, args: mapped });
    },
    { scope: 'worker' },
  ],
});

for (const communicator of ['webrtc', 'broadcast-channel'] as const) {
  test(`an insecure origin exchanges values over ${communicator}`, { tag: '@each' }, async ({ context }) => {
    // Nobody can tell whether another is in this browser, so nobody is reached otherwise for it.
    const [alice, bob] = await projectTabs(context, ['alice', 'bob'], { communicator, local: true });
    const kind = await alice.evaluate((pool) => pool.stats().peers.get('bob')?.link?.kind);
    expect(kind).toBe(communicator === 'webrtc' ? 'direct' : 'broadcast-channel');
    const missing = await alice.page.evaluate(() => ({
      host: location.hostname,
      secure: isSecureContext,
      randomUUID: 'randomUUID' in crypto,
      subtle: 'subtle' in crypto,
      locks: 'locks' in navigator,
    }));
    expect(missing).toEqual({ host: HOST, secure: false, randomUUID: false, subtle: false, locks: false });
    const answered = bob.evaluate(async (pool) => pool.send('alice', await pool.recv('alice')));
    expect(
      await alice.evaluate(async (pool) => {
        await pool.send('bob', { share: 17n });
        return await pool.recv('bob', { timeout: 20_000 });
      }),
    ).toEqual({ share: 17n });
    await answered;
    await bob.evaluate(watchDepartures);
    await alice.close();
    expect(await bob.page.evaluate(() => globalThis.departure)).toBe('alice goodbye');
  });
}

test('an insecure origin is refused a secret, an identity and the key of a peer, in a sentence', async ({ page }) => {
  await page.goto(MODULE);
  const said = await page.evaluate(async (module) => {
    const { createIdentity, generateSecret, Pool, WebRTCCommunicator } = (await import(module)) as typeof Library;
    const sentence = (asked: () => unknown): Promise<string> =>
      Promise.resolve()
        .then(asked)
        .then(
          () => 'it was not refused',
          (error: Error) => error.message,
        );
    const sealed = new WebRTCCommunicator({ room: 'sums', secret: generateSecret() });
    const pool = new Pool('alice', new WebRTCCommunicator({ room: 'sums' }));
    return [
      await sentence(() => new Pool('alice', sealed).initialize()),
      await sentence(() => createIdentity()),
      await sentence(() => pool.addClient('bob', { publicKey: `B${'A'.repeat(86)}` })),
    ];
  }, MODULE);
  const why = 'needs WebCrypto, which a page has over https and on localhost only';
  expect(said).toEqual([
    `unsupported: a secret ${why}`,
    `unsupported: an identity ${why}`,
    `unsupported: a publicKey ${why}`,
  ]);
});
