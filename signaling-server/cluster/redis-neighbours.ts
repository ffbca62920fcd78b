import { randomBytes } from 'node:crypto';
import type { Neighbours } from '../forwarding.ts';
import type { Store } from './store.ts';

/** Milliseconds for which an answer is remembered, also that there is none. */
const REMEMBERED_FOR = 1000;
/** Nodes that are remembered at once. Strangers can ask for any. */
const MOST_REMEMBERED = 1000;

/** Where the nodes of a cluster say where they are. */
export class RedisNeighbours implements Neighbours {
  readonly self: string = randomBytes(8).toString('hex');
  /** Where the others reach this node; '' while it has not said. */
  address = '';
  /** What all use when nobody has said one before. */
  readonly proposal: string = randomBytes(32).toString('base64url');
  secret: string | undefined;
  readonly #store: Store;
  readonly #known = new Map<string, { readonly at: number; readonly address: Promise<string | undefined> }>();

  constructor(store: Store) {
    this.#store = store;
  }

  addressOf(node: string): Promise<string | undefined> {
    const now = performance.now();
    const known = this.#known.get(node);
    if (known !== undefined && now - known.at < REMEMBERED_FOR) return known.address;
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    const address = this.#store.run('address', node).then((found) => (found === '' ? undefined : String(found)));
    this.#known.set(node, { at: now, address });
    return address;
  }
}
