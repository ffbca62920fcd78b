import type { MeshTimes } from '../mesh-times.ts';
import { MeshCommunicator } from '../mesh.ts';
import { Hub } from './hub.ts';
import { LocalTransport } from './local-transport.ts';

export interface LocalCommunicatorOptions extends MeshTimes {
  /** From `getHub(id)`: who shares a hub can form a pool. */
  readonly hub: Hub;
}

/**
 * Pools in one process, for tests and simulations. Messages arrive in the order in which they were sent, over all senders and recipients, as long as none waits for room;
 * the same program has the same trace on every run. Everything else is as over a network: copies, acknowledgements, credit, departures.
 */
export class LocalCommunicator extends MeshCommunicator {
  /** @throws TypeError without a hub; RangeError for a time that is none */
  constructor(options: LocalCommunicatorOptions) {
    const { hub, ...times } = { ...options };
    if (!(hub instanceof Hub))
      throw new TypeError('a LocalCommunicator needs a hub: new LocalCommunicator({ hub: getHub(id) })');
    super({ ...times, transport: () => new LocalTransport(hub), eager: true });
  }
}
