import { readFile } from 'node:fs/promises';
import { type CDPSession, expect, type Locator, type Page, test } from 'playwright/test';
import type * as Inspector from '../client/inspector/index.ts';
import type { InspectOptions, InspectorSnapshot, PeerpoolInspector } from '../client/inspector/index.ts';
import type * as Peerpool from '../client/src/index.ts';
import { setHead } from './inspector-setup.ts';
import type * as InspectorPage from './inspector-page.ts';
import type { Stage } from './inspector-page.ts';
import { tabs } from './tabs.ts';
import { MODULE } from './sources.ts';

const INSPECTOR_PAGE = `/@fs${new URL('inspector-page.ts', import.meta.url).pathname}`;
const INSPECTOR = `/@fs${new URL('../client/inspector/index.ts', import.meta.url).pathname}`;

declare global {
  var stage: Stage;
  var inspector: PeerpoolInspector;
  var taps: string[];
}

const panel = (page: Page): Locator => page.getByRole('region', { name: 'peerpool inspector' });
const row = (page: Page, name: string): Locator => panel(page).getByRole('row', { name });
const tab = (page: Page, name: string): Locator => panel(page).getByRole('tab', { name });

/** A page of text, a button and some pools, the first of which is inspected. */
async function stageOf(page: Page, count: number, options: InspectOptions = {}, sharing = 0): Promise<void> {
  await page.goto(INSPECTOR_PAGE);
  await setHead(page);
  await page.evaluate(
    async ({ module, count, options, sharing }) => {
      const { setStage } = (await import(module)) as typeof InspectorPage;
      globalThis.stage = await setStage(count, options, sharing);
    },
    { module: INSPECTOR_PAGE, count, options, sharing },
  );
}

test.describe('the inspector', () => {
  const complaints: string[] = [];
  test.beforeEach(({ page }) => {
    complaints.length = 0;
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  test.afterEach(() => expect(complaints).toEqual([]));

  test('shows who is there, how each is reached, and what flows', async ({ page }) => {
    await stageOf(page, 4, { open: true });
    await expect(panel(page).getByRole('heading', { name: 'alice' })).toBeVisible();
    await expect(panel(page).getByRole('img', { name: 'Mesh of alice: 3 of 3 peers connected.' })).toBeVisible();
    for (const name of ['bob', 'carol', 'dave']) {
      await expect(row(page, name)).toContainText(/connected.*same process.*[\d.]+ ms/);
      await expect(panel(page).getByRole('list', { name: 'Links' })).toContainText(
        new RegExp(`${name}: connected, same process, [\\d.]+ ms`),
      );
    }
    await page.evaluate(() => void stage.traffic(20));
    await expect(row(page, 'bob')).toContainText(/[\d.]+ k?B\/s/);

    // The figures of one of them as curves; the words above say what the canvas shows.
    await row(page, 'bob').getByRole('button', { name: 'bob' }).click();
    const plots = panel(page).getByRole('region', { name: 'Plots' });
    await expect(plots.getByRole('heading')).toContainText('bob');
    await expect(plots.locator('canvas')).toHaveCount(2);
    await expect(plots.getByRole('figure', { name: 'Throughput' })).toContainText(
      /Sent [\d.]+ k?B\/s\s*Received [\d.]+ k?B\/s/,
    );
    await plots.getByRole('button', { name: 'Show all' }).click();
    await expect(plots.getByRole('heading')).toContainText('All peers');

    // By message id, and sorted as one likes.
    await tab(page, 'Messages').click();
    await expect(row(page, 'message cursor')).toContainText(/cursor\s*\d+.*B/);
    await panel(page).getByRole('button', { name: 'Message id' }).click();
    await expect(panel(page).getByRole('columnheader', { name: 'Message id' })).toHaveAttribute(
      'aria-sort',
      'ascending',
    );
    const ids = panel(page).getByRole('tabpanel').locator('tbody td:nth-child(2)');
    await expect(ids).toHaveText(['chat', 'cursor', 'presence', 'round-1']);
  });

  test('keeps a log that is filtered, paused and cleared, and says who comes and goes', async ({ page }) => {
    await stageOf(page, 3, { open: true });
    await tab(page, 'Events').click();
    const entries = panel(page).getByRole('tabpanel').locator('tbody tr');
    await expect(entries.filter({ hasText: 'join' })).toHaveCount(2);
    for (const kind of ['link', 'state', 'restart', 'error'])
      await panel(page).getByRole('checkbox', { name: kind, exact: true }).uncheck();
    await expect(entries).toHaveCount(2);
    await panel(page).getByRole('combobox', { name: 'Events of' }).selectOption('bob');
    await expect(entries).toHaveCount(1);
    await panel(page).getByRole('combobox', { name: 'Events of' }).selectOption('everybody');

    await panel(page).getByRole('button', { name: 'Pause' }).click();
    await page.evaluate(() => stage.others[0]?.shutdown());
    await expect(panel(page).getByRole('status')).toHaveText('bob left, goodbye');
    await expect(panel(page).getByText('2 of', { exact: false })).toContainText('more since');
    await expect(entries).toHaveCount(2);
    await panel(page).getByRole('button', { name: 'Pause' }).click();
    await expect(entries.first()).toContainText('leave');
    await expect(entries.first()).toContainText('goodbye');

    const filter = panel(page).getByRole('searchbox', { name: 'Filter by words' });
    await filter.fill('LEAVE bob');
    await expect(entries).toHaveCount(1);
    await filter.fill('nothing like that');
    await expect(panel(page).getByText('Nothing that the filter lets through.')).toBeVisible();
    // The first Escape empties the field, the second one closes.
    await filter.press('Escape');
    await expect(filter).toHaveValue('');
    await expect(entries).toHaveCount(3);

    // What was chosen outlives a close.
    await filter.press('Escape');
    await expect(panel(page)).toHaveCount(0);
    await page.evaluate(() => stage.join('mallory'));
    await page.evaluate(() => void (stage.inspector.open = true));
    await expect(entries).toHaveCount(4);
    await expect(panel(page).getByRole('checkbox', { name: 'link', exact: true })).not.toBeChecked();
    await panel(page).getByRole('button', { name: 'Clear' }).click();
    await expect(entries).toHaveCount(0);
  });

  test('works by keyboard alone, and gives the focus back', async ({ page }) => {
    await stageOf(page, 3);
    await expect(panel(page)).toHaveCount(0);
    await page.getByRole('button', { name: 'A button' }).focus();
    await page.keyboard.press('Alt+i');
    await expect(tab(page, 'Peers')).toBeFocused();
    await page.keyboard.press('ArrowRight');
    await expect(tab(page, 'Messages')).toBeFocused();
    await expect(tab(page, 'Messages')).toHaveAttribute('aria-selected', 'true');
    await expect(panel(page).getByRole('tabpanel', { name: 'Messages' })).toBeVisible();
    await page.keyboard.press('End');
    await expect(tab(page, 'Events')).toBeFocused();
    await page.keyboard.press('ArrowRight');
    await expect(tab(page, 'Peers')).toBeFocused();

    // The tabs are one stop; behind them the table, then the first peer.
    await page.keyboard.press('Tab');
    await expect(panel(page).getByRole('group', { name: 'Peers' })).toBeFocused();
    await page.keyboard.press('Tab');
    const bob = row(page, 'bob').getByRole('button', { name: 'bob' });
    await expect(bob).toBeFocused();
    expect(await bob.evaluate((focused) => getComputedStyle(focused).outlineStyle)).toBe('solid');
    await page.keyboard.press('Space');
    await expect(bob).toHaveAttribute('aria-pressed', 'true');

    // Every stop within it can be reached, from first to last.
    const stops: string[] = [];
    await panel(page).getByRole('separator', { name: 'Height of the inspector' }).focus();
    for (let stop = 0; stop < 12; stop++) {
      stops.push(
        await page.evaluate(() => {
          const focused = stage.inspector.shadowRoot?.activeElement;
          return focused === null || focused === undefined
            ? 'outside'
            : (focused.getAttribute('aria-label') ?? focused.textContent ?? '');
        }),
      );
      await page.keyboard.press('Tab');
    }
    expect(stops.slice(0, stops.indexOf('outside'))).toEqual([
      'Height of the inspector',
      'Export JSON',
      'Close the inspector',
      '',
      expect.stringMatching(/^Peers/),
      'Peers',
      'bob',
      'carol',
      'Show all',
    ]);

    const grip = panel(page).getByRole('separator');
    const height = async (): Promise<number> => (await panel(page).boundingBox())?.height ?? 0;
    const before = await height();
    await grip.focus();
    await page.keyboard.press('ArrowUp');
    expect(await height()).toBe(before + 24);
    await expect(grip).toHaveAttribute('aria-valuenow', String(before + 24));
    await page.keyboard.press('Escape');
    await expect(panel(page)).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'A button' })).toBeFocused();
  });

  test('exports everything as JSON', async ({ page }) => {
    await stageOf(page, 3, { open: true });
    await page.evaluate(() => stage.pool.send('bob', 'there', 'an id'));
    const downloading = page.waitForEvent('download');
    await panel(page).getByRole('button', { name: 'Export JSON' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^peerpool-alice-[\dT.-]+Z\.json$/);
    const written = JSON.parse(await readFile(await download.path(), 'utf8')) as InspectorSnapshot;
    expect(written).toMatchObject({
      format: 'peerpool-inspector',
      version: 1,
      pool: { name: 'alice', state: 'started' },
    });
    expect(written.peers.map(({ name, kind }) => [name, kind])).toEqual([
      ['bob', 'local'],
      ['carol', 'local'],
    ]);
    expect(written.messages?.rows).toContainEqual(expect.objectContaining({ msgId: 'an id', messagesSent: 1 }));
    expect(written.events.entries.map(({ kind }) => kind)).toContain('join');
  });

  test('shows links among others where they share', async ({ page }) => {
    await stageOf(page, 4, { open: true }, 2);
    const links = panel(page).getByRole('list', { name: 'Links' });
    await expect(links).toContainText('dave: connected');
    await expect(links).not.toContainText('and');
    await panel(page).getByRole('checkbox', { name: 'Share links' }).check();
    // Bob and carol tell of theirs; dave has no inspector, and is drawn with what they say of him.
    for (const pair of ['bob and carol', 'bob and dave', 'carol and dave']) await expect(links).toContainText(pair);
    await panel(page).getByRole('checkbox', { name: 'Share links' }).uncheck();
    await expect(links).not.toContainText('and');
    expect(await page.evaluate(() => stage.inspector.share)).toBe(false);
  });

  test('while closed it has no timer, no tap of traffic and no content; removed, nothing at all', async ({ page }) => {
    await page.addInitScript(() => {
      const running = new Set<unknown>();
      const [begin, end] = [globalThis.setInterval, globalThis.clearInterval];
      Object.assign(globalThis, {
        running,
        setInterval: (...given: Parameters<typeof begin>) => {
          const timer = begin(...given);
          running.add(timer);
          return timer;
        },
        clearInterval: (timer: number) => {
          running.delete(timer);
          end(timer);
        },
      });
    });
    await stageOf(page, 2);
    const look = (): Promise<unknown> =>
      page.evaluate(() => {
        const { running } = globalThis as unknown as { running: Set<unknown> };
        return [
          running.size,
          globalThis.taps,
          stage.inspector.shadowRoot?.childNodes.length,
          stage.inspector.clientHeight,
        ];
      });
    // The one tap hears errors; nothing hears of traffic.
    await page.evaluate(() => {
      const { pool, inspector } = stage;
      const tap = pool.tap.bind(pool);
      inspector.pool = undefined;
      globalThis.taps = [];
      pool.tap = (given) => {
        const name = Object.keys(given).join(' ');
        taps.push(name);
        const off = tap(given);
        return () => {
          taps.splice(taps.indexOf(name), 1);
          off();
        };
      };
      inspector.pool = pool;
    });
    const idle = [0, ['error'], 0, 0];
    expect(await look()).toEqual(idle);
    await page.evaluate(() => stage.inspector.toggle());
    await expect(row(page, 'bob')).toContainText(/\d ms/);
    expect(await look()).toEqual([1, ['error', 'sent received'], 2, expect.any(Number)]);
    await page.evaluate(() => stage.inspector.toggle());
    expect(await look()).toEqual(idle);

    await page.evaluate(() => void (stage.inspector.open = true));
    await expect(panel(page)).toBeVisible();
    await page.evaluate(() => stage.inspector.remove());
    expect(await look()).toEqual([0, [], 0, 0]);
    await page.keyboard.press('Alt+i');
    await expect(page.locator('peerpool-inspector')).toHaveCount(0);
    expect(await look()).toEqual([0, [], 0, 0]);
  });

  test('stands where a page puts it, before a pool begins, after it ended, and at another one', async ({ page }) => {
    await page.goto(INSPECTOR_PAGE);
    await setHead(page);
    await page.evaluate(
      async ({ inspector, core }) => {
        const placed = document.createElement('peerpool-inspector');
        placed.setAttribute('open', '');
        document.body.append(placed);
        const { LocalCommunicator, Pool, getHub } = (await import(core)) as typeof Peerpool;
        const hub = getHub('placed');
        const [alice, bob] = ['alice', 'bob'].map((name) => new Pool(name, new LocalCommunicator({ hub })));
        if (alice === undefined || bob === undefined) throw new Error('there is no stage');
        // Also before it is an element of that kind.
        placed.pool = alice;
        Object.assign(globalThis, { pool: alice, bob });
        ((await import(inspector)) as typeof Inspector).defineInspector();
        globalThis.inspector = placed;
      },
      { inspector: INSPECTOR, core: MODULE },
    );
    await expect(panel(page)).toContainText('uninitialized');
    await expect(panel(page).getByRole('button', { name: 'Close' })).toHaveCount(0);
    await page.evaluate(async () => {
      const { pool, bob } = globalThis as unknown as { pool: Stage['pool']; bob: Stage['pool'] };
      await Promise.all([pool.initialize(), bob.initialize()]);
    });
    await expect(row(page, 'bob')).toContainText('connected');
    // It is the page's to close, by the attribute, and no Escape does it.
    await tab(page, 'Peers').press('Escape');
    await expect(panel(page)).toBeVisible();
    await page.evaluate(() => (globalThis as unknown as { pool: Stage['pool'] }).pool.shutdown());
    await expect(panel(page)).toContainText('stopped');
    await expect(row(page, 'bob')).toContainText('left: goodbye');
    await page.evaluate(() => (inspector.pool = (globalThis as unknown as { bob: Stage['pool'] }).bob));
    await expect(panel(page).getByRole('heading', { name: 'bob' })).toBeVisible();
    await page.evaluate(() => inspector.removeAttribute('open'));
    await expect(panel(page)).toHaveCount(0);
  });

  test('follows the page, and else the system, in light and dark', async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await stageOf(page, 2, { open: true });
    const background = (): Promise<string> => panel(page).evaluate((panel) => getComputedStyle(panel).backgroundColor);
    const [light, dark] = ['rgb(251, 251, 250)', 'rgb(21, 24, 23)'];
    expect(await background()).toBe(dark);
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(background).toBe(light);
    await page.evaluate(() => void (document.documentElement.style.colorScheme = 'dark'));
    await expect.poll(background).toBe(dark);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await panel(page).evaluate((panel) => getComputedStyle(panel).animationName)).toBe('none');
  });

  test('fits a phone: nothing is wider than the page, and all of it can be scrolled to', async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await stageOf(page, 5, { open: true });
    await expect(row(page, 'bob')).toContainText('connected');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const last = panel(page).getByRole('figure', { name: 'Throughput' });
    await last.scrollIntoViewIfNeeded();
    await expect(last).toBeInViewport();
    await tab(page, 'Events').click();
    await expect(panel(page).getByRole('searchbox')).toBeInViewport();
  });

  test('is read as it is seen: regions, tabs, tables and names for everything', async ({ page, context }) => {
    await stageOf(page, 3, { open: true });
    await expect(row(page, 'bob')).toContainText(/\d ms/);
    await expect(panel(page)).toMatchAriaSnapshot(`
      - region "peerpool inspector":
        - separator "Height of the inspector"
        - heading "peerpool alice" [level=2]
        - button "Export JSON"
        - button "Close the inspector"
        - region "Mesh":
          - img /Mesh of alice/
          - list "Links":
            - listitem: /bob/
            - listitem: /carol/
          - checkbox "Share links"
        - tablist "What is shown":
          - tab /Peers 2/ [selected]
          - tab /Messages/
          - tab /Events/
        - tabpanel /Peers 2/:
          - group "Peers":
            - table "Peers, and what passes between them and this pool"
          - region "Plots"
        - status
    `);
    const session = await context.newCDPSession(page);
    expect(await nameless(session)).toEqual([]);
  });
});

/** What can be focused and says nothing of itself to a screen reader. */
async function nameless(session: CDPSession): Promise<readonly string[]> {
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  return nodes
    .filter((node) => node.properties?.some(({ name, value }) => name === 'focusable' && value.value === true))
    .filter((node) => node.role?.value !== 'RootWebArea' && (node.name?.value ?? '') === '')
    .map((node) => String(node.role?.value));
}

test('over WebRTC in two tabs it says direct, and measures', async ({ context }) => {
  await using pair = await tabs(context, ['alice', 'bob'], { module: MODULE });
  const [alice] = pair;
  await setHead(alice.page);
  await alice.evaluate(async (pool, module) => {
    const { inspect } = (await import(module)) as typeof Inspector;
    inspect(pool, { open: true });
  }, INSPECTOR);
  await expect(row(alice.page, 'bob')).toContainText(/connected.*direct.*[\d.]+ ms/);
  await pair[1].close();
  await expect(row(alice.page, 'bob')).toContainText('left: goodbye');
  await expect(panel(alice.page).getByRole('status')).toHaveText('bob left, goodbye');
});
