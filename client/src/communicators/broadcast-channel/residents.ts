import type { Presence } from '../transport.ts';
import type { Resident } from './room-wire.ts';

/** How many of the departed are remembered: a last signal of theirs can come after their goodbye, for it has a channel of its own. */
const DEPARTED_REMEMBERED = 1024;

/** Who else is in the room, as far as we heard. */
export class Residents {
  readonly #here = new Map<string, Resident & { readonly unwatch: () => void }>();
  readonly #departed = new Set<string>();

  /** False when that instance is known already, or has left: an instance does not come back. */
  add(resident: Resident, watch: () => () => void): boolean {
    if (this.#here.has(resident.instance) || this.#departed.has(resident.instance)) return false;
    this.#here.set(resident.instance, { ...resident, unwatch: watch() });
    return true;
  }

  /** Who had this name until now: whoever comes with it and meets no objection follows upon somebody who died in silence. */
  predecessor({ name, instance }: Presence): Presence | undefined {
    return [...this.#here.values()].find((other) => other.name === name && other.instance !== instance);
  }

  has(instance: string): boolean {
    return this.#here.has(instance);
  }

  /** False when it was not here. */
  remove(instance: string): boolean {
    this.#remember(instance);
    this.#here.get(instance)?.unwatch();
    return this.#here.delete(instance);
  }

  clear(): void {
    for (const { unwatch } of this.#here.values()) unwatch();
    this.#here.clear();
  }

  /** In the order in which they came. */
  list(): readonly Presence[] {
    return [...this.#here.values()]
      .sort((a, b) => (elder(a, b) ? -1 : 1))
      .map(({ name, instance }) => ({ name, instance }));
  }

  #remember(instance: string): void {
    this.#departed.add(instance);
    const [oldest] = this.#departed;
    if (this.#departed.size > DEPARTED_REMEMBERED && oldest !== undefined) this.#departed.delete(oldest);
  }
}

/** Of two claims to one name the elder stands; both sides come to the same answer, whatever crossed on the way. */
export function elder(one: Resident, other: Resident): boolean {
  return one.since < other.since || (one.since === other.since && one.instance < other.instance);
}
