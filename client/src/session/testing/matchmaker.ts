import type { Lane } from '../../links/link.ts';
import { countCut } from './cut.ts';
import type { Party } from './party.ts';
import { packetBytesOf } from './plan.ts';
import { type Side, SIDES, Wire, type WireEnd, type WireHost, type WireRules } from './wire.ts';
import type { World } from './world.ts';

/** Makes one link after the other for as long as both sides are there: what pairing and transports do, without their rules. */
export class Matchmaker implements WireHost {
  readonly #world: World;
  readonly #parties: () => readonly [Party, Party];
  readonly #rules: WireRules;
  newest: Wire | undefined;
  #number = 0;
  #dialing = false;
  readonly #cut = new Set<Wire>();

  constructor(world: World, parties: () => readonly [Party, Party]) {
    const { packetBytes, laneBytes, latency } = world.plan;
    this.#world = world;
    this.#parties = parties;
    this.#rules = { packetBytes, laneBytes, latency };
  }

  get clock(): World['clock'] {
    return this.#world.clock;
  }

  get random(): World['random'] {
    return this.#world.random;
  }

  /** Makes a link, soon, if there is none and two to be linked. */
  look(): void {
    if (this.#dialing || this.newest?.over === false) return;
    this.#dialing = true;
    this.clock.after(this.random.pick([0, 0, 1, 5, 30]), () => {
      this.#dialing = false;
      if (this.newest?.over !== false) this.dial();
    });
  }

  /** Makes a link, whatever there is. */
  dial(): void {
    const { random, clock } = this;
    const { plan, calm, coverage } = this.#world;
    if (!this.#parties().every((party) => party.present)) return;
    const rules = plan.mixed ? { ...this.#rules, packetBytes: packetBytesOf(random) } : this.#rules;
    const wire = new Wire(++this.#number, rules, this);
    const before = this.newest?.ends[0].packetBytes ?? 0;
    if (rules.packetBytes < before) coverage.count('smaller packets than by the link before');
    if (this.newest?.over === false) {
      coverage.count('a new link while the old one worked');
      this.lost(this.newest);
    }
    if (this.newest?.broken === true && this.newest.ends.some((end) => end.dialed && !end.told))
      coverage.count('cut noticed by one end only before the next link');
    this.newest = wire;
    if (plan.cuts && !calm) this.#doom(wire);
    const first = random.pick(SIDES);
    const later = random.pick([0, 0, 0, 2, 20]);
    for (const side of SIDES) clock.after(side === first ? 0 : later, () => this.#attach(wire, side));
  }

  /** Links cut. */
  get cuts(): number {
    return this.#cut.size;
  }

  /** It breaks, or is given up by who uses it, with what is on its way. What nobody had opened was no link yet. */
  lost(wire: Wire): void {
    if (wire.ends.some((end) => end.opened)) this.#cut.add(wire);
  }

  breaking(wire: Wire, sending: { readonly end: WireEnd; readonly lane: Lane } | undefined): void {
    this.lost(wire);
    countCut(wire, sending !== undefined, this.#world.coverage);
  }

  hearing(end: WireEnd): void {
    const life = end.wire.lives[end.side];
    if (life === undefined) return;
    life.heard++;
    const { end: newest } = life;
    if (newest !== undefined && newest !== end && newest.heard[0] + newest.heard[1] > 0)
      this.#world.coverage.count('old link: packet after the next hello');
  }

  opening(end: WireEnd): void {
    if (end.wire !== this.newest) this.#world.coverage.count('old link: opened after the next began');
  }

  closed(end: WireEnd): void {
    if (end.wire !== this.newest) this.#world.coverage.count('old link: closed after the next began');
    if (!end.opened && end.other.opened) this.#world.coverage.count('one end opened, the other never did');
    if (end.wire === this.newest) this.look();
  }

  /** Many links never get far. */
  #doom(wire: Wire): void {
    const { random, clock } = this;
    const doom = random.below(8);
    if (doom === 0) wire.burn(random.below(1_300));
    else if (doom === 1) wire.burn(random.below(40_000));
    else if (doom === 2) clock.after(random.below(40), () => this.cut(wire));
  }

  /** What is not open yet mostly gets its chance. */
  cut(wire: Wire): void {
    if (this.#world.calm || wire.over) return;
    if (wire.ends.some((end) => end.opened) || this.random.chance(1 / 4)) wire.break();
  }

  #attach(wire: Wire, side: Side): void {
    const party = this.#parties()[side];
    party.page.task(() => {
      if (wire.over) return;
      const end = wire.ends[side];
      const listener = wire === this.newest ? party.attach(end) : undefined;
      if (listener === undefined) {
        wire.break();
        return;
      }
      end.dial(party.page, listener);
      if (!end.other.dialed) return;
      for (const one of wire.ends) this.clock.after(this.random.pick([0, 0, 0, 1, 15]), () => one.open());
    });
  }
}
