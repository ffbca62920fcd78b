import type { LinkListener } from '../../links/link.ts';
import type { Attempt, Presence, Signal, Transport, TransportListener } from '../transport.ts';
import { type LinkWorld, SimulatedLink } from './simulated-link.ts';
import { SimulatedPlace } from './simulated-place.ts';
import type { ServerWorld, SimulatedServer } from './simulated-server.ts';
import type { Sleeper } from './virtual-clock.ts';

export interface TransportWorld extends LinkWorld, ServerWorld {
  readonly server: SimulatedServer;
}

/** What a page lets see of itself, and who looks on. */
export interface TransportPage extends Sleeper {
  readonly secret: string;
  /** Comes before the mesh hears the signal; what it returns is called afterwards. */
  hears(from: Presence, signal: Signal): () => void;
  says(to: Presence, signal: Signal): void;
  dials(peer: Presence, role: 'initiator' | 'responder'): void;
}

/** A room behind a simulated server, and links that do what their world wills. */
export class SimulatedTransport implements Transport {
  readonly #world: TransportWorld;
  readonly #page: TransportPage;
  #place: SimulatedPlace | undefined;
  #listener: TransportListener | undefined;

  constructor(world: TransportWorld, page: TransportPage) {
    this.#world = world;
    this.#page = page;
  }

  get place(): SimulatedPlace | undefined {
    return this.#place;
  }

  get links(): SimulatedLink[] {
    return [...this.#world.links].filter(({ page }) => page === this.#page);
  }

  join(self: Presence, listener: TransportListener, signal: AbortSignal): Promise<readonly Presence[]> {
    const page = this.#page;
    const watched: TransportListener = {
      ...listener,
      signal: (from, signal) => {
        const heard = page.hears(from, signal);
        listener.signal(from, signal);
        heard();
      },
    };
    this.#listener = listener;
    this.#place = new SimulatedPlace(this.#world, this.#world.server, page, self, page.secret, watched);
    return this.#place.join(signal);
  }

  signal(to: Presence, signal: Signal): void {
    this.#page.says(to, signal);
    this.#place?.signal(to, signal);
  }

  dial(
    peer: Presence,
    role: 'initiator' | 'responder',
    negotiate: (data: unknown) => void,
    listener: LinkListener,
  ): Attempt {
    this.#page.dials(peer, role);
    return new SimulatedLink(this.#world, this.#page, role, negotiate, listener);
  }

  wake(): void {
    this.#place?.wake();
  }

  async leave(): Promise<void> {
    for (const link of this.links) link.abandon();
    await this.#place?.leave();
  }

  /** A signal comes again, or from nowhere. */
  hear(from: Presence, signal: Signal): void {
    this.#listener?.signal(from, signal);
  }

  /** The page is no more, and nothing was said. */
  vanish(noticed?: number): void {
    for (const link of this.links) link.vanish();
    this.#place?.vanish(noticed);
  }
}
