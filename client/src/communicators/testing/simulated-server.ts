import type { Disappearance, Presence, Signal } from '../transport.ts';
import type { Coverage, Sight } from './coverage.ts';
import type { Random } from '../../session/testing/random.ts';
import type { SimulatedPlace } from './simulated-place.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { Weather } from './weather.ts';

/** How long a name is kept for whoever lost its socket, in ms; also for those whom a server that comes back remembers. */
const KEPT_FOR = 10_000;
/** Who is asked whether it is still there, and says nothing for so long, is not; in ms. */
const ANSWER_WITHIN = 1_000;

export interface ServerWorld {
  readonly clock: VirtualClock;
  readonly luck: Random;
  readonly weather: Weather;
  readonly coverage: Coverage<Sight>;
}

/** One connection of a page. Each side sees it open until it hears otherwise. */
export interface Socket {
  readonly place: SimulatedPlace;
  open: boolean;
  /** The time up to which what the server tells is promised. */
  last: number;
}

interface Seat {
  readonly presence: Presence;
  /** Of the tab: whoever shows it may have the name, once the holder does not answer any more. */
  readonly secret: string;
  socket: Socket | undefined;
  /** The others were told that the holder is gone. */
  missed: boolean;
}

/** Who is in the room. Signals pass in order between two instances while nothing breaks, and are lost, doubled and late as the weather is. */
export class SimulatedServer {
  readonly #world: ServerWorld;
  /** Knows who is no more, as Web Locks and a hub do; and never dies. */
  readonly certain: boolean;
  /** Beside what the weather takes. */
  loses: ((from: Presence, signal: Signal) => boolean) | undefined;
  readonly #seats = new Map<string, Seat>();
  readonly #orders = new Map<string, { sent: number; heard: number }>();
  #up = true;

  constructor(world: ServerWorld, certain: boolean) {
    this.#world = world;
    this.certain = certain;
  }

  get up(): boolean {
    return this.#up;
  }

  /** Every socket closes; without memory, it knows nobody when it is back. */
  die(memory: boolean): void {
    const { clock, luck } = this.#world;
    this.#up = false;
    for (const { socket } of this.#seats.values()) {
      if (socket?.open !== true) continue;
      socket.open = false;
      const { place } = socket;
      clock.after(luck.between(0, luck.chance(0.8) ? 100 : 3_000), place.page, () => place.closed(socket));
    }
    for (const seat of this.#seats.values()) seat.socket = undefined;
    if (!memory) this.#seats.clear();
  }

  revive(): void {
    if (this.#up) return;
    this.#up = true;
    for (const seat of this.#seats.values()) this.#expire(seat);
  }

  /** Takes the name, or says why not. `again`: this instance had it before. */
  join(socket: Socket, again: boolean): readonly Presence[] | 'name-taken' | 'replaced' {
    const { presence, secret } = socket.place;
    const holder = this.#seats.get(presence.name);
    const same = holder?.presence.instance === presence.instance;
    if (holder !== undefined && !same) {
      if (holder.secret !== secret) return 'name-taken';
      if (again) return 'replaced';
      if (this.#answers(holder)) return 'name-taken';
      const { socket: silent } = holder;
      if (silent !== undefined) this.tell(silent, (place) => place.heardReplaced(silent));
      this.#vacate(holder, 'closed');
    }
    const others = [...this.#seats.values()].filter((seat) => seat.presence.name !== presence.name && !seat.missed);
    this.#seats.delete(presence.name);
    this.#seats.set(presence.name, { presence, secret, socket, missed: false });
    this.#tellOthers(presence, (place) => place.heardJoined(presence));
    return others.map((seat) => seat.presence);
  }

  /** A socket is closed, by its page or by the network. A newer one may hold the seat by now. */
  gone(socket: Socket, how: Disappearance): void {
    socket.open = false;
    const seat = this.#seats.get(socket.place.presence.name);
    if (!this.#up || seat?.socket !== socket) return;
    if (how !== 'closed') this.#vacate(seat, how);
    else {
      seat.socket = undefined;
      this.#miss(seat, how);
      this.#expire(seat);
    }
  }

  signal(socket: Socket, to: Presence, signal: Signal): void {
    const { clock, luck, coverage } = this.#world;
    const { lost, doubled, late, latency } = this.#world.weather.signal;
    const from = socket.place.presence;
    if (luck.chance(lost) || this.loses?.(from, signal) === true) {
      coverage.saw('signal lost');
      return;
    }
    const key = `${from.instance}>${to.instance}`;
    const order = this.#orders.get(key) ?? { sent: 0, heard: 0 };
    this.#orders.set(key, order);
    let delay = luck.between(...latency);
    if (luck.chance(late)) {
      coverage.saw('signal late');
      delay += luck.between(0, 6_000);
    }
    order.sent = Math.max(order.sent, clock.now + delay);
    const copies = luck.chance(doubled) ? 2 : 1;
    if (copies === 2) coverage.saw('signal doubled');
    clock.after(order.sent - clock.now, undefined, () => {
      const seat = this.#seats.get(to.name);
      if (!this.#up || !socket.open) return;
      if (seat?.presence.instance !== to.instance || seat.socket === undefined) {
        coverage.saw('signal to an instance that is gone');
        return;
      }
      const { socket: target } = seat;
      // Not before what the socket was told earlier, the answer to its join above all.
      order.heard = Math.max(order.heard, target.last, clock.now + luck.between(...latency));
      for (let copy = 0; copy < copies; copy++) {
        // The second comes at once, or when others have passed it.
        const straggle = copy === 1 && luck.chance(0.5) ? luck.between(0, 3_000) : 0;
        clock.after(order.heard + straggle - clock.now, target.place.page, () => {
          if (target.open) target.place.heardSignal(target, from, signal);
        });
      }
    });
  }

  /** What the server tells one member comes in order, while the socket lives. */
  tell(socket: Socket, say: (place: SimulatedPlace) => void): void {
    const { clock, luck, weather } = this.#world;
    socket.last = Math.max(socket.last, clock.now + luck.between(...weather.signal.latency));
    clock.after(socket.last - clock.now, socket.place.page, () => {
      if (socket.open) say(socket.place);
    });
  }

  #vacate(seat: Seat, how: Disappearance): void {
    this.#seats.delete(seat.presence.name);
    this.#miss(seat, how);
  }

  #miss(seat: Seat, how: Disappearance): void {
    if (seat.missed) return;
    seat.missed = true;
    const said = this.certain ? 'ended' : how;
    this.#tellOthers(seat.presence, (place) => place.heardLeft(seat.presence, said));
  }

  #expire(seat: Seat): void {
    this.#world.clock.after(KEPT_FOR, undefined, () => {
      if (!this.#up || seat.socket !== undefined) return;
      if (this.#seats.get(seat.presence.name) === seat) this.#vacate(seat, 'closed');
    });
  }

  #answers({ socket }: Seat): boolean {
    if (socket?.open !== true) return false;
    const { alive, frozenUntil } = socket.place.page;
    return alive && frozenUntil < this.#world.clock.now + ANSWER_WITHIN;
  }

  #tellOthers({ name }: Presence, say: (place: SimulatedPlace) => void): void {
    for (const { presence, socket } of this.#seats.values()) {
      if (presence.name !== name && socket !== undefined) this.tell(socket, say);
    }
  }
}
