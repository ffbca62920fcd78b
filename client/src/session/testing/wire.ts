import type { Lane, Link, LinkListener } from '../../links/link.ts';
import type { Clock } from './clock.ts';
import type { Life } from './life.ts';
import type { Page } from './page.ts';
import type { Random } from './random.ts';

export const SIDES = [0, 1] as const;
export type Side = 0 | 1;

export interface WireRules {
  readonly packetBytes: number;
  readonly laneBytes: number;
  /** Of each lane, in milliseconds. */
  readonly latency: readonly [number, number];
}

export interface WireHost {
  readonly clock: Clock;
  readonly random: Random;
  /** It is about to break; `sending` says which packet it takes with it half-way. */
  breaking(wire: Wire, sending: { readonly end: WireEnd; readonly lane: Lane } | undefined): void;
  /** An end is about to hear a packet. */
  hearing(end: WireEnd): void;
  opening(end: WireEnd): void;
  /** An end has heard that it is over. */
  closed(end: WireEnd): void;
}

const CUT = new Error('cut');

/** What one end has sent in one lane. */
class SendingLane {
  latency: number;
  /** Bytes that have not arrived. */
  bytes = 0;
  packets = 0;
  arrived = 0;
  /** No packet arrives before the one before it. */
  free = 0;
  plugged = false;
  /** From this packet on nothing arrives any more; what does is late by so many milliseconds. */
  lostFrom = Number.POSITIVE_INFINITY;
  late = 0;

  constructor(latency: number) {
    this.latency = latency;
  }
}

/** A link between two sessions that breaks when it is told to. */
export class Wire {
  readonly number: number;
  readonly ends: readonly [WireEnd, WireEnd];
  readonly host: WireHost;
  /** Whose sessions it joins. */
  readonly lives: [Life | undefined, Life | undefined] = [undefined, undefined];
  /** It breaks within the packet that uses up these bytes. */
  #fuse = Number.POSITIVE_INFINITY;
  broken = false;

  constructor(number: number, rules: WireRules, host: WireHost) {
    this.number = number;
    this.host = host;
    this.ends = [new WireEnd(this, 0, rules), new WireEnd(this, 1, rules)];
  }

  /** It breaks when so many more bytes were sent. */
  burn(bytes: number): void {
    this.#fuse = bytes;
  }

  /** Whether it bears another packet. */
  bears(bytes: number): boolean {
    this.#fuse -= bytes;
    return this.#fuse >= 0;
  }

  /** No use to anybody any more. */
  get over(): boolean {
    return this.broken || this.ends[0].down || this.ends[1].down;
  }

  /** It breaks: some of what is on its way is lost, the rest may come late; each end hears of it in its own time. */
  break(sending?: { readonly end: WireEnd; readonly lane: Lane }): void {
    if (this.broken) return;
    const { host } = this;
    host.breaking(this, sending);
    this.broken = true;
    for (const end of this.ends) {
      end.lose();
      end.end(host.random.pick([0, 0, 0, 1, 10, 100, 3_000]), CUT);
    }
  }
}

export class WireEnd implements Link {
  readonly kind = 'local';
  readonly reachable = true;
  readonly packetBytes: number;
  readonly binding: Link['binding'];
  readonly wire: Wire;
  readonly side: Side;
  readonly lanes: readonly [SendingLane, SendingLane];
  readonly #laneBytes: number;
  /** Given with the listener, when the end is dialed. */
  #page: Page | undefined;
  #listener: LinkListener | undefined;
  opened = false;
  /** Packets that it heard, by lane. */
  readonly heard: [number, number] = [0, 0];
  /** It sends nothing any more. */
  down = false;
  /** It was told that it is over, or said so. */
  told = false;

  constructor(wire: Wire, side: Side, { packetBytes, laneBytes, latency }: WireRules) {
    this.wire = wire;
    this.side = side;
    this.packetBytes = packetBytes;
    this.#laneBytes = laneBytes;
    this.lanes = [new SendingLane(latency[0]), new SendingLane(latency[1])];
    this.binding = { own: `${wire.number}-${side}`, other: `${wire.number}-${1 - side}` };
  }

  get other(): WireEnd {
    return this.wire.ends[this.side === 0 ? 1 : 0];
  }

  get dialed(): boolean {
    return this.#listener !== undefined;
  }

  dial(page: Page, listener: LinkListener): void {
    this.#page = page;
    this.#listener = listener;
  }

  open(): void {
    this.#page?.task(() => {
      if (this.down || this.told) return;
      this.opened = true;
      this.wire.host.opening(this);
      this.#listener?.opened(this);
    });
  }

  ready(lane: Lane): boolean {
    const { plugged, bytes } = this.lanes[lane];
    return !this.down && !plugged && bytes < this.#laneBytes;
  }

  send(lane: Lane, packet: Uint8Array): void {
    if (this.down) return;
    const { wire } = this;
    if (!wire.bears(packet.length)) {
      wire.break({ end: this, lane });
      return;
    }
    const { clock, random } = wire.host;
    const state = this.lanes[lane];
    const number = state.packets++;
    const copy = packet.slice();
    state.bytes += copy.length;
    state.free = Math.max(state.free, clock.now + state.latency * (0.5 + random.below(8) / 8));
    clock.after(state.free - clock.now, () => this.#arrive(state, lane, number, copy, false));
  }

  close(): void {
    if (this.down) return;
    this.down = true;
    // What was sent may be lost, and mostly is not; the other end hears of the end when it has heard all that comes.
    if (this.wire.host.random.chance(1 / 4)) this.lose();
    const { clock } = this.wire.host;
    this.other.end(Math.max(0, this.lanes[0].free - clock.now, this.lanes[1].free - clock.now), undefined);
  }

  /** The lane takes nothing for a while. */
  plug(lane: Lane, ms: number): void {
    const state = this.lanes[lane];
    state.plugged = true;
    this.wire.host.clock.after(ms, () => {
      const wasReady = this.ready(lane);
      state.plugged = false;
      this.#drained(lane, wasReady);
    });
  }

  /** Of what is on its way only so much arrives, and late. */
  lose(): void {
    const { random } = this.wire.host;
    this.down = true;
    for (const lane of this.lanes) {
      lane.lostFrom = lane.arrived + (random.chance(1 / 2) ? 0 : random.below(lane.packets - lane.arrived + 1));
      lane.late = random.pick([0, 0, 0, 5, 50, 500]);
    }
  }

  end(delay: number, error: Error | undefined): void {
    this.wire.host.clock.after(delay, () => {
      this.#page?.task(() => {
        // Its own close is no news to it.
        const news = !this.told && (error !== undefined || !this.down || this.wire.broken);
        this.told = true;
        this.down = true;
        if (!news) return;
        this.#listener?.closed(error);
        this.wire.host.closed(this);
      });
    });
  }

  #arrive(state: SendingLane, lane: Lane, number: number, packet: Uint8Array, late: boolean): void {
    if (number >= state.lostFrom) return;
    const { clock } = this.wire.host;
    if (state.late > 0 && !late) {
      clock.after(state.late, () => this.#arrive(state, lane, number, packet, true));
      return;
    }
    const wasReady = this.ready(lane);
    state.bytes -= packet.length;
    state.arrived++;
    const { other } = this;
    other.#page?.task(() => {
      if (other.told) return;
      this.wire.host.hearing(other);
      other.heard[lane]++;
      other.#listener?.packet(lane, packet);
    });
    this.#drained(lane, wasReady);
  }

  #drained(lane: Lane, wasReady: boolean): void {
    if (wasReady || !this.ready(lane)) return;
    this.#page?.task(() => {
      if (!this.down) this.#listener?.drained(lane);
    });
  }
}
