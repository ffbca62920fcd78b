import { readFile } from 'node:fs/promises';
import { type BrowserContext, expect, type Page } from 'playwright/test';
import { launchOptions, rememberedBrowser } from './browser.mjs';
import { test } from './built-demo.ts';

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
  await carol.getByRole('radio', { name: 'Files' }).check();
  await carol.getByLabel('Files, of any size').setInputFiles({ name: 'table.bin', mimeType: '', buffer: bytes });
  await carol.getByRole('button', { name: 'Send' }).click();
  const link = alice.getByRole('link', { name: 'Save table.bin' });
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
  await alice.getByRole('button', { name: 'Copy the link' }).click();
  await expect(alice.getByText('The link is copied.')).toBeVisible();
  const link = await alice.evaluate(() => navigator.clipboard.readText());
  const bob = await visit(context, link);
  await expect(bob.getByRole('heading', { level: 2, name: /^Room/ })).toHaveText(
    await alice.getByRole('heading', { level: 2, name: /^Room/ }).innerText(),
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
    await alice.getByRole('button', { name: 'Copy the link' }).click();
    await expect(alice.getByText('The link is copied.')).toBeVisible();
    await alice.getByRole('textbox', { name: 'Text' }).focus();
    await alice.keyboard.press('ControlOrMeta+V');
    await expect(alice.getByRole('textbox', { name: 'Text' })).toHaveValue(alice.url());
  } finally {
    await browser.close();
  }
});

const happening = (page: Page) => page.locator('#happening');

test('links that one breaks are mended, and what is sent meanwhile arrives', async ({ context }) => {
  const alice = await visit(context);
  const bob = await furtherTab(alice);
  const carol = await furtherTab(alice);
  const alicesName = await entered(alice);
  for (const tab of [bob, carol]) await expect(peer(alice, await entered(tab))).toContainText('direct');
  await alice.getByRole('textbox', { name: 'Text' }).fill('In the dark');
  // Within one task, so that the message sets out while no link is there.
  await alice.evaluate(() => {
    document.querySelector<HTMLElement>('#break-all')?.click();
    document.querySelector<HTMLFormElement>('#composer')?.requestSubmit();
  });
  await expect(happening(alice)).toHaveText(
    /^Links to .+ and .+: connected after [\d.]+ m?s, nothing lost: the 20 messages sent meanwhile arrived, in order\.$/,
  );
  for (const tab of [bob, carol]) {
    await expect(messages(tab)).toContainText('In the dark');
    await expect(messages(tab)).toHaveCount(1);
    await expect(happening(tab)).toContainText(`Link to ${alicesName}: connected after`);
    await expect(events(tab).filter({ hasText: ' left: ' })).toHaveCount(0);
  }
  await expect(messages(alice)).toContainText('Delivered to');
  await alice.getByRole('button', { name: 'Break a link' }).click();
  await expect(happening(alice)).toContainText(/^Link to \S+: connected after .* nothing lost: the 10 messages/);
});

test('a tab without links says that there is none to break', async ({ context }) => {
  const alice = await visit(context);
  await alice.getByRole('button', { name: 'Break a link' }).click();
  await expect(happening(alice)).toHaveText('No link of this tab is connected, so there is none to break.');
});

test('one press opens three tabs', async ({ context }) => {
  const alice = await visit(context);
  await alice.getByRole('button', { name: 'Open 3 more' }).click();
  await expect(alice.getByRole('list', { name: 'Who is here' }).getByRole('listitem')).toHaveCount(3);
});

test('while the server is stopped who is here goes on, and a newcomer waits until it is started', async ({
  context,
  request,
  builtDemo,
}) => {
  const wish = async (what: 'stop' | 'start'): Promise<unknown> =>
    (await request.post(`/demo/signaling/${what}`, { headers: { origin: builtDemo } })).json();
  const alice = await visit(context);
  const bob = await furtherTab(alice);
  await expect(peer(alice, await entered(bob))).toContainText('direct');
  await alice.getByRole('button', { name: 'Stop the server' }).click();
  for (const tab of [alice, bob]) {
    await expect(happening(tab)).toContainText('The signaling server is stopped.');
    await expect(tab.locator('#signaling')).toContainText(/No newcomers|Looking for/);
  }
  // Twice is as good as once.
  expect(await wish('stop')).toEqual({ running: false });
  await alice.getByRole('textbox', { name: 'Text' }).fill('Still here?');
  await alice.getByRole('textbox', { name: 'Text' }).press('Enter');
  await expect(messages(bob)).toContainText('Still here?');

  const carol = await context.newPage();
  await carol.goto(alice.url());
  await expect(carol.getByRole('alert')).toContainText('This tab waits, and joins when the server is started again.');
  await expect(carol.getByText('you, not here')).toBeVisible();
  await bob.getByRole('button', { name: 'Start the server' }).click();
  await entered(carol);
  await expect(carol.getByRole('alert')).toBeHidden();
  const carolsName = await entered(carol);
  for (const tab of [alice, bob]) {
    await expect(peer(tab, carolsName)).toContainText('direct');
    await expect(events(tab).filter({ hasText: ' left: ' })).toHaveCount(0);
    await expect(happening(tab)).toContainText('The signaling server runs again.');
  }
  expect(await wish('start')).toEqual({ running: true });
  await expect(carol.getByRole('button', { name: 'Stop the server' })).toBeVisible();
});

test('another site cannot switch the server', async ({ request }) => {
  const response = await request.post('/demo/signaling/stop', { headers: { origin: 'https://example.org' } });
  expect(response.status()).toBe(403);
  expect(await (await request.get('/demo/signaling')).json()).toEqual({ running: true });
});

test('five pages in one frame: each takes the room along, shows its program, and fits a phone', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('/');
  await entered(page);
  const room = new URL(page.url()).hash;
  const policy = (): Promise<string | null> =>
    page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
  const strict = await policy();
  for (const title of ['Private average', 'Whiteboard', 'Work pool', 'Learning', 'Room']) {
    await page.getByRole('navigation', { name: 'Programs' }).getByRole('link', { name: title }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
    await expect(page).toHaveTitle(new RegExp(`${title} · peerpool$`));
    await expect(page.getByRole('link', { name: title })).toHaveAttribute('aria-current', 'page');
    await entered(page);
    expect(new URL(page.url()).hash).toBe(room);
    expect(await policy()).toBe(strict);
    for (const control of ['Open another tab', 'Break a link', 'Stop the server', 'Inspector'])
      await expect(page.getByRole('button', { name: control })).toBeVisible();
    await page.getByText('The whole program').click();
    await expect(page.locator('#source')).toContainText("from 'peerpool';");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  }
});
