import { readFileSync } from 'node:fs';
import type { CDPSession, Page } from 'playwright/test';

/** What one page holds, in bytes, after everything that nobody refers to was collected. */
export interface Memory {
  /** JavaScript objects, and what the browser keeps for them. */
  readonly heap: number;
  /** Of array buffers. */
  readonly buffers: number;
  /** Of its process, what is backed by no file: also what WebRTC has queued, and what is free and not given back. */
  readonly process: number;
}

/** Looks at the memory of a page and of its process. */
export class MemoryProbe {
  readonly #cdp: CDPSession;
  readonly #pid: number;

  private constructor(cdp: CDPSession, pid: number) {
    this.#cdp = cdp;
    this.#pid = pid;
  }

  static async of(page: Page, cdp: CDPSession): Promise<MemoryProbe> {
    await cdp.send('HeapProfiler.enable');
    return new MemoryProbe(cdp, await processOf(page));
  }

  async look(): Promise<Memory> {
    // What a first collection finalizes, a second one frees.
    for (let round = 0; round < 2; round++) await this.#cdp.send('HeapProfiler.collectGarbage');
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await this.#cdp.send('Runtime.getHeapUsage');
    const [, anonymous] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8')) ?? [];
    return {
      heap: usedSize + embedderHeapUsedSize,
      buffers: backingStorageSize,
      process: Number(anonymous) * 1024,
    };
  }
}

/** The browser does not say which process renders a page: it is the one that computes when the page does. */
async function processOf(page: Page): Promise<number> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('a browser that was not launched here has processes of its own');
  const cdp = await browser.newBrowserCDPSession();
  const times = async (): Promise<Map<number, number>> => {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    return new Map(processInfo.filter(({ type }) => type === 'renderer').map(({ id, cpuTime }) => [id, cpuTime]));
  };
  const before = await times();
  await page.evaluate(() => {
    for (const end = performance.now() + 200; performance.now() < end;);
  });
  const after = await times();
  await cdp.detach();
  const spent = [...after].map(([id, time]) => [id, time - (before.get(id) ?? 0)] as const);
  const [pid] = spent.reduce((most, one) => (one[1] > most[1] ? one : most));
  return pid;
}
