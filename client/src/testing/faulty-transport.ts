import type { Attempt, Presence, Signal, Transport, TransportListener } from '../communicators/transport.ts';
import type { Lane, Link, LinkListener } from '../links/link.ts';

/** Any transport, with links that fail as those of a network do. */
export class FaultyTransport implements Transport {
  readonly #inner: Transport;
  readonly #links = new Set<Entry>();
  /** What the communicator hears from its transport: a test may say it too. */
  hears: TransportListener | undefined;
  /** What open links say of themselves. */
  reachable = true;
  /** No signal leaves. */
  mute = false;
  /** So many packets of each new link arrive, and no more. */
  hearing = Number.POSITIVE_INFINITY;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  join(self: Presence, listener: TransportListener, signal: AbortSignal): Promise<readonly Presence[]> {
    this.hears = listener;
    return this.#inner.join(self, listener, signal);
  }

  signal(to: Presence, signal: Signal): void {
    if (!this.mute) this.#inner.signal(to, signal);
  }

  dial(...[peer, role, negotiate, listener]: Parameters<Transport['dial']>): Attempt {
    const attempt = this.#inner.dial(
      peer,
      role,
      (data) => {
        if (!this.mute) negotiate(data);
      },
      {
        opened: (link) => listener.opened(new FaultyLink(link, this)),
        packet: (lane, bytes) => {
          if (!entry.deaf && entry.hearing-- > 0) listener.packet(lane, bytes);
        },
        drained: (lane) => listener.drained(lane),
        closed: (error) => {
          this.#links.delete(entry);
          listener.closed(error);
        },
      },
    );
    const entry: Entry = { attempt, listener, deaf: false, hearing: this.hearing };
    this.#links.add(entry);
    return {
      negotiate: (data) => attempt.negotiate(data),
      close: () => {
        this.#links.delete(entry);
        attempt.close();
      },
    };
  }

  /** Nothing arrives any more by the links there are, and they do not say so; or, with `false`, something does again. */
  deafen(deaf = true): void {
    for (const entry of this.#links) entry.deaf = deaf;
  }

  /** Every link breaks, with what is under way in it. */
  cut(): void {
    const entries = [...this.#links];
    // The next links come while these go.
    this.#links.clear();
    for (const entry of entries) {
      entry.attempt.close();
      entry.listener.closed(new Error('cut'));
    }
  }

  wake(): void {
    this.#inner.wake();
  }

  leave(atOnce?: boolean): Promise<void> {
    return this.#inner.leave(atOnce);
  }
}

interface Entry {
  readonly attempt: Attempt;
  readonly listener: LinkListener;
  deaf: boolean;
  hearing: number;
}

class FaultyLink implements Link {
  readonly #inner: Link;
  readonly #faults: FaultyTransport;

  constructor(inner: Link, faults: FaultyTransport) {
    this.#inner = inner;
    this.#faults = faults;
  }

  get packetBytes(): number {
    return this.#inner.packetBytes;
  }

  get binding(): Link['binding'] {
    return this.#inner.binding;
  }

  get kind(): Link['kind'] {
    return this.#inner.kind;
  }

  get reachable(): boolean {
    return this.#faults.reachable && this.#inner.reachable;
  }

  ready(lane: Lane): boolean {
    return this.#inner.ready(lane);
  }

  send(lane: Lane, packet: Uint8Array): void {
    this.#inner.send(lane, packet);
  }

  close(): void {
    this.#inner.close();
  }
}
