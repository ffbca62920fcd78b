import { readFile } from 'node:fs/promises';
import { type BrowserContext, expect, type Page, test } from 'playwright/test';
import { launchOptions, rememberedBrowser } from './browser.mjs';

/** Waits until it is in the room. */
async function entered(page: Page): Promise<string> {
  await expect(page.getByText('you, here')).toBeVisible();
  return page.locator('#own-name').innerText();
}

/** Opens a page of the demo, in a new room unless `path` names one. */
async function visit(context: BrowserContext, path = '/'): Promise<Page> {
  const page = await context.newPage();
  await page.goto(path);
  await entered(page);
  return page;
}

/** By the page's own button. */
async function furtherTab(page: Page): Promise<Page> {
  const opened = page.context().waitForEvent('page');
  await page.getByRole('button', { name: 'Open another tab' }).click();
  const tab = await opened;
  await entered(tab);
  return tab;
}

const peer = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Who is here' }).getByRole('listitem').filter({ hasText: name });
const messages = (page: Page) => page.getByRole('log', { name: 'Messages' }).getByRole('listitem');
const events = (page: Page) => page.getByRole('log', { name: 'Events' }).getByRole('listitem');

test('three tabs meet in a room, exchange values, and see each other leave @each', async ({ context }) => {
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (line) => {
    if (['warning', 'error'].includes(line.type())) complaints.push(line.text());
  });

  const alice = await visit(context);
  await expect(alice.getByText('You are alone here.')).toBeVisible();
  const bob = await furtherTab(alice);
  const carol = await furtherTab(bob);
  const tabs = [alice, bob, carol];
  const names = await Promise.all(tabs.map(entered));
  const [alicesName = '', bobsName = '', carolsName = ''] = names;
  expect(new Set(names).size).toBe(3);
  expect(new Set(tabs.map((tab) => tab.url())).size).toBe(1);

  // Each sees the others, how they are reached and how far away they are.
  for (const tab of tabs) {
    const own = await entered(tab);
    for (const name of names.filter((other) => other !== own)) {
      await expect(peer(tab, name)).toContainText(/direct, [\d.]+ m?s/);
    }
    await expect(peer(tab, own)).toHaveCount(0);
  }

  await alice.getByRole('textbox', { name: 'Text' }).fill('<b>Good morning</b>');
  await alice.getByRole('textbox', { name: 'Text' }).press('Enter');
  for (const tab of [bob, carol]) {
    await expect(messages(tab)).toHaveText(new RegExp(`${alicesName}.*text, 19 bytes.*<b>Good morning</b>`, 's'));
  }
  await expect(messages(alice)).toContainText(/Delivered to .* and .* in /);

  await bob.getByRole('button', { name: `Write to ${carolsName}` }).click();
  await bob.getByRole('radio', { name: 'JSON' }).check();
  await bob.getByRole('textbox', { name: 'JSON value' }).fill('{ "share": }');
  await bob.getByRole('button', { name: 'Send' }).click();
  await expect(bob.getByText('That is not JSON')).toBeVisible();
  await bob.getByRole('textbox', { name: 'JSON value' }).fill('{ "share": 17, "__proto__": null }');
  await bob.getByRole('button', { name: 'Send' }).click();
  await expect(messages(bob).first()).toContainText(`Delivered to ${carolsName}`);
  await expect(messages(carol).first()).toContainText('"share": 17');
  await expect(messages(carol).first()).toContainText('"__proto__": null');

  // Byte for byte, and to one alone. What bob sent to carol before has not come here: there was nothing to wait for but this.
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 31) % 256));
  await carol.getByLabel('To', { exact: true }).selectOption(alicesName);
  await carol.getByRole('radio', { name: 'File' }).check();
  await carol.getByLabel('File, up to').setInputFiles({ name: 'table.bin', mimeType: '', buffer: bytes });
  await carol.getByRole('button', { name: 'Send' }).click();
  const link = alice.getByRole('link', { name: 'Download table.bin' });
  await expect(link).toBeVisible();
  const [download] = await Promise.all([alice.waitForEvent('download'), link.click()]);
  expect(download.suggestedFilename()).toBe('table.bin');
  expect((await readFile(await download.path())).equals(bytes)).toBe(true);
  await expect(messages(alice)).toHaveCount(2);
  await expect(messages(bob)).toHaveCount(2);

  await bob.close({ runBeforeUnload: true });
  for (const tab of [alice, carol]) {
    await expect(events(tab).filter({ hasText: `${bobsName} left: said goodbye` })).toHaveCount(1);
    await expect(peer(tab, bobsName)).toHaveCount(0);
  }
  expect(complaints).toEqual([]);
});

test('what was meant for one who left does not go to everyone', async ({ context }) => {
  const alice = await visit(context);
  const bob = await furtherTab(alice);
  const carol = await furtherTab(alice);
  const bobsName = await entered(bob);
  await alice.getByRole('button', { name: `Write to ${bobsName}` }).click();
  await bob.getByRole('button', { name: 'Leave' }).click();
  await expect(bob.getByRole('alert')).toContainText('You left the room.');
  await expect(peer(alice, bobsName)).toHaveCount(0);
  await alice.getByRole('textbox', { name: 'Text' }).fill('Just between us');
  await alice.getByRole('button', { name: 'Send' }).click();
  await expect(messages(alice)).toContainText(`Not to ${bobsName}, who left first.`);
  await alice.getByLabel('To', { exact: true }).selectOption('Everyone');
  await alice.getByRole('textbox', { name: 'Text' }).fill('For all');
  await alice.getByRole('button', { name: 'Send' }).click();
  await expect(messages(carol).first()).toContainText('For all');
  await expect(messages(carol)).toHaveCount(1);

  await bob.getByRole('button', { name: 'Join again' }).click();
  await entered(bob);
  await expect(peer(alice, bobsName)).toHaveCount(1);
});

test('a name that is taken is refused in words, and another is asked for', async ({ context }) => {
  const alice = await visit(context);
  const bob = await furtherTab(alice);
  const alicesName = await entered(alice);
  await bob.getByRole('button', { name: 'Rename' }).click();
  await bob.getByLabel('Your name').fill(alicesName);
  await bob.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(bob.getByRole('alert')).toHaveText(
    `The name “${alicesName}” is taken in this room. Choose another one.`,
  );
  await bob.getByLabel('Your name').fill('bob');
  await bob.getByRole('button', { name: 'Join', exact: true }).click();
  await entered(bob);
  await expect(bob.getByRole('alert')).toBeHidden();
  await expect(peer(alice, 'bob')).toBeVisible();
  await expect(peer(bob, alicesName)).toBeVisible();
});

test('the link of a room opens that room', async ({ context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const alice = await visit(context);
  await alice.getByRole('button', { name: 'Copy link' }).click();
  await expect(alice.getByText('The link is copied.')).toBeVisible();
  const link = await alice.evaluate(() => navigator.clipboard.readText());
  const bob = await visit(context, link);
  await expect(bob.getByRole('heading', { name: /^Room/ })).toHaveText(
    await alice.getByRole('heading', { name: /^Room/ }).innerText(),
  );
  await expect(peer(alice, await entered(bob))).toBeVisible();
});

test('without a signaling server it says so, and meets the tabs of this browser', async ({ context }) => {
  let reached = true;
  const signaling = ({ pathname }: URL): boolean => pathname.startsWith('/peerpool');
  const alice = await context.newPage();
  await alice.route(signaling, (route) => (reached ? route.continue() : route.abort()));
  await alice.routeWebSocket(signaling, (socket) => void (reached ? socket.connectToServer() : socket.close()));
  await alice.goto('/');
  await entered(alice);
  await alice.getByRole('button', { name: 'Leave' }).click();
  reached = false;
  await alice.getByRole('button', { name: 'Join again' }).click();
  await expect(alice.getByRole('alert')).toContainText('The signaling server was not reached');
  await alice.getByRole('button', { name: 'Meet only tabs of this browser' }).click();
  await expect(alice.getByText('Only tabs of this browser meet here.')).toBeVisible();
  // Not by the page's own button: a window that a routed page opens never comes.
  const bob = await visit(context, alice.url());
  await expect(peer(alice, await entered(bob))).toContainText(/within this browser, [\d.]+ m?s/);
});

test('a link that was cut off is refused in words, and one without a secret says what it is worth', async ({
  page,
}) => {
  await page.goto('/#room=sums&secret=abc');
  await expect(page.getByRole('alert')).toContainText('a part of its secret is missing');
  await page.getByRole('button', { name: 'Open a new room' }).click();
  await expect(page.getByText('Sealed: only who has the link can come in.')).toBeVisible();
  await page.goto('/#room=sums');
  await expect(page.getByText('Open: whoever knows its name can come in')).toBeVisible();
});

test('a room that is none is refused in words', async ({ page }) => {
  await page.goto('/#room=a%2Fb');
  await expect(page.getByRole('alert')).toContainText('"/" is not allowed in a room name');
  await page.getByRole('button', { name: 'Open a new room' }).click();
  await entered(page);
});

test('on an insecure origin, as on a phone, tabs meet and the link can be copied', async ({ playwright, baseURL }) => {
  const options = launchOptions(rememberedBrowser());
  const args = [...options.args, '--host-resolver-rules=MAP peerpool.test 127.0.0.1'];
  const browser = await playwright.chromium.launch({ ...options, args });
  try {
    const url = new URL(baseURL ?? '');
    url.hostname = 'peerpool.test';
    const alice = await visit(await browser.newContext(), url.href);
    expect(await alice.evaluate(() => isSecureContext)).toBe(false);
    const bob = await furtherTab(alice);
    await expect(peer(alice, await entered(bob))).toContainText('direct');
    await alice.getByRole('button', { name: 'Copy link' }).click();
    await expect(alice.getByText('The link is copied.')).toBeVisible();
    await alice.getByRole('textbox', { name: 'Text' }).focus();
    await alice.keyboard.press('ControlOrMeta+V');
    await expect(alice.getByRole('textbox', { name: 'Text' })).toHaveValue(alice.url());
  } finally {
    await browser.close();
  }
});

test('the examples stand beside the room, take its name along, and allow no more than it does', async ({ page }) => {
  await page.goto('/');
  await entered(page);
  const room = new URL(page.url()).hash;
  const policy = (): Promise<string | null> =>
    page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
  const strict = await policy();
  for (const example of ['Secure sum', 'Averaging', 'Work pool', 'Files']) {
    await page.getByRole('navigation', { name: 'Programs' }).getByRole('link', { name: example }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(example);
    await entered(page);
    expect(new URL(page.url()).hash).toBe(room);
    expect(await policy()).toBe(strict);
    await page.getByText('The whole program').click();
    await expect(page.locator('#source')).toContainText("from 'peerpool';");
  }
  await page.getByRole('link', { name: 'Room' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('peerpool');
  expect(new URL(page.url()).hash).toBe(room);
});
