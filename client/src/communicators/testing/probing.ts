import { LONGEST_MS, STAYED_MS } from '../webrtc/backoff.ts';
import type { Coverage, Sight } from './coverage.ts';
import { type Couple, PROBES, type ProbeWorld, SERVER_PROBES } from './probes.ts';
import { type Scene, unsettled } from './settlement.ts';
import type { Tab } from './tab.ts';

export interface ProbingWorld extends ProbeWorld, Scene {
  readonly clock: ProbeWorld['clock'];
  readonly crowd: ProbeWorld['crowd'];
  readonly links: Scene['links'];
  readonly coverage: Coverage<Sight>;
  log(tab: Tab | undefined, text: string): void;
}

/** How often it is seen whether a fault is over, in ms. */
const LOOK_EVERY = 50;
/** When everybody is in the room, the news of it are heard so soon, in ms. */
const NEWS_WITHIN = 500;

/** One thing goes wrong in a room where all is well. Resolves with what was not well again in time, if anything. */
export async function probe(world: ProbingWorld): Promise<string | undefined> {
  const { clock, luck, coverage, crowd, server } = world;
  const back = (): boolean => crowd.living.every(({ transport }) => transport.place?.joined === true);
  await clock.run(clock.now + 2 * LONGEST_MS, back);
  await clock.run(clock.now + NEWS_WITHIN);
  const couple = someCouple(world);
  if (couple === undefined) return undefined;
  const names = Object.keys(PROBES) as (keyof typeof PROBES)[];
  const name = luck.pick(names.filter((name) => !server.certain || !SERVER_PROBES.includes(name)));
  const { caller, callee, near, far } = couple;
  coverage.saw(`probe: ${name}`);
  // Who lost its socket again and again before is patient.
  if (SERVER_PROBES.includes(name)) await clock.run(clock.now + STAYED_MS);
  world.log(undefined, `sees a probe: ${name}, between ${caller.instance} and ${callee.instance}`);
  const changes = caller.changes + callee.changes;
  const ends = (): number => (caller.dialed.get(callee.instance) ?? 0) + (callee.dialed.get(caller.instance) ?? 0);
  const dialed = ends();
  const { within, link } = await PROBES[name](world, couple);
  const until = clock.now + within;
  if (link === 'old') await clock.run(until);
  while (clock.now < until && unsettled(world) !== undefined) await clock.run(Math.min(until, clock.now + LOOK_EVERY));
  const why = unsettled(world);
  if (why !== undefined) return `${name}, and ${within} ms later ${why}`;
  if (link === 'gone') return undefined;
  const same = near.whole && far.whole;
  if (same !== (link === 'old')) return `${name}, and the link is ${same ? 'the same' : 'another'}`;
  if (changes !== caller.changes + callee.changes) return `${name}, and it was taken for a departure`;
  const more = ends() - dialed;
  if ((link === 'new' && more !== 2) || (link === 'old' && more !== 0)) return `${name}, and ${more} ends were dialed`;
  return undefined;
}

function someCouple({ links, luck }: ProbingWorld): Couple | undefined {
  const couples: Couple[] = [];
  for (const near of links) {
    const far = near.other;
    const [caller, callee] = [near.page as Tab, far?.page as Tab | undefined];
    if (far === undefined || callee === undefined || caller.instance > callee.instance) continue;
    couples.push({ caller, callee, near, far });
  }
  return couples.length === 0 ? undefined : luck.pick(couples);
}
