import { setTimeout as lasting } from 'node:timers/promises';
import { type BrowserContext, expect, test } from 'playwright/test';
import {
  type Conditions,
  type Report,
  shapedTab,
  type ShapedTab,
  type ShapedTabOptions,
  type Talk,
  talk,
} from './network.ts';
import { publish } from './tables.ts';

const MEGABIT = 1_000_000 / 8;

/** What ordinary routers hold: at 1 Mbit/s two thirds of a second. */
const ROUTER_QUEUE = 64;

/** Which promises end how when a peer is gone and before it is back. */
const REJECTIONS = /^(peer-left|unknown-peer|unreachable) (none|unknown)$/;

/** What a busy machine may take for a few thousand rejections, in ms. */
const AT_ONCE = 2_000;

/** How long a pair is tried to be connected, in ms. */
const CONNECT_TIMEOUT = 15_000;

interface Couple {
  readonly alice: ShapedTab;
  readonly bob: ShapedTab;
}

let couples = 0;

/** Two tabs that send each other messages of mixed sizes all along. What is done to alice's network is done to everything between the two. */
async function couple(
  context: BrowserContext,
  times: ShapedTabOptions['times'] = {},
  { every = 25, largeEvery = 40, largeBytes = 40_000 }: Partial<Talk> = {},
): Promise<Couple> {
  const room = `faults-${Date.now()}-${couples++}`;
  const [alice, bob] = await Promise.all([
    shapedTab(context, { room, name: 'alice', times }),
    shapedTab(context, { room, name: 'bob', times }),
  ]);
  for (const [tab, peer] of [
    [alice, 'bob'],
    [bob, 'alice'],
  ] as const) {
    await tab.pool.evaluate((pool, peer) => pool.waitFor(peer), peer);
    await tab.pool.evaluate(talk, { peer, every, largeEvery, largeBytes });
  }
  await flowing({ alice, bob });
  return { alice, bob };
}

/** How long it takes, in ms, until what is said from now on arrives both ways. */
async function flowing({ alice, bob }: Couple): Promise<number> {
  const since = performance.now();
  await Promise.all([alice, bob].map(({ page }) => page.evaluate(() => globalThis.traffic.flowing())));
  return Math.round(performance.now() - since);
}

/** Ends the traffic. Every promise settles, and what was delivered is heard. */
async function reports(pair: Couple): Promise<{ readonly alice: Report; readonly bob: Report }> {
  const pages = [pair.alice.page, pair.bob.page] as const;
  await Promise.all(pages.map((page) => page.evaluate(() => globalThis.traffic.stop())));
  const report = (): Report => globalThis.traffic.report();
  const [fromAlice, fromBob] = await Promise.all([pages[0].evaluate(report), pages[1].evaluate(report)]);
  await pages[0].evaluate((count) => globalThis.traffic.heard(count), delivered(fromBob));
  await pages[1].evaluate((count) => globalThis.traffic.heard(count), delivered(fromAlice));
  const [alice, bob] = await Promise.all([pages[0].evaluate(report), pages[1].evaluate(report)]);
  return { alice, bob };
}

function delivered({ sent }: Report): number {
  return sent.filter(({ outcome }) => outcome === 'delivered').length;
}

/** Everything that was sent arrived, once and in order, and nobody left. */
function expectWhole(from: Report, to: Report): void {
  for (const id of ['small', 'large']) {
    const sent = from.sent.filter((message) => message.id === id);
    expect(sent.filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    expect(to.heard[id]).toEqual(sent.map(({ number }) => number));
  }
  expect(from.events.filter(({ event }) => /leave|join|restart/.test(event))).toEqual([]);
}

/** The other side left, once, for that reason, and came back. What was pending was rejected then; what arrived did so once and in order, and not what is said not to have arrived. */
function expectParted(from: Report, to: Report, reason: string): void {
  const departures = from.events.filter(({ event }) => event.startsWith('leave'));
  expect(departures.map(({ event }) => event)).toEqual([`leave ${reason}`]);
  expect(from.events.filter(({ event }) => event === 'join')).toHaveLength(1);
  const left = departures[0]?.at ?? 0;
  const failed = from.sent.filter(({ outcome }) => outcome !== 'delivered');
  expect(failed.filter(({ outcome = 'pending' }) => !REJECTIONS.test(outcome))).toEqual([]);
  // Who is in the room is called again; what is sent then waits for what becomes of that.
  const patience = (outcome = ''): number => (outcome.startsWith('unreachable') ? CONNECT_TIMEOUT : 0) + AT_ONCE;
  const late = failed.filter(({ at, settled = Infinity, outcome }) => settled - Math.max(at, left) > patience(outcome));
  expect(late).toEqual([]);
  for (const id of ['small', 'large']) {
    const heard = to.heard[id] ?? [];
    const sent = from.sent.filter((message) => message.id === id);
    expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b));
    const arrived = new Set(heard);
    expect(sent.filter(({ outcome, number }) => outcome === 'delivered' && !arrived.has(number))).toEqual([]);
    expect(sent.filter(({ outcome, number }) => outcome?.endsWith('none') && arrived.has(number))).toEqual([]);
  }
}

/** One row of the table. `since`: when the fault began. */
function row(
  fault: string,
  { alice, bob, until, since }: { alice: Report; bob: Report; until: number | string; since: number },
): Record<string, string | number> {
  const story = ({ events }: Report): string =>
    events
      .filter(({ event }) => /^(link|leave|join)/.test(event))
      .map(({ at, event }) => `${event.replace('link ', '')} ${((at - since) / 1000).toFixed(1)} s`)
      .join(', ') || '–';
  const [sent, arrived] = [alice, bob].reduce(
    ([all, good], report) => [all + report.sent.length, good + delivered(report)],
    [0, 0],
  );
  return {
    fault,
    'flows again after, ms': until,
    'alice heard': story(alice),
    'bob heard': story(bob),
    reconnects: alice.reconnects,
    sent,
    delivered: arrived,
    rejected: sent - arrived,
  };
}

interface Outage {
  readonly fault: string;
  readonly conditions: Conditions;
  readonly ms: number;
  readonly times?: ShapedTabOptions['times'];
  /** Why alice and bob say that the other left, where they do. */
  readonly parted?: readonly [alice: string, bob: string];
}

/** The network of a couple is cut for a while, and comes back. */
async function outage(context: BrowserContext, { fault, conditions, ms, times, parted }: Outage) {
  const pair = await couple(context, times);
  const since = Date.now();
  await pair.alice.network(conditions);
  await lasting(ms);
  await pair.alice.network();
  const until = await flowing(pair);
  const { alice, bob } = await reports(pair);
  if (parted === undefined) {
    expectWhole(alice, bob);
    expectWhole(bob, alice);
  } else {
    expectParted(alice, bob, parted[0]);
    expectParted(bob, alice, parted[1]);
  }
  return row(fault, { alice, bob, until, since });
}

const percentile = (sorted: readonly number[], share: number): string =>
  String(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? '–');

/** One large message over a thin line, and small ones both ways meanwhile: how long they take there and back. */
async function thinLine(context: BrowserContext, line: string, conditions: Conditions, bytes: number) {
  const pair = await couple(context, {}, { largeEvery: Infinity });
  await pair.alice.network(conditions);
  const begin = Date.now();
  const whole = pair.bob.pool.evaluate(async (pool, bytes) => {
    const value = await pool.recv<Uint8Array>('alice', { msgId: 'bulk', timeout: 60_000 });
    return value.length === bytes && value.every((byte) => byte === 7);
  }, bytes);
  await pair.alice.pool.evaluate((pool, bytes) => pool.send('bob', new Uint8Array(bytes).fill(7), 'bulk'), bytes);
  const end = Date.now();
  expect(await whole).toBe(true);
  await pair.alice.network();
  const until = await flowing(pair);
  const { alice, bob } = await reports(pair);
  expectWhole(alice, bob);
  expectWhole(bob, alice);
  const trips = [...alice.sent, ...bob.sent]
    .filter(({ at }) => at >= begin && at < end)
    .map(({ at, settled = Number.NaN }) => settled - at)
    .sort((a, b) => a - b);
  return {
    line,
    'large message': `${bytes} B in ${((end - begin) / 1000).toFixed(1)} s`,
    'Mbit/s': ((bytes * 8) / (end - begin) / 1000).toFixed(2),
    'small messages': trips.length,
    'round trip p50, ms': percentile(trips, 0.5),
    'p95, ms': percentile(trips, 0.95),
    'longest, ms': percentile(trips, 1),
    'flows again after, ms': until,
  };
}

test('50 ms each way with one packet in a hundred lost: nothing is lost, and nobody looks for another link', async ({
  context,
}) => {
  const pair = await couple(context);
  const since = Date.now();
  await pair.alice.network({ latency: 50, packetLoss: 1 });
  await lasting(2_000);
  const rtt = await pair.alice.pool.evaluate((pool) => pool.ping('bob'));
  // It can be seen to be in force.
  expect(rtt).toBeGreaterThan(99);
  await pair.alice.network();
  const until = await flowing(pair);
  const { alice, bob } = await reports(pair);
  expectWhole(alice, bob);
  expectWhole(bob, alice);
  expect([alice.reconnects, bob.reconnects]).toEqual([0, 0]);
  publish('50 ms each way, 1 % loss', [row('50 ms, 1 % for 2 s', { alice, bob, until, since })]);
});

test('five seconds without a network, with the signaling server or without: nothing is lost', async ({ context }) => {
  const rows = await Promise.all([
    outage(context, { fault: 'no packets, 5 s', conditions: { packetLoss: 100 }, ms: 5_000 }),
    outage(context, { fault: 'offline, 5 s', conditions: { offline: true }, ms: 5_000 }),
  ]);
  publish('Blackouts', rows);
});

test('1 Mbit/s with a large and many small messages', async ({ context }) => {
  publish('1 Mbit/s', [await thinLine(context, '1 Mbit/s', { throughput: MEGABIT }, 200_000)]);
});

test('blackouts of 20 and 60 s, and thin lines', { tag: '@long' }, async ({ context }) => {
  test.setTimeout(300_000);
  const dark: Conditions = { packetLoss: 100 };
  const rows = await Promise.all([
    outage(context, { fault: 'no packets, 20 s', conditions: dark, ms: 20_000 }),
    // Gone as far as the server can see, and silent: after eight seconds nobody waits any more.
    outage(context, { fault: 'offline, 20 s', conditions: { offline: true }, ms: 20_000, parted: ['lost', 'killed'] }),
    outage(context, { fault: 'no packets, 60 s', conditions: dark, ms: 60_000, parted: ['lost', 'lost'] }),
    outage(context, {
      fault: 'no packets, 60 s, `reconnectTimeout` 120 s',
      conditions: dark,
      ms: 60_000,
      times: { reconnectTimeout: 120_000 },
    }),
  ]);
  publish('Blackouts', rows);
  publish('1 Mbit/s', [
    await thinLine(context, 'router that holds everything', { throughput: MEGABIT }, 500_000),
    await thinLine(context, 'router that holds 64 packets', { throughput: MEGABIT, queue: ROUTER_QUEUE }, 500_000),
    await thinLine(context, '… and 50 ms', { throughput: MEGABIT, queue: ROUTER_QUEUE, latency: 50 }, 500_000),
  ]);
});
