import type { Change } from '../rooms/rooms.ts';

/** Who is in a room, and by which socket. */
export interface Occupant {
  readonly name: string;
  readonly instance: string;
  readonly socket: string;
}

/** An entry of the stream: a change, and between which versions of its room it stands. */
export interface Entry {
  readonly before: number;
  readonly version: number;
  readonly type: 'joined' | 'left';
  readonly occupant: Occupant;
  readonly how: 'left' | 'closed';
}

/**
 * A room as the members at this node have been told of it. What comes by the stream is told on; what was missed is found
 * by comparing with the store.
 */
export class RoomView {
  #version: number;
  readonly #occupants = new Map<string, Occupant>();

  constructor(version: number, occupants: readonly Occupant[]) {
    this.#version = version;
    for (const occupant of occupants) this.#occupants.set(occupant.name, occupant);
  }

  get version(): number {
    return this.#version;
  }

  /** What is to be told, and whether the entry follows the last one that came. */
  read(entry: Entry): { readonly changes: readonly Change[]; readonly follows: boolean } {
    if (entry.version <= this.#version) return { changes: [], follows: true };
    const follows = entry.before === this.#version;
    this.#version = entry.version;
    return { changes: entry.type === 'joined' ? this.#joined(entry.occupant) : this.#left(entry), follows };
  }

  /** What is to be told of a room that is as the store says; nothing when the stream was faster. */
  compare(version: number, occupants: readonly Occupant[]): readonly Change[] {
    if (version <= this.#version) return [];
    this.#version = version;
    const there = new Set(occupants.map(({ name }) => name));
    const gone = [...this.#occupants.values()].filter(({ name }) => !there.has(name));
    for (const { name } of gone) this.#occupants.delete(name);
    return [...gone.map((occupant) => left(occupant, 'closed')), ...occupants.flatMap((each) => this.#joined(each))];
  }

  #joined(occupant: Occupant): Change[] {
    const known = this.#occupants.get(occupant.name);
    if (known?.instance === occupant.instance && known.socket === occupant.socket) return [];
    // A place in the order is the store's business: nobody is told of it.
    this.#occupants.set(occupant.name, occupant);
    const joined: Change = { type: 'joined', member: { name: occupant.name, instance: occupant.instance } };
    return known === undefined || known.instance === occupant.instance ? [joined] : [left(known, 'closed'), joined];
  }

  #left({ occupant, how }: Entry): Change[] {
    const known = this.#occupants.get(occupant.name);
    if (known?.instance === occupant.instance && known.socket === occupant.socket) {
      this.#occupants.delete(occupant.name);
      return [left(known, how)];
    }
    // Who is known to be gone says, late, that it went of its own will.
    return known === undefined && how === 'left' ? [left(occupant, how)] : [];
  }
}

function left({ name, instance }: Occupant, how: 'left' | 'closed'): Change {
  return { type: 'left', member: { name, instance }, how };
}
