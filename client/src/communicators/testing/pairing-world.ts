import { PoolError } from '../../errors.ts';
import { Random } from '../../session/testing/random.ts';
import type { Coverage, Sight } from './coverage.ts';
import { Crowd } from './crowd.ts';
import { Ledger, type Losses } from './ledger.ts';
import { probe, type ProbingWorld } from './probing.ts';
import { unsettled } from './settlement.ts';
import type { SimulatedLink } from './simulated-link.ts';
import { SimulatedServer } from './simulated-server.ts';
import { watchSlots } from './slot-watch.ts';
import { Tab, type TabWorld } from './tab.ts';
import { Trouble, type Troubled } from './trouble.ts';
import { VirtualClock } from './virtual-clock.ts';
import { CALM, roughWeather, type Weather } from './weather.ts';

const NAMES = 'alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy rupert sybil'.split(' ');

/** The secret of whoever comes under the name of somebody who is there. */
const IMPOSTOR = 'somebody else';

/**
 * So long after the last fault every pair has a link, in ms: a page may have to wake, a link be found to carry nothing, a pair to have failed and be called again.
 */
const PATIENCE = 240_000;
/** How often it is seen whether all is well, in ms; first when all that was put off until the calm has begun. */
const LOOK_EVERY = 250;
const FIRST_LOOK = 3_000;
/** How long nothing may change then, in ms: three unanswered pings would be noticed. */
const QUIET = 6_000;
/** Everybody is gone so soon, in ms, whoever does not answer. */
const ENDED_WITHIN = 15_000;

/** How one run went. */
export interface Outcome extends Losses {
  readonly seed: number;
  readonly cuts: number;
  readonly failure: string | undefined;
  readonly trace: readonly string[];
}

/** A room full of tabs to which everything happens, for a while; then nothing more does, and all must be well. */
export class PairingWorld implements TabWorld, Troubled, ProbingWorld {
  readonly clock: VirtualClock;
  readonly luck: Random;
  readonly coverage: Coverage<Sight>;
  readonly links = new Set<SimulatedLink>();
  readonly ledger = new Ledger();
  readonly crowd = new Crowd();
  readonly server: SimulatedServer;
  readonly names: readonly string[];
  weather: Weather;
  calm = false;
  readonly #seed: number;
  readonly #kind: 'open' | 'named' | 'mixed' | 'strangers';
  readonly #trouble: Trouble;
  /** A reloaded tab has the secret of its former life. */
  readonly #secrets: boolean;
  readonly #trace: string[] | undefined;
  #chatting = true;
  #failure: string | undefined;

  constructor(seed: number, coverage: Coverage<Sight>, traced: boolean) {
    const luck = new Random(seed);
    this.#seed = seed;
    this.luck = luck;
    this.coverage = coverage;
    this.clock = new VirtualClock(luck);
    this.weather = roughWeather(luck);
    this.names = NAMES.slice(0, luck.pick([2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, luck.chance(0.2) ? 16 : 7]));
    this.#kind = luck.pick(['open', 'open', 'named', 'mixed', 'strangers']);
    this.#secrets = luck.chance(0.5);
    this.#trace = traced ? [] : undefined;
    const certain = luck.chance(0.15);
    this.server = new SimulatedServer(this, certain);
    this.#trouble = new Trouble(this, { certain, named: this.#kind === 'named' });
  }

  async run(): Promise<Outcome> {
    const giveBack = [
      this.clock.install(),
      watchSlots(() => (this.clock.current as Tab | undefined)?.slots, this.coverage),
    ];
    const { stackTraceLimit } = Error;
    // Where an error comes from is of interest only to who follows one run; and to say so takes time.
    if (this.#trace === undefined) Error.stackTraceLimit = 0;
    try {
      await this.#live();
    } catch (error) {
      this.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      for (const give of giveBack.reverse()) give();
    }
    const { complaints, ...losses } = this.ledger.judge();
    const failure = this.#failure ?? complaints[0];
    return { seed: this.#seed, cuts: this.#trouble.cuts, ...losses, failure, trace: this.#trace ?? [] };
  }

  fail(text: string): void {
    this.#failure ??= `${this.names.length} tabs, ${this.#kind}, at ${this.clock.now} ms: ${text}`;
  }

  log(tab: Tab | undefined, text: string): void {
    this.#trace?.push(`${String(this.clock.now).padStart(8)} ${tab?.instance ?? 'the server'} ${text}`);
  }

  /** Its application starts it anew; without naming who refused it, or, where not everybody comes back, who did not come in time. */
  stopped(tab: Tab, error: unknown): void {
    const expected = ['duplicate-peer', 'unreachable', 'refused', 'timeout', 'closed'];
    if (!(error instanceof PoolError) || !expected.includes(error.code)) {
      this.fail(`${tab.instance} stopped: ${String(error)}`);
      return;
    }
    const refused = error.code === 'refused';
    const late = error.code === 'timeout' && this.#kind === 'open';
    const names = [...tab.names].filter((name) => !late && !(refused && name === error.peer));
    this.#later(this.luck.between(300, 2_000), () => {
      if (!this.crowd.has(tab.name)) this.#open(tab.name, tab.secret, names, tab.discover || refused);
    });
  }

  /** Somebody is told that its name is another's: goes, unless it has a right to the name and somebody who knows it by that. */
  contested(tab: Tab): void {
    const impostor = tab.secret === IMPOSTOR;
    if ((!impostor && tab.members.size > 0) || tab.leaving) return;
    if (impostor) this.coverage.saw('impostor gives way');
    this.clock.after(0, tab, () => {
      if (!tab.leaving) tab.leave(true);
    });
  }

  reopen(tab: Tab, ms: number): void {
    this.#later(ms, () => {
      const secret = this.#secrets ? tab.secret : `${tab.secret}, forgotten`;
      if (!this.crowd.has(tab.name)) this.#open(tab.name, secret, [...tab.names], tab.discover);
    });
  }

  impersonate(tab: Tab): void {
    this.#open(tab.name, IMPOSTOR, [...tab.names], tab.discover);
  }

  async #live(): Promise<void> {
    const { clock, luck } = this;
    const failed = (): boolean => this.#failure !== undefined;
    const simultaneous = luck.chance(0.5);
    if (simultaneous) this.coverage.saw('simultaneous join');
    for (const name of this.names) this.#later(simultaneous ? 0 : luck.between(0, 10_000), () => this.#arrive(name));
    const pace = luck.pick([400, 1_000, 3_000]);
    const strike = (): void => {
      if (this.calm) return;
      this.#trouble.strike();
      clock.after(luck.between(0, 2 * pace), undefined, strike);
    };
    clock.after(luck.between(0, 3_000), undefined, strike);
    await clock.run(luck.between(2_000, 25_000), failed);
    this.#calmDown();
    let why: string | undefined = 'nobody has looked';
    const look = (): void => {
      this.#callAgain();
      this.#complete();
      why = unsettled(this);
      if (why !== undefined) clock.after(LOOK_EVERY, undefined, look);
    };
    clock.after(FIRST_LOOK, undefined, look);
    await clock.run(clock.now + PATIENCE, () => failed() || why === undefined);
    if (why !== undefined) this.fail(why);
    if (!failed()) await this.#lastWords();
    for (let probes = 2; probes > 0 && !failed(); probes--) {
      const amiss = await probe(this);
      if (amiss !== undefined) this.fail(amiss);
    }
    if (!failed()) await this.#end();
  }

  /** No fault begins any more; those whose consequences are under way still do their worst. */
  #calmDown(): void {
    const { luck, clock } = this;
    this.log(undefined, 'sees nothing happen from now on');
    this.calm = true;
    this.weather = CALM;
    this.server.revive();
    for (const name of this.names) {
      // Whoever is named is waited for; others may stay away.
      if (this.#kind !== 'open' || luck.chance(0.8)) this.#later(luck.between(0, 1_000), () => this.#arrive(name));
    }
    for (const tab of this.crowd.living) {
      // Of two whom different peers know by one name neither can be right for all.
      const twin = this.crowd.living.some((other) => other !== tab && other.name === tab.name);
      if (tab.secret === IMPOSTOR && twin)
        clock.after(luck.between(0, 2_000), tab, () => tab.leaving || tab.leave(true));
      for (const name of tab.removed.keys()) {
        // Whoever waits for somebody to be connected waits for ever otherwise.
        if (this.#kind === 'open' && luck.chance(0.3)) continue;
        this.coverage.saw('removed and added again');
        clock.after(luck.between(0, 2_000), tab, () => tab.call(name));
      }
    }
  }

  /** Whoever is named and has gone, as an impostor perhaps, is waited for. */
  #complete(): void {
    if (this.#kind === 'open' || this.crowd.coming > 0) return;
    for (const name of this.names) if (!this.crowd.has(name)) this.#later(FIRST_LOOK, () => this.#arrive(name));
  }

  /** What both sides gave up is tried again by itself, but late: an application asks at once. */
  #callAgain(): void {
    for (const pair of this.crowd.pairs()) {
      const [one, other] = this.luck.chance(0.5) ? pair : ([pair[1], pair[0]] as const);
      if (!one.givenUp.has(other.name) || !other.givenUp.has(one.name) || !one.started) continue;
      if (!one.wants(other) || !other.wants(one)) continue;
      this.coverage.saw('failed and called again');
      one.givenUp.delete(other.name);
      this.clock.after(0, one, () => one.call(other.name));
    }
  }

  /** Everybody says something to everybody, which arrives, and nothing changes any more. */
  async #lastWords(): Promise<void> {
    const { clock } = this;
    this.#chatting = false;
    const { living } = this.crowd;
    const changes = living.map((tab) => tab.changes);
    let missing = 0;
    for (const tab of living) {
      clock.after(0, tab, () => {
        for (const name of tab.members.keys()) {
          missing++;
          tab.send(name, '', 8, 'delivered', (delivered) => {
            missing--;
            if (!delivered) this.fail(`${tab.instance} could not send to ${name} when all was quiet`);
          });
        }
      });
    }
    await clock.run(clock.now + QUIET, () => this.#failure !== undefined);
    if (missing > 0) this.fail(`${missing} messages did not arrive when all was quiet`);
    const why = unsettled(this);
    if (why !== undefined) this.fail(`once more: ${why}`);
    for (const [index, tab] of living.entries()) {
      if (tab.changes !== changes[index]) this.fail(`${tab.instance} heard of a change when all was quiet`);
    }
  }

  /** All end, in one instant or one after the other; nothing is left. */
  async #end(): Promise<void> {
    const { clock, luck, crowd } = this;
    const together = luck.chance(0.5);
    if (together) this.coverage.saw('shutdown of all in one instant');
    for (const tab of crowd.living) clock.after(together ? 0 : luck.between(0, 2_000), tab, () => tab.leave(true));
    const over = (): boolean => this.#failure !== undefined || crowd.living.length === 0;
    if (!(await clock.run(clock.now + ENDED_WITHIN, over))) this.fail('somebody did not end');
    for (const tab of crowd.tabs) {
      if (!tab.killed && tab.waiting > 0) this.fail(`${tab.instance} still waits for ${tab.waiting} answers`);
    }
    if (this.links.size > 0) this.fail('a link is left');
  }

  /** Somebody comes, perhaps. */
  #later(ms: number, come: () => void): void {
    this.crowd.coming++;
    this.clock.after(ms, undefined, () => {
      this.crowd.coming--;
      come();
    });
  }

  #arrive(name: string): void {
    if (this.crowd.has(name)) return;
    const others = this.names.filter((other) => other !== name);
    const some = others.filter(() => this.luck.chance(0.3));
    const closed = this.#kind === 'strangers' && name === this.names[0];
    if (this.#kind === 'named') this.#open(name, name, others, false);
    else this.#open(name, name, this.#kind === 'open' ? [] : some, !closed);
  }

  #open(name: string, secret: string, names: readonly string[], discover: boolean): void {
    const { luck, clock, crowd } = this;
    const id = luck
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0');
    const tab = new Tab(this, { name, instance: `${id}-${name}`, secret, names, discover });
    const former = (link: SimulatedLink): boolean => link.open && (link.other?.page as Tab | undefined)?.name === name;
    if ([...this.links].some(former)) this.coverage.saw('restart while the old link stands');
    crowd.tabs.push(tab);
    const timeout = luck.chance(0.5) ? Number.POSITIVE_INFINITY : luck.between(20_000, 90_000);
    clock.after(0, tab, () => {
      this.log(tab, `starts, ${discover ? 'open' : 'closed'}, naming ${names.join(' ')}`);
      tab.start(timeout);
      this.#chat(tab);
    });
  }

  /** Numbered messages to whoever is known, all along. */
  #chat(tab: Tab): void {
    const { luck, clock } = this;
    clock.after(luck.between(20, this.calm ? 3_000 : 1_500), tab, () => {
      if (tab.leaving || !this.#chatting) return;
      const names = luck.chance(0.9) ? [...tab.members.keys()] : this.names.filter((name) => name !== tab.name);
      if (names.length > 0) {
        const to = luck.pick(names);
        if (luck.chance(0.05)) tab.ping(to);
        for (let burst = luck.chance(0.1) ? 4 : 1; burst > 0; burst--) {
          const bytes = luck.chance(0.04) ? 20_000 : 8;
          tab.send(to, luck.pick(['', 'x']), bytes, luck.chance(0.2) ? 'consumed' : 'delivered');
        }
      }
      this.#chat(tab);
    });
  }
}
