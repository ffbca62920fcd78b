// @ts-check
/** `npm run picture`: draws `picture.png` for the README, of the real demo. On each of four pages four tabs meet and do what one does there; what one of them shows is a window of the picture. */
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { launchOptions, rememberedBrowser } from '../../e2e/browser.mjs';

/** @typedef {import('playwright').Page} Page */

/** Whose colours are far apart. */
const NAMES = ['alice', 'bob', 'dave', 'erin'];
/** Of one window, in CSS pixels, and how many of the picture's each is. */
const [WIDTH, HEIGHT, SCALE] = [560, 400, 1.4];

const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));
const server = await createServer({ configFile, logLevel: 'error', server: { host: '127.0.0.1', port: 0 } });
await server.listen();
const base = server.resolvedUrls?.local[0] ?? '';
const browser = await chromium.launch(launchOptions(rememberedBrowser()));
try {
  const windows = [
    { title: 'alice: a room', shot: await room() },
    { title: 'bob: a private average', shot: await average() },
    { title: 'dave: a whiteboard', shot: await whiteboard() },
    { title: 'erin: work spread over tabs', shot: await work() },
  ];
  await compose(windows);
} finally {
  await browser.close();
  await server.close();
}

/**
 * Four tabs of one page, by these names, all connected.
 * @param {string} path
 * @returns {Promise<Page[]>}
 */
async function tabs(path) {
  const context = await browser.newContext({
    viewport: { width: WIDTH, height: 900 },
    deviceScaleFactor: SCALE,
    colorScheme: 'light',
  });
  const pages = [];
  let address = new URL(path, base).href;
  for (const name of NAMES) {
    const page = await context.newPage();
    await page.goto(address);
    address = page.url();
    await page.getByText('you, here').waitFor();
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await page.locator('#own-name', { hasText: name }).waitFor();
    await page.getByText('you, here').waitFor();
    pages.push(page);
  }
  const connected = (/** @type {Page} */ page) => page.locator('#roster li[data-state="connected"]');
  for (const page of pages)
    await connected(page)
      .nth(NAMES.length - 2)
      .waitFor();
  return pages;
}

/**
 * @param {Page} page
 * @param {string} selector what the window shows
 */
async function shot(page, selector) {
  await page.bringToFront();
  const box = await page.locator(selector).first().boundingBox();
  if (box === null) throw new Error(`${selector} is not to be seen`);
  await page.evaluate((top) => scrollTo(0, top), box.y - 12);
  const y = (await page.locator(selector).first().boundingBox())?.y ?? 0;
  const clip = { x: 0, y: Math.max(0, y - 12), width: WIDTH, height: HEIGHT };
  const picture = await page.screenshot({ clip });
  await page.context().close();
  return picture;
}

async function room() {
  const [alice, bob, dave, erin] = /** @type {[Page, Page, Page, Page]} */ (await tabs('/'));
  const say = async (/** @type {Page} */ page, /** @type {string} */ text) => {
    await page.getByRole('textbox', { name: 'Text' }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    await alice.getByRole('log', { name: 'Messages' }).getByText(text).waitFor();
  };
  await say(erin, 'I am on the whiteboard as well, come over.');
  await say(bob, 'Good morning! Who has the film?');
  await say(alice, 'Dave. No server needed: he drops it into the page.');
  await dave.getByLabel('To', { exact: true }).selectOption('alice');
  await dave.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(42_000_000)], 'holiday.mp4', { type: 'video/mp4' }));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  });
  await alice.waitForFunction(() => {
    const progress = document.querySelector('progress');
    const pause = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Pause');
    if (progress === null || progress.value < progress.max * 0.6) return false;
    pause?.click();
    return true;
  });
  return shot(alice, '#messages');
}

async function average() {
  const pages = await tabs('/examples/secure-sum/');
  const [, bob] = /** @type {[Page, Page]} */ (pages);
  await bob.getByText('alice, bob, dave, and erin take part.').waitFor();
  await bob.bringToFront();
  await bob.locator('#compute').click();
  await bob.locator('#results li').waitFor();
  // In the middle of the way, where the shares are to be read.
  await bob.evaluate(() => {
    for (const traveller of document.querySelectorAll('.travellers g, .mean'))
      for (const journey of traveller.getAnimations()) {
        journey.pause();
        journey.currentTime = 950;
      }
  });
  return shot(bob, '.middle .card');
}

async function whiteboard() {
  const pages = await tabs('/examples/whiteboard/');
  for (const [index, page] of pages.entries()) {
    await page.bringToFront();
    await page.locator('#paper').scrollIntoViewIfNeeded();
    const box = await page.locator('#paper').boundingBox();
    if (box === null) throw new Error('there is no board');
    const place = (/** @type {readonly [number, number]} */ [x, y]) =>
      /** @type {const} */ ([box.x + box.width * x, box.y + box.height * y]);
    const [first = [0, 0], ...rest] = drawing(index);
    await page.mouse.move(...place(first));
    await page.mouse.down();
    for (const next of rest) await page.mouse.move(...place(next));
    await page.mouse.up();
  }
  const dave = /** @type {Page} */ (pages[2]);
  for (const name of NAMES) await dave.locator(`.cursor[data-name="${name}"]`).waitFor();
  return shot(dave, '.middle .card');
}

/**
 * What each draws, in parts of the board: a heart, a sun, waves, and a kite.
 * @param {number} index
 * @returns {(readonly [number, number])[]}
 */
function drawing(index) {
  const turn = Array.from({ length: 61 }, (_, step) => (step / 60) * 2 * Math.PI);
  if (index === 0)
    return turn.map((t) => [
      0.26 + 0.011 * 16 * Math.sin(t) ** 3 * 0.62,
      0.36 - 0.0165 * (13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t)) * 0.78,
    ]);
  if (index === 1)
    return turn.map((t) => {
      const reach = 1 + 0.28 * Math.cos(10 * t);
      return [0.72 + 0.1 * reach * Math.cos(t), 0.32 + 0.15 * reach * Math.sin(t)];
    });
  if (index === 2) return turn.map((t) => [0.06 + 0.13 * t, 0.82 + 0.05 * Math.sin(3 * t)]);
  return [
    [0.46, 0.14],
    [0.54, 0.34],
    [0.47, 0.62],
    [0.4, 0.34],
    [0.46, 0.14],
    [0.47, 0.62],
    [0.44, 0.7],
    [0.5, 0.74],
    [0.46, 0.78],
  ];
}

async function work() {
  const pages = await tabs('/examples/work-pool/');
  const erin = /** @type {Page} */ (pages[3]);
  await erin.getByRole('button', { name: 'Draw' }).click();
  await erin.getByText('Drawn in').waitFor();
  return shot(erin, '#picture');
}

/** @param {readonly { title: string; shot: Buffer }[]} windows */
async function compose(windows) {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1200 } });
  const figures = windows.map(
    ({ title, shot }) =>
      `<figure><figcaption>${title}</figcaption><img src="data:image/png;base64,${shot.toString('base64')}"></figure>`,
  );
  await page.setContent(`<style>
    body { margin: 0; font: 600 22px system-ui, sans-serif; color: #1d1f1e; background: #fff }
    main { position: relative; display: grid; grid-template-columns: 784px 784px; gap: 24px 32px; width: 1600px }
    figure { margin: 0; border: 1.5px solid #b9b6ac; border-radius: 14px; overflow: hidden; background: #f6f5f1 }
    figcaption { padding: 9px 18px; border-bottom: 1.5px solid #dddad2; background: #e9e7e0 }
    figcaption::before { content: '● ● ●'; margin-right: 16px; color: #b9b6ac; font-size: 15px; letter-spacing: 1px }
    img { display: block; width: 784px }
  </style><main>${figures.join('')}</main>`);
  await page.waitForFunction(() =>
    [...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0),
  );
  await page.locator('main').screenshot({ path: fileURLToPath(new URL('picture.png', import.meta.url)) });
}
