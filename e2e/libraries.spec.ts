import { expect, test } from 'playwright/test';
import type * as Peerpool from '../client/src/index.ts';
import { MODULE } from './sources.ts';

/** Joins and leaves: the state that was reached, or what was said instead. */
async function join(module: string): Promise<string> {
  const { Pool, WebRTCCommunicator } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
  const pool = new Pool('alice', new WebRTCCommunicator({ room: 'libraries' }));
  try {
    await pool.initialize();
    return pool.state;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await pool.shutdown();
  }
}

for (const library of ['simplepeer', 'socket__io-client']) {
  test(`a page that can't load ${library} is told so when it joins`, async ({ context }) => {
    await context.route(new RegExp(library), (route) => route.abort());
    const page = await context.newPage();
    const thrown: Error[] = [];
    page.on('pageerror', (error) => thrown.push(error));
    await page.goto(MODULE);
    expect(await page.evaluate(join, MODULE)).toMatch(
      /^unreachable: simple-peer and socket\.io-client could not be loaded/,
    );
    expect(thrown).toEqual([]);
  });
}

test('a page has the libraries before it joins, and one that was without network joins when it is back', async ({
  context,
}) => {
  let lost = true;
  await context.route(/simplepeer/, (route) => (lost ? route.abort() : route.continue()));
  const page = await context.newPage();
  await page.goto(MODULE);
  expect(await page.evaluate(join, MODULE)).toMatch(/^unreachable/);
  lost = false;
  const loaded = page.waitForResponse(/simplepeer/);
  await page.reload();
  await page.evaluate((module) => import(/* @vite-ignore */ module).then(() => {}), MODULE);
  await loaded;
  expect(await page.evaluate(join, MODULE)).toBe('started');
});
