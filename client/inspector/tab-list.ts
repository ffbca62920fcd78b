import { button, element, setAttributes, setText } from './element.ts';
import type { TabName } from './scene.ts';

interface Tab {
  readonly tab: HTMLButtonElement;
  readonly count: HTMLElement;
  readonly panel: HTMLElement;
}

/** Tabs as the ARIA Authoring Practices have them: one stop for the Tab key, arrows between them, and what is arrived at is shown. */
export class TabList {
  /** The tabs, then the panels. */
  readonly elements: readonly HTMLElement[];
  readonly #tabs: ReadonlyMap<TabName, Tab>;
  readonly #chosen: (name: TabName) => void;
  #current: TabName;

  constructor(contents: Readonly<Record<TabName, HTMLElement>>, current: TabName, chosen: (name: TabName) => void) {
    this.#chosen = chosen;
    this.#current = current;
    this.#tabs = new Map(
      (Object.entries(contents) as [TabName, HTMLElement][]).map(([name, content]) => [
        name,
        this.#make(name, content),
      ]),
    );
    const all = [...this.#tabs.values()];
    const list = element('div', { role: 'tablist', 'aria-label': 'What is shown' }, ...all.map(({ tab }) => tab));
    list.addEventListener('keydown', (event) => this.#key(event));
    this.elements = [list, ...all.map(({ panel }) => panel)];
    this.select(current);
  }

  select(name: TabName): void {
    this.#current = name;
    for (const [other, { tab, panel }] of this.#tabs) {
      setAttributes(tab, { 'aria-selected': String(other === name), tabindex: other === name ? '0' : '-1' });
      panel.hidden = other !== name;
    }
  }

  count(name: TabName, count: string): void {
    const tab = this.#tabs.get(name);
    if (tab !== undefined) setText(tab.count, count);
  }

  focus(): void {
    this.#tabs.get(this.#current)?.tab.focus({ preventScroll: true });
  }

  #make(name: TabName, content: HTMLElement): Tab {
    const count = element('span', { class: 'soft' });
    const attributes = { role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}` };
    const tab = button(`${name.slice(0, 1).toUpperCase()}${name.slice(1)} `, attributes, () => this.#choose(name));
    tab.append(count);
    const panel = element('div', { role: 'tabpanel', id: `panel-${name}`, 'aria-labelledby': `tab-${name}` }, content);
    return { tab, count, panel };
  }

  #choose(name: TabName): void {
    this.select(name);
    this.#chosen(name);
  }

  #key(event: KeyboardEvent): void {
    const names = [...this.#tabs.keys()];
    const at = names.indexOf(this.#current);
    const places: Readonly<Record<string, number>> = {
      ArrowRight: (at + 1) % names.length,
      ArrowLeft: (at - 1 + names.length) % names.length,
      Home: 0,
      End: names.length - 1,
    };
    const name = names[places[event.key] ?? -1];
    if (name === undefined) return;
    event.preventDefault();
    this.#choose(name);
    this.focus();
  }
}
