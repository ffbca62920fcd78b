import { makeBinary } from './binary.ts';
import { type Kind, morePatterns, REG_EXP } from './kinds.ts';
import type { Registry } from './registry.ts';

/** One unpacking: what both formats need to make values of what they read. Throws whatever fits; the packer says `malformed`. */
export class Raising {
  readonly #segments: (Uint8Array | undefined)[];
  readonly #registry: Registry;
  #patterns = 0;

  constructor(segments: readonly Uint8Array[], registry: Registry) {
    this.#segments = segments.slice();
    this.#registry = registry;
  }

  /** Each segment becomes one value: two in one buffer would not be two. */
  segment(name: unknown, index: unknown): unknown {
    const bytes = typeof index === 'number' ? this.#segments[index] : undefined;
    if (!bytes) throw new RangeError(`no segment ${typeof index === 'number' ? index : typeof index}, or taken twice`);
    this.#segments[Number(index)] = undefined;
    return makeBinary(name, bytes);
  }

  list(kind: Kind, parts: readonly unknown[]): unknown {
    if (kind === REG_EXP) this.#patterns = morePatterns(this.#patterns, parts);
    return kind.make(parts, this.#registry);
  }

  /** @throws RangeError when a segment came for nothing */
  finish(): void {
    if (this.#segments.some((bytes) => bytes)) throw new RangeError('a segment that no value names');
  }
}
