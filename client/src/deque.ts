/** A first-in first-out queue with indexed access, all in amortised constant time: `Array.shift` moves the whole array. */
export class Deque<Item> {
  #items: (Item | undefined)[] = new Array<Item | undefined>(16);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): Item | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#head];
  }

  /** The item at a distance from the front. */
  at(index: number): Item | undefined {
    return index < 0 || index >= this.#length
      ? undefined
      : this.#items[(this.#head + index) & (this.#items.length - 1)];
  }

  push(item: Item): void {
    if (this.#length === this.#items.length) this.#resize(this.#length * 2);
    this.#items[(this.#head + this.#length++) & (this.#items.length - 1)] = item;
  }

  shift(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#length--;
    if (this.#length < this.#items.length >> 3 && this.#items.length > 1024) this.#resize(this.#items.length >> 1);
    return item;
  }

  clear(): void {
    this.#items = new Array<Item | undefined>(16);
    this.#head = 0;
    this.#length = 0;
  }

  /** Keeps, in order, what the test is true of. */
  retain(test: (item: Item) => boolean): void {
    const kept = [...this].filter(test);
    this.clear();
    for (const item of kept) this.push(item);
  }

  *[Symbol.iterator](): IterableIterator<Item> {
    for (let index = 0; index < this.#length; index++) yield this.at(index) as Item;
  }

  /** Sizes are powers of two, so that a mask does the work of a modulo. */
  #resize(size: number): void {
    const items = new Array<Item | undefined>(size);
    for (let index = 0; index < this.#length; index++) items[index] = this.at(index);
    this.#items = items;
    this.#head = 0;
  }
}
