import { Deque } from '../../deque.ts';
import type { Lane, Link, LinkListener } from '../../links/link.ts';
import type { Attempt } from '../transport.ts';
import type { Coverage, Sight } from './coverage.ts';
import type { Random } from '../../session/testing/random.ts';
import type { Sleeper, VirtualClock } from './virtual-clock.ts';
import type { Weather } from './weather.ts';

/** Small enough that a large message takes several packets. */
const PACKET_BYTES = 16 * 1024;
const LANE_BYTES = 64 * 1024;
/** How long an end goes on believing in a link that carries nothing any more, in ms. */
const BELIEF = 5_000;

export interface LinkWorld {
  readonly clock: VirtualClock;
  readonly luck: Random;
  readonly weather: Weather;
  readonly coverage: Coverage<Sight>;
  /** Every end from its dial until it is closed. */
  readonly links: Set<SimulatedLink>;
}

/** What the two ends share. */
interface Cable {
  readonly number: number;
  readonly fate: 'opens' | 'fails' | 'hangs';
  readonly ends: SimulatedLink[];
  /** Nothing passes any more, since then. */
  cutAt: number | undefined;
}

/** What one end tells the other by its signals. */
interface Description {
  readonly type: 'offer' | 'answer' | 'candidate';
  readonly cable: Cable;
}

/** How a link ends that nobody closes. */
export const BREAKS = {
  'link breaks at both ends': 4,
  'link breaks at one end first': 3,
  'link half-open': 2,
  'link silent for ever': 1,
} as const;

/** One end of a link between two pages of one process. It opens, carries, loses and breaks as its world wills. */
export class SimulatedLink implements Link, Attempt {
  readonly kind = 'direct';
  readonly packetBytes = PACKET_BYTES;
  readonly page: Sleeper;
  /** When it was dialed. */
  readonly born: number;
  readonly #world: LinkWorld;
  readonly #listener: LinkListener;
  readonly #negotiate: (data: unknown) => void;
  /** The time up to which each lane is promised: what is sent later arrives later. */
  readonly #arrivals: [number, number] = [0, 0];
  readonly #underway: [number, number] = [0, 0];
  /** Came before we were open, and not handed on before that. */
  readonly #early = new Deque<() => void>();
  #cable: Cable | undefined;
  #state: 'new' | 'open' | 'closed' = 'new';
  /** The other end has told what it is. */
  #described = false;
  /** Nothing comes in any more. */
  #deaf = false;

  constructor(
    world: LinkWorld,
    page: Sleeper,
    role: 'initiator' | 'responder',
    negotiate: (data: unknown) => void,
    listener: LinkListener,
  ) {
    this.#world = world;
    this.page = page;
    this.born = world.clock.now;
    this.#negotiate = negotiate;
    this.#listener = listener;
    world.links.add(this);
    if (role === 'initiator') this.#offer();
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  /** Whether what is sent here, and to here, arrives. */
  get whole(): boolean {
    return this.#state === 'open' && this.other?.open === true && !this.#deaf && this.#cable?.cutAt === undefined;
  }

  get other(): SimulatedLink | undefined {
    return this.#cable?.ends.find((end) => end !== this);
  }

  get binding(): Link['binding'] {
    const cable = this.#cable;
    const index = cable?.ends.indexOf(this) ?? 0;
    return { own: `${cable?.number}.${index}`, other: `${cable?.number}.${1 - index}` };
  }

  get reachable(): boolean {
    const cutAt = this.#cable?.cutAt;
    return this.#state === 'open' && (cutAt === undefined || this.#world.clock.now < cutAt + BELIEF);
  }

  negotiate(data: unknown): void {
    const { type, cable } = data as Description;
    if (this.#state !== 'new' || (type === 'candidate' && this.#described)) return;
    if (this.#described || type === 'candidate') {
      if (this.#world.weather.dial.strict) this.#failLater(0, 'a description came twice, or was lost');
      return;
    }
    this.#described = true;
    if (type === 'offer') {
      this.#cable = cable;
      if (cable.ends.length === 1) cable.ends.push(this);
      this.#describe('answer', cable);
    } else if (this.other !== undefined) this.#connect(cable, this, this.other);
  }

  ready(lane: Lane): boolean {
    return this.#underway[lane] < LANE_BYTES;
  }

  send(lane: Lane, packet: Uint8Array): void {
    const { clock, luck, weather } = this.#world;
    const { other } = this;
    const cable = this.#cable;
    if (this.#state !== 'open' || cable === undefined || other === undefined) return;
    const copy = packet.slice();
    const at = Math.max(this.#arrivals[lane], clock.now + luck.between(...weather.packetLatency));
    this.#arrivals[lane] = at;
    this.#underway[lane] += copy.length;
    clock.after(at - clock.now, other.page, () => {
      const full = !this.ready(lane);
      this.#underway[lane] -= copy.length;
      if (full && this.ready(lane)) {
        clock.after(0, this.page, () => {
          if (this.#state === 'open') this.#listener.drained(lane);
        });
      }
      if (cable.cutAt === undefined && !other.#deaf) other.#take(lane, copy);
    });
  }

  close(): void {
    const { clock, luck, coverage } = this.#world;
    const { other } = this;
    const was = this.#state;
    this.#end();
    if (was === 'closed' || other === undefined || other.#state === 'closed' || this.#cable?.cutAt !== undefined)
      return;
    if (was === 'new') coverage.saw('attempt abandoned at one end');
    // An attempt that lost its other end notices late, if at all; a link hears of its end when all that was sent is there.
    if (was === 'new' && other.#state === 'new') {
      if (luck.chance(0.5)) other.#failLater(luck.between(3_000, 20_000), 'nobody answers');
    } else clock.after(Math.max(...this.#arrivals, clock.now + 1) - clock.now, other.page, () => other.#finish());
  }

  /** The page goes, and has no time to wait until what it sent has left. */
  abandon(): void {
    const { luck } = this.#world;
    const { other } = this;
    if (this.#state === 'open' && luck.chance(0.5)) {
      this.#cut();
      if (other !== undefined) other.#failLater(luck.between(0, 100), 'the other side closed its connection');
    }
    this.close();
  }

  /** The page of this end is no more, and could not say so. */
  vanish(): void {
    const { luck } = this.#world;
    const { other } = this;
    if (this.#state === 'closed') return;
    this.#end();
    this.#cut();
    if (other === undefined) return;
    if (luck.chance(0.4)) other.#failLater(luck.between(0, 200), 'its page is gone');
    else if (luck.chance(0.8)) other.#failLater(luck.between(3_000, 25_000), 'nobody answers');
  }

  /** What is under way is lost, and these ends hear of it. */
  cut(...told: readonly SimulatedLink[]): void {
    this.#cut();
    for (const end of told) end.#failLater(0, 'the link was cut');
  }

  /** This end comes to nothing, and only it knows. */
  fail(): void {
    this.#failLater(0, 'no connection came about');
  }

  /** What is under way is lost, in one direction at least; the ends hear of it together, one by one, later, or never. */
  break(how: keyof typeof BREAKS): void {
    const { clock, luck, coverage } = this.#world;
    const { other } = this;
    if (other === undefined) return;
    const [first, second] = luck.chance(0.5) ? [this, other] : [other, this];
    coverage.saw(how);
    switch (how) {
      case 'link breaks at both ends':
        this.#cut();
        for (const end of [first, second]) end.#failLater(luck.between(0, 100), 'the link was cut');
        break;
      case 'link breaks at one end first':
        this.#cut();
        first.#failLater(0, 'the link was cut');
        second.#failLater(luck.between(100, 25_000), 'the link was cut');
        break;
      case 'link half-open':
        first.#deaf = true;
        clock.after(luck.between(3_000, 25_000), undefined, () => this.#cut());
        for (const end of [first, second]) end.#failLater(luck.between(3_000, 30_000), 'the link was cut');
        break;
      case 'link silent for ever':
        this.#cut();
    }
  }

  #offer(): void {
    const { luck, weather, clock, coverage } = this.#world;
    const fate = luck.chance(weather.dial.fails) ? 'fails' : luck.chance(weather.dial.hangs) ? 'hangs' : 'opens';
    const cable: Cable = { number: clock.turns, fate, ends: [this], cutAt: undefined };
    this.#cable = cable;
    if (fate === 'fails') {
      coverage.saw('attempt fails');
      this.#failLater(luck.between(0, 5_000), 'no connection came about');
    } else if (fate === 'hangs') coverage.saw('attempt hangs');
    this.#describe('offer', cable);
  }

  /** Some transports know what to say within the call, others a little later. */
  #describe(type: 'offer' | 'answer', cable: Cable): void {
    const { clock, luck } = this.#world;
    const say = (type: Description['type']): void => {
      if (this.#state === 'new') this.#negotiate({ type, cable } satisfies Description);
    };
    if (luck.chance(0.3)) say(type);
    else clock.after(luck.between(0, 20), this.page, () => say(type));
    for (let candidates = luck.below(3); candidates > 0; candidates--) {
      clock.after(luck.between(20, 300), this.page, () => say('candidate'));
    }
  }

  #connect({ fate }: Cable, ...ends: readonly SimulatedLink[]): void {
    const { luck, weather } = this.#world;
    const handshake = luck.between(...weather.dial.handshake);
    if (fate === 'fails') for (const end of ends) end.#failLater(luck.between(0, 5_000), 'no connection came about');
    if (fate === 'opens') for (const end of ends) end.#openLater(handshake + luck.between(0, Math.ceil(handshake / 4)));
  }

  #openLater(ms: number): void {
    const { clock, luck } = this.#world;
    clock.after(ms, this.page, () => {
      if (this.#state !== 'new') return;
      if (this.other === undefined || this.other.#state === 'closed' || this.#cable?.cutAt !== undefined) {
        if (luck.chance(0.7)) this.#failLater(luck.between(3_000, 15_000), 'nobody answers');
        return;
      }
      this.#state = 'open';
      this.#listener.opened(this);
      for (let packet = this.#early.shift(); packet !== undefined; packet = this.#early.shift()) packet();
    });
  }

  #take(lane: Lane, bytes: Uint8Array): void {
    const hand = (): void => {
      if (this.#state !== 'closed') this.#listener.packet(lane, bytes);
    };
    if (this.#state === 'new' && (this.#early.length > 0 || this.#world.luck.chance(0.5))) this.#early.push(hand);
    else hand();
  }

  #cut(): void {
    if (this.#cable !== undefined) this.#cable.cutAt ??= this.#world.clock.now;
  }

  #failLater(ms: number, why: string): void {
    this.#world.clock.after(ms, this.page, () => this.#finish(new Error(why)));
  }

  #finish(error?: Error): void {
    if (this.#state === 'closed') return;
    this.#end();
    this.#listener.closed(error);
  }

  #end(): void {
    this.#state = 'closed';
    this.#world.links.delete(this);
  }
}
