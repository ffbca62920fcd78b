import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type BrowserContext, expect, type Page } from 'playwright/test';
import { average, improved, type Point } from '../client/demo/examples/averaging/averaging.ts';
import { pixels } from '../client/demo/examples/work-pool/colours.ts';
import { HEIGHT, mandelbrot, TILE, tilesOf, WHOLE, WIDTH } from '../client/demo/examples/work-pool/mandelbrot.ts';
import { hueOf } from '../client/demo/frame/hue.ts';
import { test } from './built-demo.ts';

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

/** So many tabs of one page, which all see each other. */
async function visit(context: BrowserContext, path: string, count: number): Promise<Page[]> {
  const first = await context.newPage();
  await first.goto(path);
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

test('private average: three tabs learn the mean of their numbers, round by round, and no number', async ({
  context,
}) => {
  const pages = await visit(context, '/examples/secure-sum/', 3);
  const takePart = async (page: Page, number: string): Promise<void> => {
    await page.getByRole('textbox', { name: 'Your number' }).fill(number);
    await page.getByRole('button', { name: 'Take part' }).click();
  };
  const results = (page: Page) => page.getByRole('log', { name: 'Averages' }).getByRole('listitem');
  for (const [round, numbers] of [
    ['1', '20', '300'],
    ['-7.5', '0,25', '1000000000'],
  ].entries()) {
    for (const [index, page] of pages.entries()) await takePart(page, numbers[index] ?? '');
    for (const page of pages) await expect(page.getByText(/, .* and .* take part\./)).toBeVisible();
    // All at once: they begin one round nevertheless.
    await Promise.all(pages.map((page) => page.locator('#compute').evaluate((button: HTMLElement) => button.click())));
    for (const page of pages) {
      await expect(results(page)).toHaveCount(round + 1);
      await expect(results(page).first().getByRole('status')).toHaveText(['107', '333333330.92'][round] ?? '');
    }
  }
  // What one gave another is what that one got, and the sums are told to all alike.
  const names = await Promise.all(pages.map(entered));
  const cell = (at: number, of: number, column: number): Promise<string | null> => {
    const row = pages[at]?.locator('#ledger tr').filter({ hasText: names[of] ?? '' });
    return row?.locator('td').nth(column).getAttribute('title') ?? Promise.resolve(null);
  };
  for (const [one, other] of [
    [0, 1],
    [1, 2],
    [2, 0],
  ] as const) {
    const given = await cell(one, other, 0);
    expect(given).toMatch(/^0x[\da-f]{32}$/);
    expect(await cell(other, one, 1)).toBe(given);
    expect(await cell(other, one, 2)).toBe(await cell(one, one, 2));
  }
  // A number that a person typed is not given to a second round by itself.
  for (const page of pages) await expect(page.getByRole('button', { name: 'Take part' })).toBeVisible();
});

test('private average: numbers travel over the stage, unless one wants no motion', async ({ context }) => {
  const [alice, bob] = (await visit(context, '/examples/secure-sum/', 2)) as [Page, Page];
  await bob.emulateMedia({ reducedMotion: 'reduce' });
  for (const page of [alice, bob])
    await page.evaluate(() => {
      const animate = Object.getOwnPropertyDescriptor(Element.prototype, 'animate')?.value as Element['animate'];
      globalThis.travelled = [];
      Element.prototype.animate = function (...given) {
        travelled.push(this.textContent ?? '');
        return animate.apply(this, given);
      };
    });
  await expect(alice.getByText('With two, each learns the other’s number')).toBeVisible();
  await alice.getByRole('button', { name: 'Compute the average' }).click();
  for (const page of [alice, bob]) await expect(page.locator('.stage .mean')).toHaveText(/^⌀ [\d.]+$/);
  // A share each way, a sum each way, and the mean.
  expect(await alice.evaluate(() => travelled.length)).toBe(5);
  expect(await bob.evaluate(() => travelled)).toEqual([]);
});

test('averaging: three tabs learn the line that one process computes from all points, bit for bit', async ({
  context,
}) => {
  const pages = await visit(context, '/examples/averaging/', 3);
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
  /** What the progress bars showed, and the button that the next one is answered by. */
  var shown: number[];
  var pressAtOnce: string | undefined;
  /** What was set in motion. */
  var travelled: string[];
}

/** Lets a tab compute so many tiles, and then hold what it was given. */
function holdAfter(tiles: number): void {
  const post = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'postMessage')?.value as (
    message: unknown,
  ) => void;
  const held: (() => void)[] = [];
  let left = tiles;
  MessagePort.prototype.postMessage = function (message: unknown) {
    if (left-- > 0) post.call(this, message);
    else held.push(() => post.call(this, message));
  };
  globalThis.release = () => {
    left = Infinity;
    for (const go of held) go();
  };
}

/** What a canvas shows, as bytes. */
async function shownBy(page: Page, canvas: string): Promise<Buffer> {
  const base64 = await page.locator(canvas).evaluate((canvas: HTMLCanvasElement) => {
    // Read from a copy: a canvas that is read often is moved out of the graphics card, and the browser complains of it.
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext('2d', { willReadFrequently: true });
    context?.drawImage(canvas, 0, 0);
    const { data } = context?.getImageData(0, 0, copy.width, copy.height) ?? { data: [] };
    let text = '';
    for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.slice(at, at + 8192));
    return btoa(text);
  });
  return Buffer.from(base64, 'base64');
}

/** One tile of a whole picture. */
function cut(picture: Buffer, left: number, top: number): Buffer {
  const rows = Array.from({ length: TILE }, (_, y) => ((top + y) * WIDTH + left) * 4);
  return Buffer.concat(rows.map((at) => picture.subarray(at, at + TILE * 4)));
}

test('work pool: a tab is closed while a picture is drawn, and it is complete, right, and in the colours of who did it', async ({
  context,
}) => {
  const [owner, mortal] = (await visit(context, '/examples/work-pool/', 2)) as [Page, Page];
  const [ownersName, mortalsName] = [await entered(owner), await entered(mortal)];
  await owner.evaluate(holdAfter, 5);
  await mortal.evaluate(holdAfter, 9);
  await owner.getByLabel('Steps a point').selectOption('500');
  await owner.getByRole('button', { name: 'Draw' }).click();
  await expect(owner.getByText('14 of 150 tiles')).toBeVisible();
  await expect(mortal.getByText(`14 of 150 tiles of the picture of ${ownersName}`)).toBeVisible();

  const heir = await context.newPage();
  await heir.goto(owner.url());
  const heirsName = await entered(heir);
  // All but the two that each of the others holds.
  await expect(owner.getByText('146 of 150 tiles')).toBeVisible();
  await mortal.close({ runBeforeUnload: true });
  await expect(owner.getByText('148 of 150 tiles')).toBeVisible();
  await owner.evaluate(() => release());
  await expect(owner.getByText('Drawn in')).toBeVisible();
  await expect(heir.getByText('150 of 150 tiles')).toBeVisible();
  const workers = (page: Page) => page.getByRole('list', { name: 'Who computed what' }).getByRole('listitem');
  for (const page of [owner, heir])
    await expect(workers(page)).toHaveText([
      `${heirsName}134 tiles`,
      `${mortalsName}9 tiles, left`,
      `${ownersName}7 tiles`,
    ]);

  const view = { ...WHOLE, depth: 500 };
  const tiles = tilesOf(view).map((tile) => ({ ...tile, steps: mandelbrot(tile) }));
  expect(tiles).toHaveLength((WIDTH * HEIGHT) / TILE ** 2);
  const tinted = await shownBy(owner, '#picture');
  expect((await shownBy(heir, '#picture')).equals(tinted)).toBe(true);
  const names = [heirsName, mortalsName, ownersName];
  const shares = new Map<number, number>();
  for (const { left, top, steps } of tiles) {
    const drawn = cut(tinted, left, top);
    const hue = names.map(hueOf).find((hue) => drawn.equals(Buffer.from(pixels(steps, 500, hue))));
    expect(hue).toBeDefined();
    shares.set(hue ?? 0, (shares.get(hue ?? 0) ?? 0) + 1);
  }
  const expected = new Map<number, number>();
  for (const [index, count] of [134, 9, 7].entries()) {
    const hue = hueOf(names[index] ?? '');
    expected.set(hue, (expected.get(hue) ?? 0) + count);
  }
  expect(shares).toEqual(expected);

  await owner.getByLabel('Coloured by').selectOption('own');
  const plain = await shownBy(owner, '#picture');
  for (const { left, top, steps } of tiles)
    expect(cut(plain, left, top).equals(Buffer.from(pixels(steps, 500)))).toBe(true);

  // A press goes nearer, by whoever presses: the other tab sees that picture too.
  await heir.locator('#picture').click({ position: { x: 60, y: 60 } });
  await expect(heir.getByText('Drawn in')).toBeVisible();
  await expect(owner.getByText(`150 of 150 tiles of the picture of ${heirsName}`)).toBeVisible();
});

test('whiteboard: what one draws all see, a newcomer too; pointers move; it is cleared for all', async ({
  context,
}) => {
  const [alice, bob] = (await visit(context, '/examples/whiteboard/', 2)) as [Page, Page];
  const [alicesName, bobsName] = [await entered(alice), await entered(bob)];
  const pieces = (page: Page): Promise<number> =>
    page.locator('#board').evaluate(({ dataset }) => Number(dataset['pieces']));
  const scribble = async (page: Page, left: number): Promise<void> => {
    await page.bringToFront();
    const box = await page.locator('#paper').boundingBox();
    if (box === null) throw new Error('no board');
    await page.mouse.move(box.x + box.width * left, box.y + box.height * 0.2);
    await page.mouse.down();
    for (let step = 1; step <= 12; step++)
      await page.mouse.move(box.x + box.width * (left + (step % 2) * 0.2), box.y + box.height * (0.2 + step * 0.05));
    await page.mouse.up();
  };
  await scribble(alice, 0.1);
  await scribble(bob, 0.25);
  await expect.poll(() => pieces(alice)).toBeGreaterThan(2);
  await expect.poll(async () => (await pieces(alice)) === (await pieces(bob))).toBe(true);
  await expect(alice.locator(`.cursor[data-name="${bobsName}"]`)).toBeVisible();
  await expect(bob.locator(`.cursor[data-name="${alicesName}"]`)).toBeVisible();

  // With keys: down with the pen, to the right, up.
  await alice.bringToFront();
  await alice.locator('#paper').focus();
  const before = await pieces(alice);
  for (const key of ['Space', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'Space']) await alice.keyboard.press(key);
  await expect.poll(() => pieces(alice)).toBeGreaterThan(before);
  await alice.keyboard.press('ArrowRight');

  const carol = await context.newPage();
  await carol.goto(alice.url());
  await entered(carol);
  /** Once it is looked at. */
  const drawing = async (page: Page): Promise<string> => {
    await page.bringToFront();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    return sha256(await shownBy(page, '#paper'));
  };
  const blank = sha256(Buffer.alloc((await shownBy(carol, '#paper')).length));
  await expect.poll(async () => (await pieces(carol)) === (await pieces(alice))).toBe(true);
  const drawn = await drawing(alice);
  expect(drawn).not.toBe(blank);
  for (const page of [bob, carol]) await expect.poll(() => drawing(page)).toBe(drawn);

  await carol.getByRole('button', { name: 'Clear for all' }).click();
  for (const page of [alice, bob, carol]) {
    await expect.poll(() => pieces(page)).toBe(0);
    await expect.poll(() => drawing(page)).toBe(blank);
  }
  await bob.close({ runBeforeUnload: true });
  await expect(alice.locator(`.cursor[data-name="${bobsName}"]`)).toHaveCount(0);
});

/** Hears of each progress as it is shown, and answers the first by a button when told to. */
function watchProgress(): void {
  globalThis.shown = [];
  globalThis.pressAtOnce = undefined;
  const value = Object.getOwnPropertyDescriptor(HTMLProgressElement.prototype, 'value');
  Object.defineProperty(HTMLProgressElement.prototype, 'value', {
    ...value,
    set(this: HTMLProgressElement, bytes: number) {
      value?.set?.call(this, bytes);
      if (bytes === 0) return;
      shown.push(bytes);
      const label = pressAtOnce;
      if (label === undefined) return;
      globalThis.pressAtOnce = undefined;
      const buttons = [...(this.parentElement?.querySelectorAll('button') ?? [])];
      buttons.find(({ textContent }) => textContent === label)?.click();
    },
  });
}

test('room: a file is paused at either end and arrives whole; others are cancelled at either end, or declined', async ({
  context,
}) => {
  await context.addInitScript(watchProgress);
  const [alice, bob] = (await visit(context, '/', 2)) as [Page, Page];
  const [alicesName, bobsName] = [await entered(alice), await entered(bob)];
  const buffer = randomBytes(6_000_000);
  await alice.getByRole('radio', { name: 'Files' }).check();
  const give = async (name: string, bytes = buffer): Promise<void> => {
    await alice.getByLabel('Files, of any size').setInputFiles({ name, mimeType: '', buffer: bytes });
    await alice.getByRole('button', { name: 'Send' }).click();
  };
  const of = (page: Page, name: string) =>
    page.getByRole('log', { name: 'Messages' }).getByRole('listitem').filter({ hasText: name });
  const press = (page: Page, label: string): Promise<void> =>
    page.evaluate((label) => void (globalThis.pressAtOnce = label), label);
  for (const [pauser, name] of [
    [bob, 'photos.zip'],
    [alice, 'films.zip'],
  ] as const) {
    await press(pauser, 'Pause');
    await give(name);
    await expect(of(pauser, name)).toContainText('Paused at');
    // A later one passes it meanwhile, and it has not moved on.
    await give(`after ${name}.txt`, Buffer.from('small'));
    await expect(of(bob, `after ${name}.txt`).getByRole('link')).toBeVisible();
    await expect(of(alice, name).first()).toContainText(`${bobsName} has it.`);
    await expect(of(pauser, name).last()).toContainText('Paused at');
    await expect(of(bob, name).last().getByRole('link')).toHaveCount(0);
    const paused = of(pauser, name).last();
    await paused.getByRole('button', { name: 'Resume' }).click();
    await expect(of(alice, name).last()).toContainText(`${bobsName} has it.`);
    await expect(of(bob, name).last()).toContainText(`5.7 MiB from ${alicesName}, whole.`);
    const link = of(bob, name)
      .last()
      .getByRole('link', { name: `Save ${name}`, exact: true });
    const [download] = await Promise.all([bob.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toBe(name);
    expect(sha256(await readFile(await download.path()))).toBe(sha256(buffer));
  }
  for (const page of [alice, bob]) expect((await page.evaluate(() => globalThis.shown)).length).toBeGreaterThan(6);

  await press(bob, 'Cancel');
  await give('too-large.zip');
  await expect(of(bob, 'too-large.zip')).toContainText('You cancelled.');
  await expect(of(alice, 'too-large.zip')).toContainText('Not given: the receiver cancelled.');

  await press(alice, 'Cancel');
  await give('wrong.zip');
  await expect(of(alice, 'wrong.zip')).toContainText('You cancelled.');
  await expect(of(bob, 'wrong.zip')).toContainText('Not received: the sender cancelled.');

  // Who pauses may still cancel.
  await press(bob, 'Pause');
  await give('slow.zip');
  await of(bob, 'slow.zip').getByRole('button', { name: 'Cancel' }).click();
  await expect(of(alice, 'slow.zip')).toContainText('Not given: the receiver cancelled.');

  // A large one is asked about; of this nothing but its size is ever sent.
  await alice.evaluate(
    (size) => {
      const large = new File([new Uint8Array(size)], 'large.iso');
      const drop = new DragEvent('drop', { dataTransfer: new DataTransfer(), cancelable: true, bubbles: true });
      drop.dataTransfer?.items.add(large);
      document.body.dispatchEvent(drop);
    },
    65 * 2 ** 20,
  );
  await of(bob, 'large.iso').getByRole('button', { name: 'Decline' }).click();
  await expect(of(bob, 'large.iso')).toContainText('You declined.');
  await expect(of(alice, 'large.iso')).toContainText('Not given: declined.');
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
