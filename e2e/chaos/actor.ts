import type { BrowserContext, JSHandle, Page } from 'playwright/test';
import type { House } from './house.ts';
import type { Ledger } from './ledger.ts';
import type { Processes } from './processes.ts';
import type * as Program from './traffic.ts';
import type { Part, Traffic } from './traffic.ts';

/** The program of the pages, as the development server hands it out; as a page it is text, on which nothing runs but the test. */
const PROGRAM = `/@fs${new URL('traffic.ts', import.meta.url).pathname}`;

/** How a life ended. */
export type End = 'close' | 'reload' | 'shutdown' | 'kill' | 'browser kill';

export interface Fate {
  readonly name: string;
  readonly instance: string;
  readonly end: End;
  /** When it was ordered, in ms since 1970. */
  readonly at: number;
}

interface Life {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly pid: number;
  readonly traffic: JSHandle<Traffic>;
  readonly instance: string;
}

export interface ActorOptions {
  readonly house: House;
  readonly processes: Processes;
  readonly part: Part;
  /** It begins to join. */
  readonly entering: () => void;
  readonly ended: (fate: Fate) => void;
}

/** A tab that plays a part, and what can be done to it. One thing at a time. */
export class Actor {
  readonly #options: ActorOptions;
  #life: Life | undefined;
  #lives = 0;

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.part.name;
  }

  get house(): House {
    return this.#options.house;
  }

  get instance(): string {
    return this.#current.instance;
  }

  /** Opens a page and joins. */
  async enter(): Promise<void> {
    const context = await this.#options.house.context();
    const page = await context.newPage();
    await page.goto(PROGRAM);
    const pid = await this.#options.house.process(page);
    await this.#join(context, page, pid);
  }

  async reload(): Promise<void> {
    const { context, page, pid } = this.#end('reload');
    await page.reload();
    await this.#join(context, page, pid);
  }

  /** As a person does. */
  async close(): Promise<void> {
    const { context, page } = this.#end('close');
    await page.close();
    await context.close();
  }

  async kill(): Promise<void> {
    const { context, page, pid } = this.#end('kill');
    const crashed = new Promise((resolve) => page.once('crash', resolve));
    this.#options.processes.kill(pid);
    await crashed;
    await context.close();
  }

  /** Its browser was killed. */
  die(): void {
    this.#end('browser kill');
  }

  /** Shuts its pool down and leaves its account; the page stays, and nobody plays in it. */
  async shutDown(): Promise<Ledger> {
    const { context, traffic } = this.#end('shutdown');
    const ledger = await traffic.evaluate((program) => program.shutDown());
    await context.close();
    return ledger;
  }

  freeze(ms: number): Promise<void> {
    return this.#options.processes.freeze(this.#current.pid, ms);
  }

  compute(ms: number): Promise<void> {
    return this.#current.traffic.evaluate((program, time) => program.compute(time), ms);
  }

  cut(share: number, spared: readonly string[]): Promise<number> {
    return this.#current.traffic.evaluate((program, how) => program.cut(how.share, how.spared), { share, spared });
  }

  get fingerprints(): Promise<readonly string[]> {
    return this.#current.traffic.evaluate(({ fingerprints }) => fingerprints);
  }

  /** Resolves when it is connected with everybody whom it knows. */
  whole(): Promise<void> {
    return this.#current.traffic.evaluate((program) => program.whole());
  }

  get scene(): Promise<readonly string[]> {
    return this.#current.traffic.evaluate(({ scene }) => scene);
  }

  stop(): Promise<void> {
    return this.#current.traffic.evaluate((program) => program.stop());
  }

  get ledger(): Promise<Ledger> {
    return this.#current.traffic.evaluate((program) => program.ledger());
  }

  get #current(): Life {
    if (this.#life === undefined) throw new Error(`${this.name} is not on stage`);
    return this.#life;
  }

  #end(end: End): Life {
    const life = this.#current;
    const { name, instance } = this;
    this.#life = undefined;
    this.#options.ended({ name, instance, end, at: Date.now() });
    return life;
  }

  async #join(context: BrowserContext, page: Page, pid: number): Promise<void> {
    const { part, entering } = this.#options;
    entering();
    const traffic = await page.evaluateHandle(
      async ({ program, own }) => {
        const { Traffic } = (await import(/* @vite-ignore */ program)) as typeof Program;
        return Traffic.enter(own);
      },
      { program: PROGRAM, own: { ...part, seed: part.seed + this.#lives++ } },
    );
    this.#life = { context, page, pid, traffic, instance: await traffic.evaluate(({ instance }) => instance) };
  }
}
