import type { BrowserContext, Page } from 'playwright/test';
import { test as base } from 'playwright/test';
import { Rendezvous } from '../client/src/testing/index.ts';
import type * as ContractPage from './contract-page.ts';
import type { Way } from './contract-page.ts';

/** Where the development server has what a page runs. */
const PAGE = '/@fs' + new URL('contract-page.ts', import.meta.url).pathname;

/** Chromium delays WebSockets that one process opens one after the other, by seconds from about sixteen on. */
const SOCKETS_A_PAGE = 10;

/** Chromium counts 500 peer connections until they are collected; a case makes a handful. */
const CASES_A_PAGE = 50;

interface Stand {
  readonly page: Page;
  sockets: number;
  cases: number;
}

/** Parties of contract cases in real tabs: which page plays whom, and the fences between them. */
export class ContractStage {
  readonly #context: BrowserContext;
  readonly #origin: string;
  readonly #stands = new Map<string, Stand>();
  readonly #plays = new Map<string, Rendezvous>();
  #played = 0;

  private constructor(context: BrowserContext, origin: string) {
    this.#context = context;
    this.#origin = origin;
  }

  static async open(context: BrowserContext, origin: string): Promise<ContractStage> {
    const stage = new ContractStage(context, origin);
    await context.route('**/contract-stage', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>contract</title>' }),
    );
    await context.exposeFunction('meet', (play: string, party: string, fence: string, saying: unknown) =>
      stage.#plays.get(play)?.meet(party, fence, saying),
    );
    await context.exposeFunction('failed', (play: string, party: string, message: string) =>
      stage.#plays.get(play)?.fail(party, message),
    );
    return stage;
  }

  /** Plays a case with all parties in one tab. */
  async playInOne(title: string, way: Way): Promise<void> {
    const page = await this.#page('alice');
    await page.evaluate(
      async ([module, name, kind]) => ((await import(module)) as typeof ContractPage).playInOne(name, kind),
      [PAGE, title, way] as const,
    );
  }

  /** Plays a case with each party in a tab of its own. */
  async playInTabs(title: string, parties: readonly string[], way: Way): Promise<void> {
    const room = `stage-${++this.#played}-${Math.random().toString(36).slice(2)}`;
    this.#plays.set(room, new Rendezvous(parties));
    const pages = await Promise.all(parties.map((party) => this.#page(party)));
    const outcomes = await Promise.allSettled(
      pages.map((page, index) =>
        page.evaluate(async ([module, ...part]) => ((await import(module)) as typeof ContractPage).playParty(...part), [
          PAGE,
          title,
          parties[index] ?? '',
          room,
          way,
        ] as const),
      ),
    );
    this.#plays.delete(room);
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    if (errors.length > 0) throw new Error(errors.join('\n'));
  }

  /** A page is not used up yet; else a fresh one. */
  async #page(party: string): Promise<Page> {
    const known = this.#stands.get(party);
    if (known !== undefined && known.sockets < SOCKETS_A_PAGE && known.cases < CASES_A_PAGE) {
      known.cases++;
      return known.page;
    }
    await known?.page.close();
    const page = await this.#context.newPage();
    const stand: Stand = { page, sockets: 0, cases: 1 };
    page.on('websocket', () => stand.sockets++);
    this.#stands.set(party, stand);
    await page.goto(`${this.#origin}/contract-stage`);
    return page;
  }
}

/** One stage for all cases of a worker: opening pages takes longer than playing a case. */
export const test = base.extend<object, { readonly stage: ContractStage }>({
  stage: [
    async ({ browser }, use, workerInfo) => {
      const origin = workerInfo.project.use.baseURL ?? '';
      const context = await browser.newContext();
      const stage = await ContractStage.open(context, origin);
      await use(stage);
      await context.close();
    },
    { scope: 'worker' },
  ],
});
