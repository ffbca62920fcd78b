import type { LinkListener } from '../../links/link.ts';
import type { Attempt, Presence, Signal, Transport, TransportListener } from '../transport.ts';
import type { Hub } from './hub.ts';
import { LocalLink } from './local-link.ts';

/** A hub introduces, and carries the links too. */
export class LocalTransport implements Transport {
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

  /** Nothing waits here. */
  wake(): void {}

  async leave(): Promise<void> {
    if (this.#self !== undefined) this.#hub.leave(this.#self);
    this.#self = undefined;
  }
}
