import type { BrowserContext, CDPSession, JSHandle, Page } from 'playwright/test';
import type * as Peerpool from '../client/src/index.ts';
import type { Pool, PoolOptions, WebRTCCommunicatorOptions } from '../client/src/index.ts';
import { MODULE } from './sources.ts';

/** What is done to everything that this page sends and receives. */
export interface Conditions {
  /** Milliseconds, each way. */
  readonly latency?: number;
  /** Of its packets over WebRTC, in percent. The signaling socket loses none. */
  readonly packetLoss?: number;
  /** Bytes a second, each way. */
  readonly throughput?: number;
  /** How many packets of WebRTC wait where the throughput is short; more are lost, as in any router. Without it none is, and they wait for ever longer. */
  readonly queue?: number;
  /** No network at all: the signaling socket closes, and `navigator.onLine` is false. */
  readonly offline?: boolean;
}

/** Chromium shapes the connections that were made while something was shaped, and only those. */
const LEAST = 1;

/** One page with one pool, behind a network of its own. */
export interface ShapedTab {
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly pool: JSHandle<Pool>;
  /** From here on, also for connections that stand. */
  network(conditions?: Conditions): Promise<void>;
}

export interface ShapedTabOptions {
  readonly room: string;
  readonly name: string;
  readonly times?: Pick<WebRTCCommunicatorOptions, 'reconnectTimeout' | 'connectTimeout'>;
  readonly pool?: Pick<PoolOptions, 'inboxLimit' | 'outboxLimit' | 'maxMessageSize'>;
}

/** Opens a page whose network can be changed, and starts a pool in it. */
export async function shapedTab(
  context: BrowserContext,
  { room, name, times = {}, pool: limits = {} }: ShapedTabOptions,
): Promise<ShapedTab> {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  const network = async ({
    latency = LEAST,
    packetLoss = 0,
    throughput = -1,
    queue = 0,
    offline = false,
  }: Conditions = {}): Promise<void> => {
    await cdp.send('Network.emulateNetworkConditions', {
      offline,
      latency,
      packetLoss,
      packetQueueLength: queue,
      downloadThroughput: throughput,
      uploadThroughput: throughput,
    });
  };
  await page.goto(MODULE);
  await network();
  const pool = await page.evaluateHandle(
    async ({ module, room, name, times, limits }) => {
      const { Pool, WebRTCCommunicator } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
      const pool = new Pool(name, new WebRTCCommunicator({ room, ...times }), limits);
      await pool.initialize();
      return pool;
    },
    { module: MODULE, room, name, times, limits },
  );
  return { page, cdp, pool, network };
}

/** A message, as its sender remembers it. Times are milliseconds since 1970, so that tabs can be compared. */
export interface Sent {
  readonly id: string;
  readonly number: number;
  readonly at: number;
  /** `delivered`, or the code and the delivery of the error; `undefined` until its promise settles. */
  outcome?: string;
  settled?: number;
}

export interface Report {
  readonly sent: readonly Sent[];
  /** Numbers in the order in which they came, by id. */
  readonly heard: Readonly<Record<string, readonly number[]>>;
  /** `link connecting`, `leave lost`, `join`, `restart`. */
  readonly events: readonly { readonly at: number; readonly event: string }[];
  readonly reconnects: number;
}

export interface Traffic {
  /** Sends no more; resolves when every promise has settled. */
  stop(): Promise<void>;
  /** Resolves when this many messages were heard. */
  heard(count: number): Promise<void>;
  /** Resolves when a message that was sent after this was delivered. */
  flowing(): Promise<void>;
  report(): Report;
}

declare global {
  var traffic: Traffic;
}

export interface Talk {
  readonly peer: string;
  /** Milliseconds from one message to the next. */
  readonly every: number;
  /** Each so many messages is a large one, of so many bytes; the others have up to 300. */
  readonly largeEvery: number;
  readonly largeBytes: number;
}

/** Runs in the page: sends numbered messages of mixed sizes until it is stopped, whatever becomes of them, and writes down what it hears. */
export function talk(pool: Pool, { peer, every, largeEvery, largeBytes }: Talk): void {
  const sent: Sent[] = [];
  const heard: Record<string, number[]> = { small: [], large: [] };
  const events: { at: number; event: string }[] = [];
  const settling: Promise<void>[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const again of waiting) again();
  };
  const until = (test: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const again = (): void => {
        if (!test()) return;
        waiting.delete(again);
        resolve();
      };
      waiting.add(again);
      again();
    });
  const settle = (message: Sent, outcome: string): void => {
    message.outcome = outcome;
    message.settled = Date.now();
    look();
  };
  pool.on('link', ({ state }) => events.push({ at: Date.now(), event: `link ${state}` }));
  pool.on('join', () => events.push({ at: Date.now(), event: 'join' }));
  pool.on('restart', () => events.push({ at: Date.now(), event: 'restart' }));
  pool.on('leave', ({ reason }) => events.push({ at: Date.now(), event: `leave ${reason}` }));
  pool.on('state', ({ state, signaling }) => events.push({ at: Date.now(), event: `${state} ${signaling}` }));
  for (const id of ['small', 'large']) {
    pool.onMessage<{ number: number; bytes: Uint8Array }>(({ value: { number, bytes } }) => {
      const whole = bytes.every((byte) => byte === (number & 0xff));
      heard[id]?.push(whole ? number : Number.NaN);
      look();
    }, id);
  }
  const send = (number: number): void => {
    const large = number % largeEvery === largeEvery - 1;
    const message: Sent = { id: large ? 'large' : 'small', number, at: Date.now() };
    const bytes = new Uint8Array(large ? largeBytes : number % 300).fill(number);
    sent.push(message);
    settling.push(
      pool.send(peer, { number, bytes }, message.id).then(
        () => settle(message, 'delivered'),
        (error: Peerpool.PoolError) => settle(message, `${error.code} ${error.delivery}`),
      ),
    );
  };
  const timer = setInterval(() => send(sent.length), every);
  globalThis.traffic = {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(settling);
    },
    heard: (count) => until(() => Object.values(heard).reduce((sum, { length }) => sum + length, 0) >= count),
    flowing: () => {
      const first = sent.length;
      return until(() => sent.slice(first).some(({ outcome }) => outcome === 'delivered'));
    },
    report: () => ({ sent, heard, events, reconnects: pool.stats().peers.get(peer)?.reconnects ?? 0 }),
  };
}
