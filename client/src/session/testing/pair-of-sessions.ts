import type { LeaveReason, Receipt } from '../../communicators/communicator.ts';
import { Deque } from '../../deque.ts';
import type { PoolError } from '../../errors.ts';
import type { Lane, Link, LinkListener } from '../../links/link.ts';
import type { Packet } from '../../packers/packer.ts';
import { Session, type SessionOptions } from '../session.ts';

/** What one end has heard, in order. */
export type Heard =
  | { readonly type: 'joined' | 'severed' | 'resumed' }
  | { readonly type: 'unfit'; readonly error: PoolError }
  | { readonly type: 'message'; readonly queue: string; readonly packet: Packet; readonly receipt: Receipt }
  | { readonly type: 'failed'; readonly error: PoolError }
  | { readonly type: 'ended'; readonly reason: LeaveReason; readonly error: PoolError };

/** One end of a link whose other end lives in the same process. Nothing moves until somebody says so. */
export class ManualLink implements Link {
  readonly kind = 'local';
  readonly reachable = true;
  readonly packetBytes: number;
  readonly binding: Link['binding'];
  /** Sent, and not arrived. */
  readonly underway: readonly [Deque<Uint8Array>, Deque<Uint8Array>] = [new Deque(), new Deque()];
  readonly #laneBytes: number;
  readonly #bytes: [number, number] = [0, 0];
  closed = false;

  constructor(packetBytes: number, laneBytes: number, binding: Link['binding']) {
    this.packetBytes = packetBytes;
    this.binding = binding;
    this.#laneBytes = laneBytes;
  }

  ready(lane: Lane): boolean {
    return this.#bytes[lane] < this.#laneBytes;
  }

  send(lane: Lane, packet: Uint8Array): void {
    if (this.closed) return;
    this.underway[lane].push(packet.slice());
    this.#bytes[lane] += packet.length;
  }

  close(): void {
    this.closed = true;
  }

  /** Everything under way is lost. */
  lose(): void {
    this.closed = true;
    for (const lane of this.underway) lane.clear();
  }

  /** Takes one packet off the lane. */
  take(lane: Lane): Uint8Array | undefined {
    const packet = this.underway[lane].shift();
    this.#bytes[lane] -= packet?.length ?? 0;
    return packet;
  }
}

export interface End {
  readonly session: Session;
  link: ManualLink;
  listener: LinkListener;
  /** Its listener was told `opened` and not `closed`. */
  linked: boolean;
  readonly heard: Heard[];
  /** Throws what refuses a message. */
  refuse: ((queue: string, packet: Packet) => void) | undefined;
  scheduled: boolean;
}

export interface PairOptions {
  readonly packetBytes?: number;
  readonly laneBytes?: number;
  readonly alice?: Partial<SessionOptions>;
  readonly bob?: Partial<SessionOptions>;
}

/** Two sessions and the link between them, moved by hand: for tests in which every interleaving is written down or drawn from a seed. */
export class PairOfSessions {
  readonly alice: End;
  readonly bob: End;
  now = 0;
  #links = 0;
  readonly #packetBytes: number;
  readonly #laneBytes: number;

  constructor({ packetBytes = 4096, laneBytes = 8192, alice = {}, bob = {} }: PairOptions = {}) {
    this.#packetBytes = packetBytes;
    this.#laneBytes = laneBytes;
    this.alice = this.#end('alice', 'bob', alice);
    this.bob = this.#end('bob', 'alice', bob);
    this.link();
  }

  get ends(): readonly [End, End] {
    return [this.alice, this.bob];
  }

  /** A new link is being made. Whatever the old one holds is lost. */
  link(packetBytes = this.#packetBytes): void {
    this.#links++;
    for (const [end, name, peer] of [
      [this.alice, 'alice', 'bob'],
      [this.bob, 'bob', 'alice'],
    ] as const) {
      end.link = new ManualLink(packetBytes, this.#laneBytes, {
        own: `${name}-${this.#links}`,
        other: `${peer}-${this.#links}`,
      });
      end.linked = false;
      end.listener = end.session.attach(`${peer}-1`, this.#links);
    }
  }

  open(end?: End): void {
    for (const one of end === undefined ? this.ends : [end]) {
      one.linked = true;
      one.listener.opened(one.link);
    }
  }

  /** The link breaks, and what is under way is lost; both ends hear of it, or only one for now. */
  cut(end?: End): void {
    for (const one of end === undefined ? this.ends : [end]) {
      one.link.lose();
      if (!one.linked) continue;
      one.linked = false;
      one.listener.closed(new Error('cut'));
    }
  }

  /** Cuts if need be, and makes and opens a new link. */
  relink(): void {
    this.cut();
    this.link();
    this.open();
  }

  /** Every step that is possible now; taking none of them changes nothing. */
  steps(): (() => void)[] {
    const steps: (() => void)[] = [];
    for (const [from, to] of [
      [this.alice, this.bob],
      [this.bob, this.alice],
    ] as const) {
      if (from.scheduled) {
        steps.push(() => {
          from.scheduled = false;
          from.session.flush();
        });
      }
      for (const lane of [0, 1] as const) {
        if (from.link.underway[lane].length > 0 && to.linked) steps.push(() => this.#deliver(from, to, lane));
      }
      // Whoever closes is heard of when all that was sent before has arrived.
      if (from.link.closed && to.linked && from.link.underway.every((lane) => lane.length === 0)) {
        steps.push(() => {
          to.linked = false;
          to.listener.closed();
        });
      }
    }
    return steps;
  }

  /** Takes steps, always the first that is possible unless `choose` says otherwise, until there is none. */
  run(choose: (count: number) => number = () => 0): void {
    for (let steps = this.steps(); steps.length > 0; steps = this.steps()) steps[choose(steps.length)]?.();
  }

  #deliver(from: End, to: End, lane: Lane): void {
    const full = !from.link.ready(lane);
    const packet = from.link.take(lane);
    if (packet !== undefined) to.listener.packet(lane, packet);
    if (full && from.link.ready(lane)) from.listener.drained(lane);
  }

  #end(name: string, peer: string, over: Partial<SessionOptions>): End {
    const heard: Heard[] = [];
    let drawn = 0;
    const session: Session = new Session(
      {
        name,
        instance: `${name}-1`,
        peer,
        packer: 'test',
        inboxLimit: 1 << 20,
        outboxLimit: 1 << 26,
        maxMessageSize: 1 << 26,
        random: () => `${name}-${drawn++}`,
        ...over,
      },
      {
        now: () => this.now,
        schedule: () => {
          end.scheduled = true;
        },
        acknowledge: () => {
          end.scheduled = true;
        },
        joined: () => heard.push({ type: 'joined' }),
        severed: () => heard.push({ type: 'severed' }),
        resumed: () => heard.push({ type: 'resumed' }),
        agreed: () => {},
        unfit: (error) => heard.push({ type: 'unfit', error }),
        message: (queue, packet, receipt) => {
          end.refuse?.(queue, packet);
          // The head is a view that is valid during the call only.
          heard.push({
            type: 'message',
            queue,
            packet: { head: packet.head.slice(), segments: packet.segments },
            receipt,
          });
        },
        failed: (error) => heard.push({ type: 'failed', error }),
        quiet: () => {},
        ended: (reason, error) => heard.push({ type: 'ended', reason, error }),
      },
    );
    const link = new ManualLink(0, 0, { own: '', other: '' });
    const listener = session.attach(`${peer}-1`, 0);
    const end: End = { session, link, listener, linked: false, heard, refuse: undefined, scheduled: false };
    return end;
  }
}
