import { type Pool, PoolError } from 'peerpool';

/** These say that a worker is not there any more. Whatever else fails ends the work. */
const GONE: ReadonlySet<string> = new Set(['peer-left', 'unreachable', 'unknown-peer']);
/** One to work on and one on its way, so that nobody waits for the network between two items. */
const PER_WORKER = 2;

export interface Work<Item, Result> {
  /** What every worker exposes, as in `pool.expose({ square: (x: number) => x * x })`. */
  readonly method: string;
  readonly items: readonly Item[];
  /** Hears each result as it comes, in whatever order. */
  readonly done: (result: Result, index: number, worker: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Calls a method once for each item, over all tabs: whoever is here works, this one too; who joins meanwhile helps, and what one who leaves had in hand goes to the others. Resolves when all
 * is done. (`pool.map` does this with the peers that are here when it begins, and hands out the results in the order of the items.)
 * @throws PoolError what an item failed with; the signal's reason
 */
export async function workPool<Item, Result>(pool: Pool, work: Work<Item, Result>): Promise<void> {
  const { method, items, done, signal } = work;
  const open = [...items.keys()];
  const inHand = new Map<string, number>();
  const finished = new Set<number>();
  let failure: { readonly error: unknown } | undefined;
  let change = (): void => {};

  const give = async (worker: string, index: number): Promise<void> => {
    inHand.set(worker, (inHand.get(worker) ?? 0) + 1);
    try {
      const result = await pool.call<Result>(worker, method, [items[index]], { timeout: Infinity, signal });
      finished.add(index);
      done(result, index, worker);
    } catch (error) {
      if (!(error instanceof PoolError && GONE.has(error.code))) throw error;
      open.unshift(index);
    } finally {
      inHand.set(worker, (inHand.get(worker) ?? 0) - 1);
    }
  };

  const off = pool.on('join', () => change());
  try {
    while (finished.size < items.length) {
      const changed = new Promise<void>((resolve) => (change = resolve));
      const workers = [pool.name, ...pool.clients].filter((name) => pool.connected(name));
      const free = workers.flatMap((name) => new Array<string>(PER_WORKER - (inHand.get(name) ?? 0)).fill(name));
      for (const index of open.splice(0, free.length))
        give(free.shift() ?? pool.name, index)
          .catch((error: unknown) => void (failure ??= { error }))
          .finally(() => change());
      await changed;
      if (failure !== undefined) throw failure.error;
    }
  } finally {
    off();
  }
}
