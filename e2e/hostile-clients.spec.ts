import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test as base, type BrowserContext, expect, type Page } from 'playwright/test';
import type * as Peerpool from '../client/src/index.ts';
import { freshRoom, startPool } from './pools.ts';
import { ServerProcess } from '../signaling-server/testing/server-process.ts';
import { MODULE } from './sources.ts';

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'];
/**
 * Newcomers, in turns: three while the attacker is stopped, three while it goes on. What else this machine has to do changes from
 * one second to the next, and so falls on both alike.
 */
const TURNS = 5;
const JOINS = 3;

declare global {
  /** What a page says to each of the others, without a pause: rounds, counted from 0. */
  var talk: { rounds: number; heard: Record<string, number>; wrong: string[]; over: boolean; ended: Promise<void> };
}

const test = base.extend<{ server: ServerProcess }>({
  // Playwright reads from the first argument what a fixture needs: nothing.
  // oxlint-disable-next-line no-empty-pattern
  server: async ({}, use) => {
    const server = await ServerProcess.start();
    await use(server);
    await server.stop();
  },
});

async function open(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(MODULE);
  return page;
}

/** Every round goes to each of the others, and the next begins when all have it. */
function talkTo(page: Page, others: readonly string[]): Promise<void> {
  return page.evaluate((others) => {
    const talk: typeof globalThis.talk = { rounds: 0, heard: {}, wrong: [], over: false, ended: Promise.resolve() };
    globalThis.talk = talk;
    pool.onMessage((message) => {
      const expected = talk.heard[message.sender] ?? 0;
      if (message.value !== expected) talk.wrong.push(`${message.sender} ${String(message.value)}, not ${expected}`);
      talk.heard[message.sender] = expected + 1;
    });
    talk.ended = (async () => {
      while (!talk.over) {
        await Promise.all(others.map((other) => pool.send(other, talk.rounds)));
        talk.rounds += 1;
        // Ten rounds a second: what is under attack is the server, and not the two cores.
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
  }, others);
}

/** Milliseconds until a newcomer is in the room and connected to all eight. */
function join(page: Page, room: string, url: string, name: string): Promise<number> {
  return page.evaluate(
    async ({ room, url, name, module }) => {
      const { Pool, WebRTCCommunicator } = (await import(module)) as typeof Peerpool;
      const pool = new Pool(name, new WebRTCCommunicator({ room, url }));
      const began = performance.now();
      await pool.initialize({ timeout: 20_000 });
      const took = performance.now() - began;
      if (pool.clients.size !== 8) throw new Error(`it met ${pool.clients.size}`);
      await pool.shutdown();
      return took;
    },
    { room, url, name, module: MODULE },
  );
}

async function joins(page: Page, room: string, url: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) times.push(await join(page, room, url, 'newcomer'));
  return times;
}

/** What the attacker tells of what was done to it; see `attacker.mjs`, which says how much it does. */
type Report = Readonly<
  Record<'turnedAway' | 'dropped' | 'joinsRefused' | 'joins' | 'signals' | 'cut' | 'open', number>
>;

async function until(attacker: ChildProcess, enough: (report: Report) => boolean): Promise<Report> {
  for (;;) {
    const [report] = (await once(attacker, 'message')) as [Report];
    if (enough(report)) return report;
  }
}

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1] ?? NaN;

const shown = (times: readonly number[]): string => `${median(times).toFixed(0)} ms`;

test('a pool of eight goes on, and newcomers join it, while somebody floods the server', async ({
  context,
  server,
}) => {
  test.skip(process.platform !== 'linux', 'elsewhere 127.0.0.2 is no address of this machine');
  test.setTimeout(150_000);
  const room = freshRoom();
  const pages: Page[] = [];
  for (const name of NAMES) {
    const page = await open(context);
    await startPool(page, { name, room, url: server.url });
    pages.push(page);
  }
  await Promise.all(pages.map((page) => page.evaluate(() => pool.waitFor(7, { timeout: 20_000 }))));
  await Promise.all(pages.map((page, index) => talkTo(page, NAMES.toSpliced(index, 1))));

  const newcomer = await open(context);
  // The first loads the library.
  await joins(newcomer, room, server.url, 1);
  const before = await joins(newcomer, room, server.url, JOINS);
  const attacker = fork(fileURLToPath(new URL('attacker.mjs', import.meta.url)), [server.url]);
  const without: number[] = [];
  const during: number[] = [];
  let report: Report;
  try {
    // Its bursts are spent: from here on it is far above every limit.
    await until(
      attacker,
      ({ turnedAway, dropped, joinsRefused }) => turnedAway > 100 && dropped > 10 && joinsRefused > 0,
    );
    for (let turn = 0; turn < TURNS; turn++) {
      attacker.kill('SIGSTOP');
      without.push(...(await joins(newcomer, room, server.url, JOINS)));
      attacker.kill('SIGCONT');
      await until(attacker, () => true);
      during.push(...(await joins(newcomer, room, server.url, JOINS)));
    }
    report = await until(attacker, () => true);
  } finally {
    const ended = attacker.exitCode === null && once(attacker, 'close');
    attacker.kill('SIGKILL');
    await ended;
  }

  await Promise.all(pages.map((page) => page.evaluate(() => ((talk.over = true), talk.ended))));
  const rounds = await Promise.all(pages.map((page) => page.evaluate(() => talk.rounds)));
  for (const [index, page] of pages.entries()) {
    const expected = Object.fromEntries(
      NAMES.flatMap((name, other) => (other === index ? [] : [[name, rounds[other]]])),
    );
    await expect.poll(() => page.evaluate(() => talk.heard)).toEqual(expected);
    expect(await page.evaluate(() => talk.wrong)).toEqual([]);
    const told = await page.evaluate(() => globalThis.told.filter((line) => !/newcomer/.test(line)));
    expect(told.filter((line) => /^(leave|error|restart)|disconnected/.test(line))).toEqual([]);
  }
  const { refusals, socketsRefused } = await server.health();
  process.stdout.write(
    `join, median: ${shown(before)} before the attack, ${shown(without)} while it rests, ${shown(during)} while it goes on; ` +
      `messages: ${rounds.reduce((sum, each) => sum + each * 7, 0)}, none lost; ` +
      `attacker: ${JSON.stringify(report)}; server: ${JSON.stringify({ ...refusals, socketsRefused })}\n`,
  );
  expect(refusals['rate-limited']).toBeGreaterThan(100);
  expect(refusals['too-large']).toBeGreaterThan(0);
  expect(median(during)).toBeLessThan(2 * median(without));
});
