import type { Matchmaker } from './matchmaker.ts';
import type { Party } from './party.ts';
import type { World } from './world.ts';

const SILENCE = new Error('it does not answer');

type Fault = keyof typeof FAULTS;

/** How often each of them strikes, of those that a run has. */
const FAULTS = {
  plug: 6,
  drift: 4,
  sleep: 4,
  cut: 50,
  fuse: 14,
  sever: 8,
  redial: 6,
  goodbye: 2,
  removed: 2,
  both: 2,
  abort: 2,
  restart: 4,
};

const NO_DEPARTURES: typeof FAULTS = { ...FAULTS, goodbye: 0, removed: 0, both: 0, abort: 0, restart: 0 };

const NO_CUTS: typeof FAULTS = { ...NO_DEPARTURES, cut: 0, fuse: 0, sever: 0, redial: 0 };

/** What goes wrong, one thing after the other. */
export class Faults {
  readonly #world: World;
  readonly #matchmaker: Matchmaker;
  readonly #parties: readonly [Party, Party];

  constructor(world: World, matchmaker: Matchmaker, parties: readonly [Party, Party]) {
    this.#world = world;
    this.#matchmaker = matchmaker;
    this.#parties = parties;
  }

  step(left: number): void {
    const { calm, random, plan, clock } = this.#world;
    if (calm || left === 0) return;
    this.#strike(random.weighted(plan.departures ? FAULTS : plan.cuts ? NO_DEPARTURES : NO_CUTS));
    clock.after(random.below(Math.ceil(2 * plan.faultEvery)), () => this.step(left - 1));
  }

  #strike(what: Fault): void {
    const { random, coverage } = this.#world;
    const wire = this.#matchmaker.newest;
    const party = random.pick(this.#parties);
    const end = wire?.ends[party.side];
    switch (what) {
      case 'cut':
        if (wire !== undefined) this.#matchmaker.cut(wire);
        break;
      case 'fuse':
        if (wire !== undefined) wire.burn(random.below(30_000));
        break;
      case 'sever':
        if (party.life?.session.up !== true) break;
        coverage.count('given up by one end while it worked');
        if (party.life.end !== undefined) this.#matchmaker.lost(party.life.end.wire);
        party.life.session.sever(SILENCE);
        break;
      case 'redial':
        this.#matchmaker.dial();
        break;
      case 'plug':
        coverage.count('lane not ready');
        end?.plug(random.pick([0, 1] as const), random.pick([5, 50, 500]));
        break;
      case 'drift':
        coverage.count('lanes drifted apart');
        for (const lane of end?.lanes ?? []) lane.latency = random.pick([0, 0, 5, 40, 200]);
        break;
      case 'sleep':
        this.#sleep(party);
        break;
      case 'goodbye':
      case 'removed':
        party.leave(what);
        break;
      case 'both':
        for (const one of this.#parties) one.leave('goodbye');
        break;
      case 'abort':
        coverage.count('aborted');
        party.life?.abort();
        break;
      case 'restart':
        wire?.break();
        party.restart(random.pick([0, 10, 100]));
    }
  }

  #sleep(party: Party): void {
    const { random, coverage } = this.#world;
    const ms = random.pick([10, 100, 60_000]);
    const timersFirst = random.chance(1 / 2);
    coverage.count(timersFirst ? 'timers late, and before what came' : 'timers late, and after what came');
    if (ms === 60_000) coverage.count('timers late by a minute');
    party.page.sleep(ms, timersFirst);
  }
}
