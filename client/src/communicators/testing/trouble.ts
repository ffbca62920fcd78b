import type { Coverage, Sight } from './coverage.ts';
import type { Crowd } from './crowd.ts';
import type { Random } from '../../session/testing/random.ts';
import { BREAKS, type SimulatedLink } from './simulated-link.ts';
import type { SimulatedServer } from './simulated-server.ts';
import type { Tab } from './tab.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What can be troubled. */
export interface Troubled {
  readonly clock: VirtualClock;
  readonly luck: Random;
  readonly coverage: Coverage<Sight>;
  readonly crowd: Crowd;
  readonly links: ReadonlySet<SimulatedLink>;
  readonly server: SimulatedServer;
  /** Nothing happens to anybody any more. */
  readonly calm: boolean;
  log(tab: Tab | undefined, text: string): void;
  /** A tab like this one is opened a little later, unless its name has a bearer by then. */
  reopen(tab: Tab, ms: number): void;
  /** A tab is opened under the name of one that is there. */
  impersonate(tab: Tab): void;
}

export interface TroubleOptions {
  /** The server knows all, and does not die. */
  readonly certain: boolean;
  /** Who has a place in everybody's list is not removed from it. */
  readonly named: boolean;
}

/** Whatever befalls a room. */
export class Trouble {
  readonly #world: Troubled;
  readonly #weights: Readonly<Record<string, number>>;
  /** Links broken so far. */
  cuts = 0;

  constructor(world: Troubled, { certain, named }: TroubleOptions) {
    this.#world = world;
    this.#weights = {
      break: 80,
      isolate: 20,
      part: 10,
      timers: 4,
      freeze: 4,
      ...(named ? {} : { remove: 5 }),
      ...(certain ? {} : { socket: 20, server: 10, impersonate: 2 }),
    };
  }

  /** One thing happens. */
  strike(): void {
    const { luck, crowd, links, clock, coverage } = this.#world;
    const present = crowd.living.filter(({ leaving }) => !leaving);
    if (present.length === 0) return;
    const tab = luck.pick(present);
    const open = [...links].filter((link) => link.open);
    switch (luck.weighted(this.#weights)) {
      case 'break':
        if (open.length > 0) this.#break(luck.pick(open));
        break;
      case 'isolate':
        for (const link of open) if (link.page === tab) this.#break(link);
        break;
      case 'part':
        this.#part(tab);
        break;
      case 'timers':
        coverage.saw('timers late');
        tab.timersLateUntil = Math.max(tab.timersLateUntil, clock.now + luck.pick([3_000, 20_000, 60_000]));
        this.#world.log(tab, `has late timers until ${tab.timersLateUntil}`);
        break;
      case 'freeze':
        coverage.saw('page frozen');
        tab.frozenUntil = Math.max(tab.frozenUntil, clock.now + luck.pick([1_000, 10_000, 60_000, 100_000]));
        this.#world.log(tab, `is frozen until ${tab.frozenUntil}`);
        break;
      case 'remove':
        this.#remove(tab);
        break;
      case 'socket':
        this.#world.log(tab, 'loses its socket');
        tab.transport.place?.lose(luck.chance(0.7) ? 0 : luck.between(0, 10_000));
        break;
      case 'server':
        this.#killServer();
        break;
      default:
        this.#world.impersonate(tab);
    }
  }

  #break(link: SimulatedLink): void {
    const how = this.#world.luck.weighted(BREAKS);
    this.cuts++;
    this.#world.log(link.page as Tab, `${how}: to ${(link.other?.page as Tab | undefined)?.instance ?? 'nobody'}`);
    link.break(how);
  }

  #part(tab: Tab): void {
    const { luck, clock, coverage } = this.#world;
    const goodbye = luck.chance(0.5);
    coverage.saw(goodbye ? 'restart after a goodbye' : 'restart without a goodbye');
    if (goodbye) {
      clock.after(0, tab, () => {
        // A page that was frozen hears of it when it is too late.
        if (!tab.leaving && !this.#world.calm) tab.leave(luck.chance(0.7));
      });
    } else tab.kill();
    if (luck.chance(0.8)) this.#world.reopen(tab, luck.chance(0.5) ? 1 : luck.between(1, 3_000));
  }

  #remove(tab: Tab): void {
    const { luck, clock } = this.#world;
    if (tab.members.size === 0) return;
    const [name, instance] = luck.pick([...tab.members]);
    clock.after(0, tab, () => {
      if (!tab.leaving && !this.#world.calm && tab.members.get(name) === instance) tab.remove(name, instance);
    });
  }

  #killServer(): void {
    const { luck, clock, coverage, server, crowd } = this.#world;
    if (!server.up) return;
    const memory = luck.chance(0.5);
    coverage.saw('server death');
    this.#world.log(undefined, 'dies');
    server.die(memory);
    clock.after(luck.between(200, 12_000), undefined, () => {
      coverage.saw(memory ? 'server back with its memory' : 'server back without its memory');
      server.revive();
      if (this.#world.calm) return;
      // Whoever comes first to a server that has forgotten everybody gets the name it asks for.
      if (!memory && crowd.living.length > 0 && luck.chance(0.7)) this.#world.impersonate(luck.pick(crowd.living));
    });
  }
}
