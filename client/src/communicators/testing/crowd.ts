import type { Tab } from './tab.ts';

/** All tabs that were ever opened, and how many are going to be. */
export class Crowd {
  readonly tabs: Tab[] = [];
  /** Tabs that are about to be opened, perhaps. */
  coming = 0;

  get living(): Tab[] {
    return this.tabs.filter(({ alive }) => alive);
  }

  /** Somebody lives under that name, and has not begun to leave. */
  has(name: string): boolean {
    return this.tabs.some((tab) => tab.alive && !tab.leaving && tab.name === name);
  }

  /** Each two of the living, once. */
  *pairs(): Generator<readonly [Tab, Tab]> {
    const { living } = this;
    for (const [index, one] of living.entries()) {
      for (const other of living.slice(index + 1)) yield [one, other];
    }
  }
}
