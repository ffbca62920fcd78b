import type { Crowd } from './crowd.ts';
import type { Ledger } from './ledger.ts';
import type { SimulatedLink } from './simulated-link.ts';
import type { Tab } from './tab.ts';

/** What of the world shows whether all is well. */
export interface Scene {
  readonly crowd: Crowd;
  readonly links: ReadonlySet<SimulatedLink>;
  /** Under which tabs come. */
  readonly names: readonly string[];
  readonly clock: { readonly now: number };
  readonly ledger: Ledger;
}

/** What is not as it has to be when nothing happens any more; `undefined` when all is. */
export function unsettled(scene: Scene): string | undefined {
  const { crowd, ledger } = scene;
  if (crowd.coming > 0) return 'somebody is about to come';
  const { living } = crowd;
  if (new Set(living.map(({ name }) => name)).size < living.length) return 'two tabs live under one name';
  for (const tab of living) {
    const why = restless(tab, living, scene);
    if (why !== undefined) return `${tab.instance} ${why}`;
  }
  const waiting = ledger.pending().find(({ from, to }) => !awaits(living, from.instance, to));
  return entangled(scene) ?? (waiting && `message ${waiting.number} of ${waiting.from.instance} is not settled`);
}

/** Whoever is named and not there is waited for, for ever. */
function awaits(living: readonly Tab[], instance: string, name: string): boolean {
  const waiter = living.find((tab) => tab.instance === instance);
  return waiter?.names.has(name) === true && !living.some((tab) => tab.name === name);
}

/** What one tab still does, or believes. */
function restless(tab: Tab, living: readonly Tab[], { names, clock }: Scene): string | undefined {
  const { communicator, slots } = tab;
  if (Math.max(tab.frozenUntil, tab.timersLateUntil) > clock.now) return 'sleeps';
  if (!tab.started || tab.leaving || communicator.state !== 'started') return 'has not started';
  if (tab.transport.place?.joined !== true) return 'is not in the room';
  for (const [name, other] of tab.members) {
    if (!living.some(({ instance }) => instance === other)) return `believes that ${other} is there`;
    if (!communicator.connected(name)) return `is not connected to ${name}`;
  }
  // Who is gone, unknown to all, or does not want us, is tried a few times more.
  const wanted = (name: string): boolean =>
    living.some((other) => other.name === name && tab.wants(other) && other.wants(tab));
  const slot = [...slots.keys()].find(wanted);
  if (slot !== undefined) return `keeps a handshake slot for ${slot}`;
  const sought = names.filter((name) => communicator.peer(name)?.link?.state === 'connecting').find(wanted);
  if (sought !== undefined) return `looks for ${sought}`;
  return tab.waiting > 0 ? `waits for ${tab.waiting} answers` : undefined;
}

/** Exactly one link between each two who want each other, both ends of one mind, and nothing else. */
function entangled({ crowd, links }: Scene): string | undefined {
  let expected = 0;
  for (const [one, other] of crowd.pairs()) {
    const wanted = one.wants(other) && other.wants(one);
    const known = [one.members.get(other.name) === other.instance, other.members.get(one.name) === one.instance];
    if (known.some((knows) => knows !== wanted)) {
      return `${one.instance} and ${other.instance} should be ${wanted ? 'connected' : 'apart'}: ${known.join(', ')}`;
    }
    const between = [...links].filter(({ page, other: far }) => page === one && far?.page === other);
    if (
      between.length !== (wanted ? 1 : 0) ||
      !between.every(({ whole, other: far }) => whole && far?.whole === true)
    ) {
      const whole = between.filter((link) => link.whole).length;
      return `${one.instance} and ${other.instance} have ${between.length} links, ${whole} of them whole`;
    }
    if (wanted) expected++;
  }
  // An attempt that nobody answers may be one at somebody who is gone.
  const ends = [...links].filter((link) => link.open || link.other !== undefined);
  if (ends.length === 2 * expected) return undefined;
  const odd = ends.filter((link) => link.other?.open !== true);
  const attempts = odd.map(({ page, born }) => `of ${(page as Tab).instance} since ${born}`);
  return `there are ${ends.length} ends of ${expected} links, and attempts ${attempts.join(', ')}`;
}
