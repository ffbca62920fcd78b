interface Event {
  readonly time: number;
  /** Of two events of one time the one that was asked for first is first. */
  readonly order: number;
  readonly action: () => void;
}

/** Virtual time, in milliseconds. It jumps from event to event, and stands still while one happens. */
export class Clock {
  now = 0;
  /** A binary heap. */
  readonly #events: Event[] = [];
  #order = 0;
  /** Events that have happened. */
  steps = 0;

  get idle(): boolean {
    return this.#events.length === 0;
  }

  after(delay: number, action: () => void): void {
    const event = { time: this.now + delay, order: this.#order++, action };
    const events = this.#events;
    let index = events.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = events[parent];
      if (above === undefined || !earlier(event, above)) break;
      events[index] = above;
      index = parent;
    }
    events[index] = event;
  }

  /** Lets everything happen that is due until then, or until somebody has seen enough. */
  run(until: number, enough: () => boolean): void {
    for (let event = this.#events[0]; event !== undefined && !enough(); event = this.#events[0]) {
      if (event.time > until) break;
      this.#remove();
      this.now = event.time;
      this.steps++;
      event.action();
    }
    if (until !== Number.POSITIVE_INFINITY) this.now = Math.max(this.now, until);
  }

  #remove(): void {
    const events = this.#events;
    const last = events.pop();
    const { length } = events;
    if (last === undefined || length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const [left, right] = [events[child], events[child + 1]];
      if (left === undefined) break;
      let least = left;
      if (right !== undefined && earlier(right, left)) {
        child++;
        least = right;
      }
      if (!earlier(least, last)) break;
      events[index] = least;
      index = child;
    }
    events[index] = last;
  }
}

function earlier(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}
