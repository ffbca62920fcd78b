import type { Lane, Link, LinkListener } from '../../links/link.ts';
import type { Attempt } from '../transport.ts';
import type { Hub } from './hub.ts';

/** As long as a fragment over WebRTC stays below it, a large one here meets the same interleaving. */
const PACKET_BYTES = 64 * 1024;

/** A lane holds at most this much that has not arrived; a slow reader is met as it is over a network. */
const LANE_BYTES = 1024 * 1024;

/** One end of a link within a process. It copies what it sends and delivers it later, as a network does. */
export class LocalLink implements Link, Attempt {
  readonly kind = 'local';
  readonly reachable = true;
  readonly packetBytes = PACKET_BYTES;
  /** Nobody sits between two ends in one process. */
  readonly binding = { own: 'local', other: 'local' };
  readonly #hub: Hub;
  readonly #listener: LinkListener;
  readonly #answer: ((end: LocalLink) => void) | undefined;
  readonly #underway: [number, number] = [0, 0];
  #other: LocalLink | undefined;
  #closed = false;

  /** The responder has to `answer` with its end. */
  constructor(hub: Hub, listener: LinkListener, answer?: (end: LocalLink) => void) {
    this.#hub = hub;
    this.#listener = listener;
    this.#answer = answer;
  }

  negotiate(data: unknown): void {
    if (this.#closed || this.#other !== undefined || !(data instanceof LocalLink)) return;
    this.#other = data;
    this.#answer?.(this);
    this.#listener.opened(this);
  }

  ready(lane: Lane): boolean {
    return this.#underway[lane] < LANE_BYTES;
  }

  send(lane: Lane, packet: Uint8Array): void {
    const other = this.#other;
    if (this.#closed || other === undefined) return;
    const copy = packet.slice();
    this.#underway[lane] += copy.length;
    this.#hub.deliver(() => {
      const full = !this.ready(lane);
      this.#underway[lane] -= copy.length;
      if (!other.#closed) other.#listener.packet(lane, copy);
      if (full && this.ready(lane) && !this.#closed) this.#listener.drained(lane);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const other = this.#other;
    this.#hub.deliver(() => {
      if (other === undefined || other.#closed) return;
      other.#closed = true;
      other.#listener.closed();
    });
  }
}
