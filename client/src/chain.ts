/** One place in a `Chain`. Whoever holds it can take its value out again without looking for it. */
export class ChainLink<Value> {
  readonly value: Value;
  chain: Chain<Value> | undefined;
  before: ChainLink<Value> | undefined;
  after: ChainLink<Value> | undefined;

  constructor(value: Value) {
    this.value = value;
  }
}

/**
 * A queue one can also leave from the middle. Every operation is O(1); a `Set` isn't, as a queue: each look at its first
 * element passes over all that were deleted before it.
 */
export class Chain<Value> {
  #first: ChainLink<Value> | undefined;
  #last: ChainLink<Value> | undefined;

  get first(): ChainLink<Value> | undefined {
    return this.#first;
  }

  get empty(): boolean {
    return this.#first === undefined;
  }

  push(value: Value): ChainLink<Value> {
    return this.insertBefore(undefined, value);
  }

  /** `after === undefined` means: at the end. */
  insertBefore(after: ChainLink<Value> | undefined, value: Value): ChainLink<Value> {
    const link = new ChainLink(value);
    const before = after === undefined ? this.#last : after.before;
    link.chain = this;
    link.before = before;
    link.after = after;
    if (before === undefined) this.#first = link;
    else before.after = link;
    if (after === undefined) this.#last = link;
    else after.before = link;
    return link;
  }

  /** Does nothing when the link is in this chain no more. */
  remove(link: ChainLink<Value>): void {
    if (link.chain !== this) return;
    if (link.before === undefined) this.#first = link.after;
    else link.before.after = link.after;
    if (link.after === undefined) this.#last = link.before;
    else link.after.before = link.before;
    link.chain = link.before = link.after = undefined;
  }

  *[Symbol.iterator](): Generator<Value> {
    for (let link = this.#first; link !== undefined; link = link.after) yield link.value;
  }
}
