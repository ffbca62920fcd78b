import type { Browser, CDPSession, Page } from 'playwright/test';

/** Processes of browsers that a test has started: which they are, and how they are stopped and killed. */
export class Processes {
  readonly #stopped = new Set<number>();

  /** Sends SIGSTOP, and SIGCONT after so many milliseconds, whatever happens meanwhile. */
  async freeze(pid: number, ms: number): Promise<void> {
    this.#stopped.add(pid);
    try {
      process.kill(pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, ms));
    } finally {
      this.#thaw(pid);
    }
  }

  kill(pid: number): void {
    process.kill(pid, 'SIGKILL');
  }

  /** Nothing stays stopped. */
  release(): void {
    for (const pid of this.#stopped) this.#thaw(pid);
  }

  #thaw(pid: number): void {
    if (!this.#stopped.delete(pid)) return;
    process.kill(pid, 'SIGCONT');
  }
}

/** Of the browser itself; its other processes end with it. */
export async function browserProcess(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const own = processInfo.find(({ type }) => type === 'browser');
  if (own === undefined) throw new Error('the browser does not know its own process');
  return own.id;
}

/**
 * Of a page. Chromium tells it nowhere but at the beginning of a trace, and has one trace at a time; it asks all its processes, so none of this browser may be stopped
 * meanwhile.
 */
export async function rendererProcess(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  try {
    return await firstOfTrace(session);
  } finally {
    await session.detach();
  }
}

/** What the browser says of each page when a trace begins. */
interface TraceEvent {
  readonly name: string;
  readonly args: {
    readonly data?: {
      readonly frames?: readonly { readonly isOutermostMainFrame: boolean; readonly processId: number }[];
    };
  };
}

async function firstOfTrace(session: CDPSession): Promise<number> {
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'], excludedCategories: ['*'] },
    transferMode: 'ReportEvents',
  });
  await session.send('Tracing.end');
  await complete;
  const frames = events
    .filter(({ name }) => name === 'TracingStartedInBrowser')
    .flatMap(({ args }) => args.data?.frames ?? []);
  const main = frames.find(({ isOutermostMainFrame }) => isOutermostMainFrame);
  if (main === undefined) throw new Error('the browser does not tell the process of this page');
  return main.processId;
}
