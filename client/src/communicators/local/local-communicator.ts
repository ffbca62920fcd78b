import type { LinkListener } from '../../links/link.ts';
import { MeshCommunicator } from '../mesh.ts';
import type { Attempt, Presence, Signal, Transport, TransportListener } from '../transport.ts';
import { Hub } from './hub.ts';
import { LocalLink } from './local-link.ts';

export interface LocalCommunicatorOptions {
  /** From `getHub(id)`: who shares a hub can form a pool. */
  readonly hub: Hub;
  /** Milliseconds; default 15 s. */
  readonly connectTimeout?: number | undefined;
}

/**
 * Pools in one process, for tests and simulations. Messages arrive in the order in which they were sent, over all senders and recipients, as long as none waits for room;
 * the same program has the same trace on every run. Everything else is as over a network: copies, acknowledgements, credit, departures.
 */
export class LocalCommunicator extends MeshCommunicator {
  constructor({ hub, connectTimeout }: LocalCommunicatorOptions) {
    if (!(hub instanceof Hub))
      throw new TypeError('a LocalCommunicator needs a hub: new LocalCommunicator({ hub: getHub(id) })');
    super({ transport: () => new LocalTransport(hub), connectTimeout, eager: true });
  }
}

class LocalTransport implements Transport {
  readonly #hub: Hub;
  #self: Presence | undefined;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  async join(self: Presence, listener: TransportListener): Promise<readonly Presence[]> {
    const others = this.#hub.join(self, listener);
    this.#self = self;
    listener.state('connected');
    return others;
  }

  signal(to: Presence, signal: Signal): void {
    if (this.#self !== undefined) this.#hub.signal(this.#self, to, signal);
  }

  dial(
    _peer: Presence,
    role: 'initiator' | 'responder',
    negotiate: (data: unknown) => void,
    listener: LinkListener,
  ): Attempt {
    if (role === 'responder') return new LocalLink(this.#hub, listener, negotiate);
    const link = new LocalLink(this.#hub, listener);
    negotiate(link);
    return link;
  }

  async leave(): Promise<void> {
    if (this.#self !== undefined) this.#hub.leave(this.#self);
    this.#self = undefined;
  }
}
