import type { BrowserContext, JSHandle, Page } from 'playwright';
import type * as Peerpool from '../client/src/index.ts';
import type { Pool, PoolOptions } from '../client/src/index.ts';

/** What Vite's development server answers with the package, wherever it is installed. */
const MODULE = '/@id/peerpool';

/** Everything has a default, which suits an app that Vite serves in development with the plugin of `peerpool/vite`. */
export interface TabsOptions {
  /** Default: `webrtc`, with the signaling server of the page's own origin. */
  readonly communicator?: 'webrtc' | 'broadcast-channel' | undefined;
  /** Default: a fresh one, so that tests do not meet each other. */
  readonly room?: string | undefined;
  /**
   * The page each tab opens, absolute or relative to the context's `baseURL`. Default: `module` itself, which a browser shows as text: a page of the app's origin
   * on which nothing runs but the test.
   */
  readonly url?: string | undefined;
  /**
   * Where the page imports peerpool from. Default: `/@id/peerpool`, which Vite's development server knows. Behind another server: the URL of a module that has the
   * exports of `peerpool`, e.g. of a bundle made for tests.
   */
  readonly module?: string | undefined;
  /** Of the signaling server, where it is not the page's own origin. Only for `webrtc`. */
  readonly signaling?: { readonly url?: string | undefined; readonly path?: string | undefined } | undefined;
  /** Whether tabs of one browser are linked by BroadcastChannel; default `false`. Only for `webrtc`. */
  readonly local?: boolean | undefined;
  /** For every pool; what can be copied into a page. */
  readonly pool?: CopiedOptions | undefined;
  /** How long all tabs together may take to be connected, in ms. Default 30,000. */
  readonly timeout?: number | undefined;
}

type CopiedOptions = Pick<
  PoolOptions,
  'timeout' | 'ack' | 'discover' | 'inboxLimit' | 'outboxLimit' | 'maxMessageSize' | 'leaveOnPageHide'
>;

/** One page with one pool. */
export interface Tab {
  /** Of its pool. */
  readonly name: string;
  readonly page: Page;
  /**
   * Runs a function in the page with the pool. It is sent there as text, so it sees nothing of the test but its second argument; that and the result are copied as
   * Playwright copies: no Map, no Set, no class of your own.
   */
  evaluate<Result>(run: (pool: Pool) => Result | Promise<Result>): Promise<Result>;
  /** The same, with a second argument that the test gives. */
  evaluate<Argument, Result>(
    run: (pool: Pool, argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
  /** Closes the page, as a person does: the pool says goodbye while it goes. */
  close(): Promise<void>;
}

/** As many tabs as names, or as counted. */
type TabsOf<Who extends number | readonly string[]> = Who extends readonly string[]
  ? { readonly [Index in keyof Who]: Tab }
  : Who extends 1
    ? readonly [Tab]
    : Who extends 2
      ? readonly [Tab, Tab]
      : Who extends 3
        ? readonly [Tab, Tab, Tab]
        : Who extends 4
          ? readonly [Tab, Tab, Tab, Tab]
          : readonly Tab[];

/** The tabs in the order of their names, and what is done with all of them. */
export type Tabs<Who extends number | readonly string[] = number> = TabsOf<Who> & {
  /** Opens another one in the same room, connected to those who are there. */
  open(name: string): Promise<Tab>;
  /** Closes all pages. Safe to call twice; the end of the context does the same. */
  close(): Promise<void>;
  /** `close`, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Several tabs of one browser, with a pool in each, all connected: for tests with Playwright of what is built on pools.
 * ```ts
 * test('two tabs add up', async ({ context }) => {
 *   const [alice, bob] = await tabs(context, ['alice', 'bob']);
 *   const sum = bob.evaluate(async (pool) => 1 + (await pool.recv<number>('alice')));
 *   await alice.evaluate((pool, number) => pool.send('bob', number), 41);
 *   expect(await sum).toBe(42);
 * });
 * ```
 * Needs Vite's development server with the plugin of `peerpool/vite`, or what `TabsOptions` says in their place. Given a number, the names are `tab0`, `tab1` ….
 * The pages end with the context, with `close()`, or with the block of an `await using`.
 * @throws whatever kept a page from opening or a pool from being connected, when all pages are closed again
 */
export async function tabs<const Who extends number | readonly string[]>(
  context: BrowserContext,
  who: Who,
  options: TabsOptions = {},
): Promise<Tabs<Who>> {
  const names: readonly string[] =
    typeof who === 'number' ? Array.from({ length: who }, (_, index) => `tab${index}`) : who;
  const room = options.room ?? `tabs-${Math.random().toString(36).slice(2)}`;
  const opened: Tab[] = [];
  const open = async (name: string): Promise<Tab> => {
    const tab = await openTab(context, name, room, options);
    opened.push(tab);
    return tab;
  };
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((tab) => tab.close()));
  };
  try {
    const started = await Promise.all(names.map(open));
    const others = names.length - 1;
    const timeout = options.timeout ?? 30_000;
    await Promise.all(
      started.map((tab) => tab.evaluate((pool, wait) => pool.waitFor(wait.others, wait), { others, timeout })),
    );
    return Object.assign(started, { open, close, [Symbol.asyncDispose]: close }) as unknown as Tabs<Who>;
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a page needs to make its pool. */
interface Recipe extends Pick<TabsOptions, 'communicator' | 'signaling' | 'local' | 'pool'> {
  readonly name: string;
  readonly room: string;
}

async function openTab(context: BrowserContext, name: string, room: string, options: TabsOptions): Promise<Tab> {
  const { module = MODULE, url = module, communicator, signaling, local, pool } = options;
  const page = await context.newPage();
  try {
    await page.goto(url);
    // As text: the compiler rewrites an `import()` of what is no literal, by a helper that the page does not have.
    const peerpool: JSHandle<typeof Peerpool> = await page.evaluateHandle(`import(${JSON.stringify(module)})`);
    const handle = await peerpool.evaluateHandle(start, { name, room, communicator, signaling, local, pool });
    return tabOf(name, page, handle);
  } catch (error) {
    await page.close();
    throw error;
  }
}

function tabOf(name: string, page: Page, pool: JSHandle<Pool>): Tab {
  return {
    name,
    page,
    evaluate: <Argument, Result>(
      run: (inPage: Pool, argument: Argument) => Result | Promise<Result>,
      argument?: Argument,
    ): Promise<Result> => pool.evaluate(run as never, argument),
    close: () => page.close(),
  };
}

/** Runs in the page. */
async function start(
  peerpool: typeof Peerpool,
  { name, room, communicator, signaling, local, pool: options }: Recipe,
): Promise<Pool> {
  const { Pool, BroadcastChannelCommunicator, WebRTCCommunicator } = peerpool;
  const pool = new Pool(
    name,
    communicator === 'broadcast-channel'
      ? new BroadcastChannelCommunicator({ room })
      : new WebRTCCommunicator({ room, local, ...signaling }),
    options,
  );
  await pool.initialize();
  return pool;
}
