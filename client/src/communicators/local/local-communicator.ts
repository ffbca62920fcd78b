import { MeshCommunicator } from '../mesh.ts';
import { Hub } from './hub.ts';
import { LocalTransport } from './local-transport.ts';

export interface LocalCommunicatorOptions {
  /** From `getHub(id)`: who shares a hub can form a pool. */
  readonly hub: Hub;
  /** Milliseconds; default 15 s. */
  readonly connectTimeout?: number | undefined;
  /** How long a peer may be without a link before it has left, in ms; default 30,000. */
  readonly reconnectTimeout?: number | undefined;
}

/**
 * Pools in one process, for tests and simulations. Messages arrive in the order in which they were sent, over all senders and recipients, as long as none waits for room;
 * the same program has the same trace on every run. Everything else is as over a network: copies, acknowledgements, credit, departures.
 */
export class LocalCommunicator extends MeshCommunicator {
  /** @throws TypeError without a hub; RangeError for a time that is none */
  constructor(options: LocalCommunicatorOptions) {
    const { hub, connectTimeout, reconnectTimeout } = { ...options };
    if (!(hub instanceof Hub))
      throw new TypeError('a LocalCommunicator needs a hub: new LocalCommunicator({ hub: getHub(id) })');
    super({ transport: () => new LocalTransport(hub), connectTimeout, reconnectTimeout, eager: true });
  }
}
