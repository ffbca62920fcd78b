import { makeBinary } from './binary.ts';
import type { Kind } from './kinds.ts';
import type { Registry } from './registry.ts';

/** One unpacking: what both formats need to make values of what they read. Throws whatever fits; the packer says `malformed`. */
export class Raising {
  readonly #segments: (Uint8Array | undefined)[];
  readonly #registry: Registry;

  constructor(segments: readonly Uint8Array[], registry: Registry) {
    this.#segments = segments.slice();
    this.#registry = registry;
  }

  /** Each segment becomes one value: two in one buffer would not be two. */
  segment(name: unknown, index: unknown): unknown {
    const bytes = typeof index === 'number' ? this.#segments[index] : undefined;
    if (!bytes) throw new RangeError(`no segment ${String(index)}, or taken twice`);
    this.#segments[Number(index)] = undefined;
    return makeBinary(name, bytes);
  }

  list(kind: Kind, parts: readonly unknown[]): unknown {
    return kind.make(parts, this.#registry);
  }

  /** @throws RangeError when a segment came for nothing */
  finish(): void {
    if (this.#segments.some((bytes) => bytes)) throw new RangeError('a segment that no value names');
  }
}
