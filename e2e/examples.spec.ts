import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type BrowserContext, expect, type Page, test } from 'playwright/test';
import { average, improved, type Point } from '../client/demo/examples/averaging/averaging.ts';
import { colours, mandelbrotRow } from '../client/demo/examples/work-pool/mandelbrot.ts';

/** What a page complains of by itself is a failure. */
test.beforeEach(({ context }) => {
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (line) => {
    if (['warning', 'error'].includes(line.type())) complaints.push(line.text());
  });
});
test.afterEach(() => expect(complaints.splice(0)).toEqual([]));

const complaints: string[] = [];

/** Waits until it is in the room. */
async function entered(page: Page): Promise<string> {
  await expect(page.getByText('you, here')).toBeVisible();
  return page.locator('#own-name').innerText();
}

/** So many tabs of one example, which all see each other. */
async function visit(context: BrowserContext, example: string, count: number): Promise<Page[]> {
  const first = await context.newPage();
  await first.goto(`/examples/${example}/`);
  await entered(first);
  const pages = [first];
  while (pages.length < count) {
    const page = await context.newPage();
    await page.goto(first.url());
    pages.push(page);
  }
  for (const page of pages) {
    await entered(page);
    const others = page.getByRole('list', { name: 'Who is here' }).getByRole('listitem');
    await expect(others.filter({ hasText: /direct/ })).toHaveCount(count - 1);
  }
  return pages;
}

test('secure sum: three tabs add up their numbers, round by round', async ({ context }) => {
  const pages = await visit(context, 'secure-sum', 3);
  const takePart = async (page: Page, number: string): Promise<void> => {
    await page.getByRole('textbox', { name: 'Your number' }).fill(number);
    await page.getByRole('button', { name: 'Take part' }).click();
  };
  const results = (page: Page) => page.getByRole('log', { name: 'Results' }).getByRole('listitem');
  for (const [round, numbers] of [
    ['1', '20', '300'],
    // Modulo 2^128.
    ['340282366920938463463374607431768211455', '5', '3'],
  ].entries()) {
    for (const [index, page] of pages.entries()) await takePart(page, numbers[index] ?? '');
    for (const page of pages) await expect(page.getByText(/, .* and .* take part\./)).toBeVisible();
    // All at once: they begin one round nevertheless.
    await Promise.all(pages.map((page) => page.locator('#add-up').evaluate((button: HTMLElement) => button.click())));
    for (const page of pages) {
      await expect(results(page)).toHaveCount(round + 1);
      await expect(results(page).first().getByRole('status')).toHaveText(['321', '7'][round] ?? '');
    }
  }
});

test('averaging: three tabs learn the line that one process computes from all points, bit for bit', async ({
  context,
}) => {
  const pages = await visit(context, 'averaging', 3);
  const known = new Map<string, Point[]>();
  for (const page of pages) {
    const points = await page
      .locator('#plot circle')
      .evaluateAll((circles: SVGElement[]) =>
        circles.map(({ dataset }) => ({ x: Number(dataset['x']), y: Number(dataset['y']) })),
      );
    expect(points.length).toBeGreaterThan(5);
    known.set(await entered(page), points);
  }
  let parameters = new Float64Array(2);
  for (let round = 1; round <= 60; round++) {
    const updates = [...known].map(
      ([name, points]) => [name, { parameters: improved(parameters, points), points: points.length }] as const,
    );
    parameters = average(new Map(updates));
  }
  const [, second] = pages;
  await second?.getByRole('button', { name: 'Learn together' }).click();
  for (const page of pages) {
    const learned = page.getByRole('log', { name: 'What was learned' }).getByRole('listitem');
    await expect(learned).toHaveCount(1);
    // In as many digits as tell one floating-point number from all others.
    await expect(learned.locator('.figure')).toHaveText(parameters.join(', '));
  }
});

declare global {
  var release: () => void;
  /** What the progress bars showed, and whether the next one is to be answered by Cancel. */
  var shown: number[];
  var cancelAtOnce: boolean;
}

/** Lets a tab compute so many rows, and then hold what it was given. */
function holdAfter(rows: number): void {
  const post = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'postMessage')?.value as (
    message: unknown,
  ) => void;
  const held: (() => void)[] = [];
  let left = rows;
  MessagePort.prototype.postMessage = function (message: unknown) {
    if (left-- > 0) post.call(this, message);
    else held.push(() => post.call(this, message));
  };
  globalThis.release = () => {
    left = Infinity;
    for (const go of held) go();
  };
}

test('work pool: tabs come and go while a picture is drawn, and it is complete and right', async ({ context }) => {
  const [owner, mortal] = (await visit(context, 'work-pool', 2)) as [Page, Page];
  await owner.evaluate(holdAfter, 5);
  await mortal.evaluate(holdAfter, 9);
  await owner.getByLabel('Steps for each point').selectOption('200');
  await owner.getByRole('button', { name: 'Draw' }).click();
  await expect(owner.getByText('14 of 400 rows')).toBeVisible();

  const heir = await context.newPage();
  await heir.goto(owner.url());
  const heirsName = await entered(heir);
  // All but the two that each of the others holds.
  await expect(owner.getByText('396 of 400 rows')).toBeVisible();
  await mortal.close({ runBeforeUnload: true });
  await expect(owner.getByText('398 of 400 rows')).toBeVisible();
  await owner.evaluate(() => release());
  await expect(owner.getByText('Drawn in')).toBeVisible();
  const workers = owner.getByRole('list', { name: 'Who computed what' }).getByRole('listitem');
  await expect(workers).toHaveText([`${heirsName}384 rows`, /9 rows/, `${await entered(owner)}7 rows`]);

  const drawn = await owner.locator('#picture').evaluate(async (canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {};
    const hash = await crypto.subtle.digest('SHA-256', data ?? new Uint8Array(0));
    return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
  });
  const hash = createHash('sha256');
  for (let y = 0; y < 400; y++) {
    const row = { y, width: 600, height: 400, depth: 200 };
    hash.update(colours(mandelbrotRow(row), row.depth));
  }
  expect(drawn).toBe(hash.digest('hex'));
});

/** Hears of each progress as it is shown, and cancels at the first when told to. */
function watchProgress(): void {
  globalThis.shown = [];
  globalThis.cancelAtOnce = false;
  const value = Object.getOwnPropertyDescriptor(HTMLProgressElement.prototype, 'value');
  Object.defineProperty(HTMLProgressElement.prototype, 'value', {
    ...value,
    set(this: HTMLProgressElement, bytes: number) {
      value?.set?.call(this, bytes);
      shown.push(bytes);
      if (!cancelAtOnce) return;
      cancelAtOnce = false;
      this.parentElement?.querySelector('button')?.click();
    },
  });
}

test('files: one arrives whole, with progress on both sides; others are declined, or cancelled on the way', async ({
  context,
}) => {
  await context.addInitScript(watchProgress);
  const [alice, bob] = (await visit(context, 'files', 2)) as [Page, Page];
  const [alicesName, bobsName] = [await entered(alice), await entered(bob)];
  const buffer = randomBytes(4_000_000);
  const give = async (name: string): Promise<void> => {
    await alice.getByLabel('To', { exact: true }).selectOption(bobsName);
    await alice.getByLabel('Files').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
    await alice.getByRole('button', { name: 'Offer' }).click();
  };
  const newest = (page: Page) => page.getByRole('log', { name: 'Offers' }).getByRole('listitem').first();

  await give('photos.zip');
  await expect(newest(bob)).toContainText(`From ${alicesName}`);
  await expect(newest(bob)).toContainText('photos.zip (3.8 MiB)');
  await expect(newest(alice)).toContainText('Waits to be accepted.');
  await newest(bob).getByRole('button', { name: 'Accept' }).click();
  await expect(newest(alice)).toContainText(`${bobsName} has it.`);
  const link = newest(bob).getByRole('link', { name: 'Save photos.zip' });
  const [download] = await Promise.all([bob.waitForEvent('download'), link.click()]);
  expect(download.suggestedFilename()).toBe('photos.zip');
  expect(sha256(await readFile(await download.path()))).toBe(sha256(buffer));
  for (const page of [alice, bob]) {
    const shown = await page.evaluate(() => globalThis.shown);
    expect(shown.length).toBeGreaterThan(3);
    expect(shown).toEqual([...new Set(shown)].sort((a, b) => a - b));
    expect(shown.at(-1)).toBe(buffer.length);
  }

  await give('advertisement.zip');
  await newest(bob).getByRole('button', { name: 'Decline' }).click();
  await expect(newest(bob)).toContainText('You declined.');
  await expect(newest(alice)).toContainText('Not given: declined.');

  await give('too-large.zip');
  await bob.evaluate(() => void (cancelAtOnce = true));
  await newest(bob).getByRole('button', { name: 'Accept' }).click();
  await expect(newest(bob)).toContainText('You cancelled.');
  await expect(newest(alice)).toContainText('Not given: the receiver cancelled.');

  await give('wrong.zip');
  await alice.evaluate(() => void (cancelAtOnce = true));
  await newest(bob).getByRole('button', { name: 'Accept' }).click();
  await expect(newest(alice)).toContainText('You cancelled.');
  await expect(newest(bob)).toContainText('Not received: the sender cancelled.');
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
