import type { Communicator } from '../communicators/communicator.ts';
import { getHub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import type { PoolOptions } from '../pool/pool-options.ts';
import { Pool } from '../pool/pool.ts';

/** Of `createPools`. */
export interface CreatePoolsOptions {
  /** Makes the communicator of one pool; `room` is new with every call of `createPools`. Default: all in this process, over a hub of their own. */
  readonly communicator?: ((room: string, name: string) => Communicator) | undefined;
  /** As for each `new Pool`. */
  readonly options?: Omit<PoolOptions, 'clients' | 'discover' | 'instance'> | undefined;
  /** How long all of them together may take to be connected, in ms. Default 30,000. */
  readonly timeout?: number | undefined;
}

/** Several pools, each connected to all others. Ends with its block: `await using pools = await createPools(3)`. */
export interface Pools extends ReadonlyArray<Pool> {
  /** Shuts all of them down, also those that were already. */
  shutdown(): Promise<void>;
  /** `shutdown`, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** So many pools, where their number is written out, so that `const [alice, bob] = await createPools(2)` has no `undefined` in it. */
export type PoolsOf<Count extends number> = Pools &
  (Count extends 1
    ? readonly [Pool]
    : Count extends 2
      ? readonly [Pool, Pool]
      : Count extends 3
        ? readonly [Pool, Pool, Pool]
        : Count extends 4
          ? readonly [Pool, Pool, Pool, Pool]
          : Count extends 5
            ? readonly [Pool, Pool, Pool, Pool, Pool]
            : readonly Pool[]);

let rooms = 0;

/**
 * `count` pools that are fully connected, named `local0`, `local1` …, for tests of what is built on pools.
 * ```ts
 * const pools = await createPools(3);
 * const [alice, bob, carol] = pools;
 * …
 * await pools.shutdown();
 * ```
 * @throws RangeError for a count that is none; what `initialize` rejects with, when everything else was shut down
 */
export async function createPools<const Count extends number>(
  count: Count,
  given: CreatePoolsOptions = {},
): Promise<PoolsOf<Count>> {
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`one creates a whole number of pools, not ${count}`);
  const room = `pools-${++rooms}-${Math.random().toString(36).slice(2)}`;
  const { communicator = () => new LocalCommunicator({ hub: getHub(room) }), options = {}, timeout = 30_000 } = given;
  const names = Array.from({ length: count }, (_, index) => `local${index}`);
  const pools = names.map((name) => {
    const clients = names.filter((other) => other !== name);
    return new Pool(name, communicator(room, name), { ...options, clients });
  });
  const outcomes = await Promise.allSettled(pools.map((pool) => pool.initialize({ timeout })));
  const shutdown = async (): Promise<void> => {
    await Promise.all(pools.map((pool) => pool.shutdown()));
  };
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) {
    await shutdown();
    throw failure.reason;
  }
  return Object.assign(pools, {
    shutdown,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: shutdown,
  }) as unknown as PoolsOf<Count>;
}
