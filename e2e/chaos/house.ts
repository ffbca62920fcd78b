import { type Browser, type BrowserContext, chromium, type Page } from 'playwright/test';
import { launchOptions, rememberedBrowser } from '../browser.mjs';
import { keepConnections } from './connections.ts';
import { browserProcess, rendererProcess } from './processes.ts';

/** A browser of its own, which can be killed and started again. */
export class House {
  readonly #baseURL: string;
  #browser: Browser;
  #pid: number;
  /** Of the question before. */
  #told: Promise<unknown> = Promise.resolve();

  static async build(baseURL: string): Promise<House> {
    return new House(baseURL, ...(await launch()));
  }

  private constructor(baseURL: string, browser: Browser, pid: number) {
    this.#baseURL = baseURL;
    this.#browser = browser;
    this.#pid = pid;
  }

  /** A context of its own is a process of its own for its page. Whatever connects there can be closed behind the library's back. */
  async context(): Promise<BrowserContext> {
    const context = await this.#browser.newContext({ baseURL: this.#baseURL });
    await context.addInitScript(keepConnections);
    return context;
  }

  /** The process of a page. One question at a time, and none while one of its pages is stopped. */
  async process(page: Page): Promise<number> {
    const before = this.#told;
    const asked = before.then(() => rendererProcess(page));
    this.#told = asked.catch(() => {});
    return asked;
  }

  /** SIGKILL. Resolves when the browser is gone, and with it all its pages. */
  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.#browser.once('disconnected', resolve));
    process.kill(this.#pid, 'SIGKILL');
    await gone;
  }

  async rebuild(): Promise<void> {
    [this.#browser, this.#pid] = await launch();
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

async function launch(): Promise<[Browser, number]> {
  const browser = await chromium.launch(launchOptions(rememberedBrowser()));
  return [browser, await browserProcess(browser)];
}
