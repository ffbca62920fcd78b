import { type CDPSession, expect, type Page, test } from 'playwright/test';
import { setHead } from './inspector-setup.ts';
import type * as InspectorPage from './inspector-page.ts';
import { median } from './tables.ts';

const INSPECTOR_PAGE = `/@fs${new URL('inspector-page.ts', import.meta.url).pathname}`;

const PEERS = 10;
/** What an open inspector may take, in parts of one. */
const MOST = 0.02;
/** Of each state, taken in turns, so that what the machine does meanwhile falls on both. */
const WINDOWS = 9;
/** Milliseconds: some looks, and the pings between them. */
const WINDOW = 2000;

/** What the main thread of a page computes, in parts of one, by the clock of its own processor time: what other processes do does not count. */
async function load(page: Page, session: CDPSession): Promise<number> {
  const look = async (): Promise<readonly [number, number]> => {
    const { metrics } = await session.send('Performance.getMetrics');
    const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
    return [of('TaskDuration'), performance.now() / 1000];
  };
  const [busy, begin] = await look();
  await page.waitForTimeout(WINDOW);
  const [busyThen, end] = await look();
  return (busyThen - busy) / (end - begin);
}

test('an open inspector takes less than 2 % of the main thread at 10 peers, a closed one nothing to be seen', async ({
  page,
  context,
}) => {
  test.setTimeout(180_000);
  await page.goto(INSPECTOR_PAGE);
  await setHead(page);
  await page.evaluate(
    async ({ module, count }) => {
      const { setStage } = (await import(module)) as typeof InspectorPage;
      globalThis.stage = await setStage(count, { share: true }, count - 1);
      stage.traffic(10);
    },
    { module: INSPECTOR_PAGE, count: PEERS + 1 },
  );
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });

  const open: number[] = [];
  const closed: number[] = [];
  /** Opened, drawn for the first time and filled: what comes then is what it costs. */
  const set = async (on: boolean): Promise<void> => {
    await page.evaluate((on) => void (stage.inspector.open = on), on);
    if (!on) return;
    await expect(page.getByRole('figure', { name: 'Throughput' }).locator('canvas')).toHaveCount(1);
    await expect(page.getByRole('list', { name: 'Links' }).getByRole('listitem')).toHaveCount(
      (PEERS * (PEERS + 1)) / 2,
    );
  };
  // Once, for the code that is loaded and compiled.
  await set(true);
  const costs: number[] = [];
  while (costs.length < WINDOWS) {
    await set(false);
    const before = await load(page, session);
    await set(true);
    const after = await load(page, session);
    closed.push(before);
    open.push(after);
    costs.push(after - before);
  }
  await page.evaluate(() => stage.inspector.remove());
  const without = [await load(page, session), await load(page, session)];

  const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;
  const said = [
    `open ${percent(median(open))}, closed ${percent(median(closed))}, without ${percent(median(without))}`,
    `the inspector: ${percent(median(costs))} (${costs.map(percent).join(', ')})`,
  ];
  test.info().annotations.push({ type: 'main thread', description: said.join('; ') });
  process.stdout.write(`${said.join('\n')}\n`);
  expect(median(costs)).toBeLessThan(MOST);
});
