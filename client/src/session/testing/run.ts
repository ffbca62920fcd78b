import { Clock } from './clock.ts';
import type { Coverage } from './coverage.ts';
import { Faults } from './faults.ts';
import { Matchmaker } from './matchmaker.ts';
import { Party } from './party.ts';
import { type Plan, planOf } from './plan.ts';
import { Random } from './random.ts';
import { STARTS, starts } from './starts.ts';
import { Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** A run has a few thousand events; one that has so many does not come to rest. */
const ENDLESS = 200_000;

/** One run: two sides, their links and everything that goes wrong with them, all of it drawn from one seed. */
export class Run {
  readonly verdict = new Verdict();
  readonly #world: World;
  readonly #plan: Plan;
  readonly #matchmaker: Matchmaker;
  readonly #parties: readonly [Party, Party];

  constructor(seed: number, coverage: Coverage) {
    const random = new Random(seed);
    const plan = planOf(random);
    Object.assign(starts, random.pick(STARTS));
    let next = 1;
    const clock = new Clock();
    this.#plan = plan;
    this.#world = { clock, random, plan, coverage, verdict: this.verdict, calm: false, next: () => next++ };
    const look = (): void => this.#matchmaker.look();
    this.#matchmaker = new Matchmaker(this.#world, () => this.#parties);
    this.#parties = [
      new Party(this.#world, 0, () => this.#parties[1], look),
      new Party(this.#world, 1, () => this.#parties[0], look),
    ];
  }

  get cuts(): number {
    return this.#matchmaker.cuts;
  }

  run(): void {
    const { verdict } = this;
    try {
      this.#storm();
      if (verdict.text === undefined) this.#waiters();
      if (verdict.text === undefined) this.#readers();
      if (verdict.text === undefined) this.#probes();
      if (verdict.text === undefined) this.#end();
    } catch (error) {
      verdict.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  /** Traffic and faults at once, and an end to the faults in the middle of it. */
  #storm(): void {
    const { clock, coverage } = this.#world;
    const { cuts, steps, faults, duration } = this.#plan;
    coverage.count(cuts ? 'run with a cut' : 'run without a cut');
    this.#matchmaker.look();
    for (const party of this.#parties) party.step(steps);
    new Faults(this.#world, this.#matchmaker, this.#parties).step(faults);
    clock.run(duration, () => this.verdict.text !== undefined);
  }

  /**
   * From here on nothing goes wrong any more, no timeout rings, and nobody reads but who waits: first for one queue, then for the next, until all that was sent in them has arrived, however
   * full the mailbox is. The link that stands is the one that stays.
   */
  #waiters(): void {
    this.#world.calm = true;
    for (const party of this.#parties) party.reader.mode = 'paused';
    const newest = this.#matchmaker.newest;
    if (newest !== undefined) newest.burn(Number.POSITIVE_INFINITY);
    this.#matchmaker.look();
    this.#rest();
    for (const [index, party] of this.#parties.entries()) {
      const sender = this.#parties[1 - index]?.life;
      if (sender === undefined || party.life === undefined) continue;
      for (const queue of this.#plan.queues) {
        for (let left = sender.ledger.coming(queue) + party.reader.unread(queue); left > 0; left--) {
          if (left === 1 && sender.ledger.blocked) this.#world.coverage.count('asked for while the mailbox was full');
          party.reader.wait(queue);
          this.#rest();
        }
        if (sender.ledger.coming(queue) > 0)
          this.verdict.fail(`somebody waits in vain for queue "${queue}"`, 'unsettled');
      }
    }
  }

  /** Everybody reads everything, and everything settles. */
  #readers(): void {
    for (const party of this.#parties) {
      party.reader.mode = 'eager';
      party.reader.read(Number.POSITIVE_INFINITY);
    }
    this.#rest();
    const [one, other] = this.#parties;
    // Who left for good and could not say so is known to be gone in the end.
    if (!one.present) other.life?.lose('lost');
    if (!other.present) one.life?.lose('lost');
    this.#rest();
    this.#audit();
  }

  /** What stands still works: a message as large as the inbox passes, and a small one. */
  #probes(): void {
    const { random } = this.#world;
    if (!this.#parties.every((party) => party.present)) return;
    for (const party of this.#parties) {
      const other = party.side === 0 ? 1 : 0;
      const large = Math.min(
        this.#plan.inboxLimit[other],
        this.#plan.maxMessageSize[other],
        this.#plan.maxMessageSize[party.side],
      );
      for (const bytes of [large, 5]) party.send(random.pick(this.#plan.queues), bytes);
    }
    this.#rest();
    this.#audit();
  }

  #end(): void {
    const { ending } = this.#plan;
    const [one, other] = this.#parties;
    if (ending === 'abort') one.life?.abort();
    else if (ending !== 'none') one.leave(ending === 'removed' ? 'removed' : 'goodbye');
    if (ending === 'both') other.leave('goodbye');
    this.#rest();
    this.#audit();
  }

  #rest(): void {
    const { clock } = this.#world;
    const limit = clock.steps + ENDLESS;
    clock.run(Number.POSITIVE_INFINITY, () => this.verdict.text !== undefined || clock.steps > limit);
    if (clock.steps > limit) this.verdict.fail('it does not come to rest', 'unsettled');
  }

  #audit(): void {
    const { verdict } = this;
    if (verdict.text !== undefined) return;
    for (const party of this.#parties) party.audit();
    const linked = this.#parties.every((party) => party.present);
    for (const { lives } of this.#parties) {
      for (const life of lives) {
        if (life.killed) continue;
        const { session, ledger, over, peer } = life;
        if (!over && linked && !session.up) verdict.fail('the pair has no link', 'unsettled');
        if (life.pings > 0) verdict.fail('nothing came of a ping', 'unsettled');
        ledger.audit(!over);
        if (over) continue;
        for (const sent of ledger.open) if (sent.held) verdict.fail(`nobody acknowledges ${sent.text}`, 'unsettled');
        if (!session.idle) verdict.fail('a session is not idle although all is settled', 'unsettled');
        const { messagesReceived, bytesReceived } = session.statistics;
        if (peer !== undefined && (messagesReceived !== peer.ledger.taken || bytesReceived !== peer.ledger.takenBytes))
          verdict.fail(`it counted ${messagesReceived} messages, ${peer.ledger.taken} were taken`);
      }
    }
  }
}
