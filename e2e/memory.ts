import { readFileSync } from 'node:fs';
import type { CDPSession, Page } from 'playwright/test';
import { rendererProcess } from './chaos/processes.ts';

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
    return new MemoryProbe(cdp, await rendererProcess(page));
  }

  async look(): Promise<Memory> {
    // What a first collection finalizes, a second one frees.
    for (let round = 0; round < 2; round++) await this.#cdp.send('HeapProfiler.collectGarbage');
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await this.#cdp.send('Runtime.getHeapUsage');
    return {
      heap: usedSize + embedderHeapUsedSize,
      buffers: backingStorageSize,
      process: this.process(),
    };
  }

  /** As `process` above, at this moment: also what is garbage and not collected. */
  process(): number {
    const [, anonymous] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8')) ?? [];
    return Number(anonymous) * 1024;
  }
}
