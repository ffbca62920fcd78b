import { type BrowserContext, expect, test } from 'playwright/test';
import type { Pool, PoolEvents } from '../client/src/index.ts';
import { House } from './chaos/house.ts';
import { MortalServer } from './mortal-server.ts';
import { Processes } from './chaos/processes.ts';
import { projectTabs } from './project-tabs.ts';
import { median, publish, spoken } from './tables.ts';
import type { Tab } from './tabs.ts';

/** How often each end that takes no time is measured. */
const SAMPLES = 5;
const BULK_BYTES = 4 * 2 ** 20;

/** In ms. What is promised is a tenth of the first; the rest is for machines that have other things to do. */
const AT_ONCE = 1000;
const SOON = 5000;
const KILLED = 10_000 + 5000;
/** Eight to ten seconds of silence, then 30 without a link. */
const LOST = 40_000 + 10_000;
/** A few large messages have come, on a machine that is busy with other things too. */
const FLOWING = 60_000;

/** What a survivor saw of one kind of end: `seen` are reasons of `leave`, or states of `link`; `times` in ms, from the command on. */
function report(end: string, times: readonly number[], seen: readonly string[]): void {
  const row = {
    'what happens': end,
    'the others see': [...new Set(seen)].join(', '),
    'after, in the median': spoken(median(times)),
    worst: spoken(Math.max(...times)),
    samples: times.length,
  };
  publish('Departures', [row]);
}

type Seen =
  | ({ readonly at: number; readonly type: 'leave' } & PoolEvents['leave'])
  | ({ readonly at: number; readonly type: 'link' } & PoolEvents['link'])
  | ({ readonly at: number; readonly type: 'state' } & PoolEvents['state']);

declare global {
  /** What the page's pool saw of the others, at times in ms since 1970. */
  var seen: Seen[];
  /** Large messages that came. */
  var taken: number;
  /** Why the sending of large messages ended. */
  var rejected: string[];
}

/** Runs in the page. */
function watch(pool: Pool): void {
  globalThis.seen = [];
  globalThis.taken = 0;
  globalThis.rejected = [];
  pool.on('leave', (event) => seen.push({ at: Date.now(), type: 'leave', ...event }));
  pool.on('link', (event) => seen.push({ at: Date.now(), type: 'link', ...event }));
  pool.on('state', (event) => seen.push({ at: Date.now(), type: 'state', ...event }));
}

/** Runs in the page: large messages without end, two at a time, to somebody who does the same. */
function flood(pool: Pool, { to, size }: { readonly to: string; readonly size: number }): void {
  const bytes = new Uint8Array(size);
  pool.onMessage(() => void taken++, 'flood');
  const send = async (): Promise<never> => {
    for (;;) await pool.send(to, bytes, 'flood');
  };
  for (let lane = 0; lane < 2; lane++) send().catch((error: unknown) => void rejected.push(String(error)));
}

async function departure(
  survivor: Tab,
  name: string,
  within: number,
): Promise<PoolEvents['leave'] & { readonly at: number }> {
  const left = () =>
    survivor.page.evaluate((who) => seen.find((event) => event.type === 'leave' && event.name === who), name);
  await expect.poll(left, { timeout: within, intervals: [50, 200, 500] }).toBeTruthy();
  return (await left()) as PoolEvents['leave'] & { readonly at: number };
}

async function signalingIs(tab: Tab, state: string): Promise<void> {
  await expect
    .poll(() => tab.page.evaluate(() => seen.findLast((event) => event.type === 'state')?.signaling))
    .toBe(state);
}

interface Scene {
  readonly survivor: Tab;
  readonly victims: readonly Tab[];
  readonly server: MortalServer;
}

/** A survivor, and so many others in contexts of their own, all connected, around a server of their own. */
async function inScene(
  newContexts: readonly (() => Promise<BrowserContext>)[],
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const server = await MortalServer.start();
  const contexts: BrowserContext[] = [];
  try {
    const options = { room: 'departures', signaling: { url: server.url } };
    const opened = newContexts.map(async (newContext, number) => {
      const context = await newContext();
      contexts.push(context);
      const [tab] = await projectTabs(context, [number === 0 ? 'survivor' : `victim${number}`], options);
      return tab;
    });
    const [survivor, ...victims] = await Promise.all(opened);
    if (survivor === undefined) throw new Error('nobody survives');
    const everybody = [survivor, ...victims];
    await Promise.all(everybody.map((tab) => tab.evaluate((pool, others) => pool.waitFor(others), victims.length)));
    await Promise.all(everybody.map((tab) => tab.evaluate(watch)));
    await play({ survivor, victims, server });
  } finally {
    await Promise.all(contexts.map((context) => context.close()));
    await server.kill();
  }
}

interface Goodbye {
  readonly end: string;
  readonly go: (tab: Tab) => Promise<unknown>;
  /** With large messages both ways. */
  readonly flooded?: boolean;
  readonly down?: boolean;
}

const close = (tab: Tab): Promise<void> => tab.close();

const goodbyes: readonly Goodbye[] = [
  { end: 'tab closed', go: close },
  { end: 'navigated away', go: (tab) => tab.page.goto('about:blank') },
  { end: 'reloaded', go: (tab) => tab.page.reload() },
  { end: '`pool.shutdown()`', go: (tab) => tab.evaluate((pool) => pool.shutdown()) },
  { end: 'tab closed, large messages both ways', go: close, flooded: true },
  { end: 'tab closed, signaling server down', go: close, down: true },
];

/** Large messages are sent both ways, and flow. Between two busy processes Chromium's SCTP starves one direction now and then, as it does with bare channels. */
async function floodBoth(survivor: Tab, victim: Tab): Promise<void> {
  await victim.evaluate(flood, { to: 'survivor', size: BULK_BYTES });
  await survivor.evaluate(flood, { to: victim.name, size: BULK_BYTES });
  const before = await survivor.page.evaluate(() => taken);
  const flown = async (): Promise<number> =>
    (await victim.page.evaluate(() => taken)) + (await survivor.page.evaluate(() => taken)) - before;
  await expect.poll(flown, { timeout: FLOWING }).toBeGreaterThan(3);
}

/** Whoever sent to it was told, twice, for there were two on their way. */
async function expectRejected(survivor: Tab): Promise<void> {
  const ended = await survivor.page.evaluate(() => rejected.splice(0));
  expect(ended).toEqual(Array(2).fill(expect.stringMatching(/^PoolError: peer-left: /)));
}

async function takeDown({ survivor, victims, server }: Scene): Promise<void> {
  await server.kill();
  await Promise.all([survivor, ...victims].map((tab) => signalingIs(tab, 'disconnected')));
}

for (const { end, go, flooded = false, down = false } of goodbyes) {
  test(`${end}: the others know at once, by a goodbye`, { tag: flooded ? ['@long'] : [] }, async ({ browser }) => {
    test.setTimeout(180_000);
    const contexts = Array.from({ length: SAMPLES + 1 }, () => () => browser.newContext());
    await inScene(contexts, async (scene) => {
      const { survivor, victims } = scene;
      if (down) await takeDown(scene);
      const times: number[] = [];
      const reasons: string[] = [];
      for (const victim of victims) {
        if (flooded) await floodBoth(survivor, victim);
        const at = Date.now();
        const gone = go(victim);
        const left = await departure(survivor, victim.name, LOST);
        await gone;
        if (flooded) await expectRejected(survivor);
        times.push(left.at - at);
        reasons.push(left.reason);
      }
      report(end, times, reasons);
      expect(reasons).toEqual(Array(SAMPLES).fill('goodbye'));
      expect(median(times)).toBeLessThan(AT_ONCE);
      expect(Math.max(...times)).toBeLessThan(SOON);
    });
  });
}

test(
  'tab closed, server down, large messages both ways: the others know, by a goodbye or when it is lost',
  {
    tag: '@long',
  },
  async ({ browser }) => {
    test.setTimeout(300_000);
    const victims = 3;
    const contexts = Array.from({ length: victims + 1 }, () => () => browser.newContext());
    await inScene(contexts, async (scene) => {
      const { survivor } = scene;
      await takeDown(scene);
      const times: number[] = [];
      const reasons: string[] = [];
      for (const victim of scene.victims) {
        await floodBoth(survivor, victim);
        const at = Date.now();
        await victim.close();
        const left = await departure(survivor, victim.name, LOST);
        await expectRejected(survivor);
        times.push(left.at - at);
        reasons.push(left.reason);
      }
      report('tab closed, server down, large messages both ways', times, reasons);
      // The goodbye is one packet of UDP, behind a full window, and nobody is left to send it again.
      expect(new Set([...reasons, 'goodbye', 'lost'])).toEqual(new Set(['goodbye', 'lost']));
    });
  },
);

test.describe('of those who say nothing', { tag: '@long' }, () => {
  test.setTimeout(120_000);

  /** In two browsers: the survivor's, and the others'. */
  async function inTwoHouses(
    baseURL: string | undefined,
    victims: number,
    play: (scene: Scene & { readonly house: House }) => Promise<void>,
  ): Promise<void> {
    const houses: House[] = [];
    try {
      for (let count = 0; count < 2; count++) houses.push(await House.build(baseURL ?? ''));
      const [own, house] = houses as [House, House];
      const contexts = [() => own.context(), ...Array.from({ length: victims }, () => () => house.context())];
      await inScene(contexts, (scene) => play({ ...scene, house }));
    } finally {
      await Promise.all(houses.map((house) => house.close()));
    }
  }

  const kills = [
    { end: 'renderer process killed', whole: false, down: false, reason: 'killed', within: KILLED },
    { end: 'browser killed', whole: true, down: false, reason: 'killed', within: KILLED },
    { end: 'renderer process killed, server down', whole: false, down: true, reason: 'lost', within: LOST },
  ] as const;

  for (const { end, whole, down, reason, within } of kills) {
    test(`${end}: the others know within ${within / 1000} s, ${reason}`, async ({ baseURL }) => {
      await inTwoHouses(baseURL, 3, async ({ survivor, victims, server, house }) => {
        const processes = new Processes();
        const pids = [];
        for (const victim of victims) pids.push(await house.process(victim.page));
        if (down) {
          await server.kill();
          await signalingIs(survivor, 'disconnected');
        }
        const at = Date.now();
        if (whole) await house.kill();
        else for (const pid of pids) processes.kill(pid);
        const left = await Promise.all(victims.map(({ name }) => departure(survivor, name, within)));
        const times = left.map((event) => event.at - at);
        report(
          end,
          times,
          left.map((event) => event.reason),
        );
        expect(new Set(left.map((event) => event.reason))).toEqual(new Set([reason]));
        expect(Math.max(...times)).toBeLessThan(within);
      });
    });
  }

  const pauses = [
    // Who is stopped answers nothing at all, so its link goes; whose page computes, keeps it.
    { end: 'process stopped for 20 s, from its end on', ms: 20_000, stopped: true, first: /connecting|unresponsive/ },
    { end: 'computing for 40 s, from its end on', ms: 40_000, stopped: false, first: /unresponsive/ },
  ] as const;

  for (const { end, ms, stopped, first } of pauses) {
    test(`${end}: nobody has left, and nothing is lost`, async ({ baseURL }) => {
      await inTwoHouses(baseURL, 1, async ({ survivor, victims, house }) => {
        const [victim] = victims as [Tab];
        const processes = new Processes();
        const pid = await house.process(victim.page);
        try {
          const heard = victim.evaluate((pool) => pool.recv('survivor', { timeout: Infinity }));
          const at = Date.now();
          const paused = stopped ? processes.freeze(pid, ms) : victim.evaluate(compute, ms);
          const sent = survivor.evaluate((pool) => pool.send('victim1', 'meanwhile'));
          await paused;
          await sent;
          expect(await heard).toBe('meanwhile');
          await expect.poll(() => survivor.evaluate((pool) => pool.connected('victim1'))).toBe(true);
          const events = await survivor.page.evaluate(() => seen);
          const links = events.flatMap((event) => (event.type === 'link' ? event : []));
          const back = links.at(-1);
          report(
            end,
            [(back?.at ?? Number.NaN) - at - ms],
            links.map(({ state }) => `\`${state}\``),
          );
          expect(events.filter(({ type }) => type === 'leave')).toEqual([]);
          expect(await victim.page.evaluate(() => seen.filter(({ type }) => type === 'leave'))).toEqual([]);
          expect(links.at(0)?.state).toMatch(first);
          expect(back?.state).toBe('connected');
        } finally {
          processes.release();
        }
      });
    });
  }
});

/** Runs in the page. */
function compute(_pool: Pool, ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) Math.random();
}
