import type { Clock } from './clock.ts';

/** One end's turn of events: everything that happens to it happens here, unless the page is busy. Then it happens late, and all at once. */
export class Page {
  readonly #clock: Clock;
  #asleep = false;
  #dead = false;
  #lateTasks: (() => void)[] = [];
  #lateTimers: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get asleep(): boolean {
    return this.#asleep;
  }

  /** Something comes from outside, in order. */
  task(action: () => void): void {
    if (this.#dead) return;
    if (this.#asleep) this.#lateTasks.push(action);
    else action();
  }

  timer(delay: number, action: () => void): void {
    this.#clock.after(delay, () => {
      if (this.#dead) return;
      if (this.#asleep) this.#lateTimers.push(action);
      else action();
    });
  }

  /** Busy for so long; then all timers that are late ring, before or after what came from outside. */
  sleep(ms: number, timersFirst: boolean): void {
    if (this.#asleep) return;
    this.#asleep = true;
    this.#clock.after(ms, () => {
      this.#asleep = false;
      const [tasks, timers] = [this.#lateTasks, this.#lateTimers];
      this.#lateTasks = [];
      this.#lateTimers = [];
      for (const action of timersFirst ? [...timers, ...tasks] : [...tasks, ...timers]) if (!this.#dead) action();
    });
  }

  /** Nothing happens here any more. */
  kill(): void {
    this.#dead = true;
  }
}
