import type { Random } from '../../session/testing/random.ts';
import type { Crowd } from './crowd.ts';
import type { SimulatedLink } from './simulated-link.ts';
import type { SimulatedServer } from './simulated-server.ts';
import type { Tab } from './tab.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { CALM, type Weather } from './weather.ts';

/** A pair that has a link, and nothing else is wrong. */
export interface Couple {
  readonly caller: Tab;
  readonly callee: Tab;
  /** The two ends of their link. */
  readonly near: SimulatedLink;
  readonly far: SimulatedLink;
}

export interface ProbeWorld {
  readonly clock: VirtualClock;
  readonly luck: Random;
  readonly crowd: Crowd;
  readonly server: SimulatedServer;
  weather: Weather;
}

/** What becomes of the couple's link. */
export interface Expectation {
  /** All is well again so soon, in ms. */
  readonly within: number;
  /** `new`: exactly one attempt more, and it succeeded. `old`: it was not touched. `any`: however many attempts it takes. `gone`: with one of the couple. */
  readonly link: 'new' | 'old' | 'any' | 'gone';
}

/**
 * One thing goes wrong while all is well, and the pair has to get over it promptly: what only heals because somebody runs out of patience is broken. Each resolves with what follows, when its fault has been done.
 */
export const PROBES = {
  'only the callee notices that the link is cut': async (_world: ProbeWorld, { near, far }: Couple) => {
    near.cut(far);
    return { within: 500, link: 'new' };
  },
  'only the caller notices that the link is cut': async (_world: ProbeWorld, { near }: Couple) => {
    near.cut(near);
    return { within: 500, link: 'new' };
  },
  'both notice that the link is cut': async (_world: ProbeWorld, { near, far }: Couple) => {
    near.cut(near, far);
    return { within: 500, link: 'any' };
  },
  'nobody notices that the link is cut': async (_world: ProbeWorld, { near }: Couple) => {
    near.cut();
    return { within: 13_000, link: 'any' };
  },
  'an attempt fails at the callee only': async (world: ProbeWorld, { near, callee }: Couple) => {
    world.weather = { ...CALM, dial: { ...CALM.dial, hangs: 1 } };
    near.cut(near);
    const attempt = (): SimulatedLink | undefined => callee.transport.links.find((link) => !link.open);
    await world.clock.run(world.clock.now + 500, () => attempt() !== undefined);
    world.weather = CALM;
    attempt()?.fail();
    return { within: 1_000, link: 'any' };
  },
  'an offer is lost': async ({ server }: ProbeWorld, { near, far, caller }: Couple) => {
    loseFirst(server, caller, 'negotiate');
    near.cut(near, far);
    return { within: 5_000, link: 'any' };
  },
  'a ring is lost': async ({ server }: ProbeWorld, { near, far, callee }: Couple) => {
    loseFirst(server, callee, 'ring');
    near.cut(far);
    return { within: 1_500, link: 'new' };
  },
  'a link breaks while the server is down': async (world: ProbeWorld, { near, far }: Couple) => {
    const { server, clock, luck, crowd } = world;
    server.die(luck.chance(0.5));
    await clock.run(clock.now + 4_000);
    near.cut(near, far);
    await clock.run(clock.now + luck.between(0, 3_000));
    server.revive();
    const back = (): boolean => crowd.living.every(({ transport }) => transport.place?.joined === true);
    // In twice the time that the server was away, at most.
    await clock.run(clock.now + 15_000, back);
    // A ring that may have crossed the offer is not heard for two seconds; the next is.
    return { within: 3_500, link: 'any' };
  },
  'the server dies and comes back': async ({ server, clock, luck }: ProbeWorld) => {
    server.die(luck.chance(0.5));
    await clock.run(clock.now + 4_000);
    server.revive();
    return { within: 12_000, link: 'old' };
  },
  'somebody without a link loses its socket for a moment': async (
    _world: ProbeWorld,
    { near, far, callee }: Couple,
  ) => {
    callee.transport.place?.lose(0);
    near.cut(near, far);
    return { within: 6_000, link: 'any' };
  },
  'somebody is killed': async ({ clock }: ProbeWorld, { callee }: Couple) => {
    callee.kill(0);
    await clock.run(clock.now + 1);
    return { within: 10_000, link: 'gone' };
  },
  'somebody is killed, and a server that comes back does not know it': async (world: ProbeWorld, couple: Couple) => {
    const { server, clock, luck } = world;
    server.die(false);
    couple[luck.chance(0.5) ? 'caller' : 'callee'].kill();
    await clock.run(clock.now + 4_000);
    server.revive();
    // Without a link for half a minute it is lost, and then it is called once more.
    return { within: 65_000, link: 'gone' };
  },
  'what was said long ago is heard again': async ({ clock }: ProbeWorld, { caller, callee }: Couple) => {
    for (const [tab, other] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      for (const { from, signal } of tab.signals.past(other))
        clock.after(0, tab, () => tab.transport.hear(from, signal));
      // What is meant for another life of the same name is nobody's business.
      const former = { to: `former-${tab.instance}`, link: 1_000 };
      clock.after(0, tab, () => tab.transport.hear(other, { type: 'ring', ...former }));
      clock.after(0, tab, () => tab.transport.hear(other, { type: 'refuse', ...former, code: 'x', message: 'x' }));
    }
    return { within: 100, link: 'old' };
  },
} satisfies Record<string, (world: ProbeWorld, couple: Couple) => Promise<Expectation>>;

/** These need a server that can be out of reach. */
export const SERVER_PROBES: readonly string[] = [
  'a link breaks while the server is down',
  'the server dies and comes back',
  'somebody is killed, and a server that comes back does not know it',
  'somebody without a link loses its socket for a moment',
] satisfies (keyof typeof PROBES)[];

/** The first signal of that kind that somebody sends does not arrive. */
function loseFirst(server: SimulatedServer, sender: Tab, type: string): void {
  server.loses = (from, signal) => {
    if (from.instance !== sender.instance || signal.type !== type) return false;
    server.loses = undefined;
    return true;
  };
}
