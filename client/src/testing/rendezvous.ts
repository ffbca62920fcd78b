/** What each party said at a fence, by its name. Only what JSON can carry: in tabs it passes through the test's own process. */
export type Said = Readonly<Record<string, unknown>>;

/** Where the parties of a case wait for each other, beside the pools under test. */
export interface Fences {
  /** Resolves when every party has come to this fence. */
  meet(party: string, fence: string, saying: unknown): Promise<Said>;
  /** A party can't go on: whoever waits at a fence, or comes to one, is told. */
  fail(party: string, message: string): void;
}

interface Fence {
  readonly said: Record<string, unknown>;
  readonly waiting: { resolve(said: Said): void; reject(error: Error): void }[];
}

/** Fences in one process. For parties in several tabs it stands in the process that drives them. */
export class Rendezvous implements Fences {
  readonly #parties: readonly string[];
  readonly #fences = new Map<string, Fence>();
  #failure: Error | undefined;

  constructor(parties: readonly string[]) {
    this.#parties = parties;
  }

  meet(party: string, name: string, saying: unknown): Promise<Said> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      const fence: Fence = this.#fences.get(name) ?? { said: {}, waiting: [] };
      this.#fences.set(name, fence);
      fence.said[party] = saying;
      fence.waiting.push({ resolve, reject });
      if (!this.#parties.every((other) => Object.hasOwn(fence.said, other))) return;
      this.#fences.delete(name);
      for (const waiting of fence.waiting) waiting.resolve(fence.said);
    });
  }

  fail(party: string, message: string): void {
    this.#failure ??= new FenceError(`${party} failed: ${message}`);
    for (const { waiting } of this.#fences.values()) for (const one of waiting) one.reject(this.#failure);
    this.#fences.clear();
  }
}

/** Another party failed: not this one's own fault. */
export class FenceError extends Error {
  override readonly name = 'FenceError';
}
