import { readFileSync } from 'node:fs';
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright';
import { launchOptions, rememberedBrowser } from '../browser.mjs';
import { rendererProcess } from '../chaos/processes.ts';
import type { Bench, ContenderName } from './page/main.ts';
import type { Servers } from './servers.ts';

/** No step of a contender takes longer than this, in ms. */
const STEP_MS = 120_000;
/** To connect takes each tab no longer than this, in ms; many share the machine. */
const CONNECT_MS_PER_TAB = 6_000;

/** When a tab began to connect, was connected with all others, and had its first message answered, in ms since 1970. */
export interface Opened {
  readonly began: number;
  readonly connected: number;
  readonly answered: number;
}

/** A page in a process of its own. */
export class Tab {
  readonly name: string;
  readonly #page: Page;
  readonly #cdp: CDPSession;
  #pid: number | undefined;

  private constructor(name: string, page: Page, cdp: CDPSession) {
    this.name = name;
    this.#page = page;
    this.#cdp = cdp;
  }

  static async open(context: BrowserContext, name: string, url: string): Promise<Tab> {
    const page = await context.newPage();
    await page.goto(url);
    await page.waitForFunction(() => 'bench' in globalThis);
    const cdp = await context.newCDPSession(page);
    await cdp.send('Performance.enable');
    await cdp.send('HeapProfiler.enable');
    return new Tab(name, page, cdp);
  }

  /** Runs in the page. */
  run<Argument, Result>(
    action: (bench: Bench, argument: Argument) => Result | Promise<Result>,
    argument: Argument,
    most = STEP_MS,
  ): Promise<Result> {
    // Playwright would rather have a handle of every object of the page.
    const text = `(${action.toString()})(globalThis.bench, ${JSON.stringify(argument)})`;
    return within(this.#page.evaluate(text), most);
  }

  /** Seconds in which the main thread was at work since the page began. */
  async busy(): Promise<number> {
    const { metrics } = await this.#cdp.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  }

  /** Bytes of the page's process that no file backs, after a collection unless told otherwise. */
  async memory(collect = true): Promise<number> {
    this.#pid ??= await rendererProcess(this.#page);
    if (collect) {
      for (let round = 0; round < 2; round++) await this.#cdp.send('HeapProfiler.collectGarbage');
    }
    const [, anonymous] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8')) ?? [];
    return Number(anonymous) * 1024;
  }

  async close(): Promise<void> {
    await this.#page.context().close();
  }
}

/** Whether tabs know of each other as those of one window do, or no more than those of two browsers. */
export type Acquaintance = 'window' | 'strangers';

/** The browser, and the tabs of one workload at a time. */
export class Stage {
  readonly #servers: Servers;
  readonly #browser: Browser;
  #rooms = 0;

  private constructor(servers: Servers, browser: Browser) {
    this.#servers = servers;
    this.#browser = browser;
  }

  static async set(servers: Servers): Promise<Stage> {
    return new Stage(servers, await chromium.launch(launchOptions(rememberedBrowser())));
  }

  get browserVersion(): string {
    return this.#browser.version();
  }

  /** So many tabs, ready, and closed when `use` is over. */
  async with<Result>(
    count: number,
    use: (tabs: readonly Tab[]) => Promise<Result>,
    acquaintance: Acquaintance = 'strangers',
  ): Promise<Result> {
    const tabs: Tab[] = [];
    let context: BrowserContext | undefined;
    try {
      for (let number = 0; number < count; number++) {
        if (acquaintance === 'strangers') context = undefined;
        context ??= await this.#browser.newContext();
        // Their names sort as they come.
        tabs.push(await Tab.open(context, `tab${String(number).padStart(2, '0')}`, this.#servers.page));
      }
      return await use(tabs);
    } finally {
      await Promise.all(tabs.map((tab) => tab.close()));
    }
  }

  /** All of them are ready, then join in the same instant; each sends its first message to the next. */
  async connect(contender: ContenderName, tabs: readonly Tab[]): Promise<Opened[]> {
    const room = `bench-${this.#rooms++}`;
    const names = tabs.map(({ name }) => name);
    const { relay, peerServerPort } = this.#servers;
    await Promise.all(tabs.map((tab) => tab.run((bench, which) => bench.load(which), contender)));
    return Promise.all(
      tabs.map((tab, index) => {
        const { name } = tab;
        const others = names.filter((other) => other !== name);
        const opening = { name, others, room, relay, peerServerPort };
        const first = names[(index + 1) % names.length];
        const most = Math.max(STEP_MS, CONNECT_MS_PER_TAB * tabs.length);
        return tab.run((bench, argument) => bench.open(argument.opening, argument.first), { opening, first }, most);
      }),
    );
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** @throws Error when it takes too long */
async function within<Result>(step: Promise<Result>, ms: number): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms / 1000} s`)), ms);
  });
  return Promise.race([step, late]).finally(() => clearTimeout(timer));
}
