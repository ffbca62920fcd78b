import { element, setAttributes, setText } from './element.ts';
import { EventsView } from './events-view.ts';
import { countText } from './figures.ts';
import { grip } from './grip.ts';
import type { InspectedPool } from './inspected-pool.ts';
import type { Journal } from './journal.ts';
import { MeshView } from './mesh-view.ts';
import { MessagesView } from './messages-view.ts';
import { Observation } from './observation.ts';
import { PALETTES, schemeAround } from './palette.ts';
import { PanelHeader } from './panel-header.ts';
import { PeersView } from './peers-view.ts';
import type { Choices, Director, TabName, View } from './scene.ts';
import { styleText } from './style.ts';
import { TabList } from './tab-list.ts';

/** What the panel asks of the element around it. */
export interface PanelHost {
  readonly element: HTMLElement;
  readonly choices: Choices;
  /** A docked panel can be closed and has a height of its own; one that stands in a page is the page's business. */
  readonly docked: boolean;
  /** At first. */
  readonly share: boolean;
  setShare(on: boolean): void;
  close(): void;
  download(): void;
}

/** An open inspector: watches, and shows what it sees, from its making to `end`. */
export class Panel {
  readonly observation: Observation;
  readonly #host: PanelHost;
  readonly #pool: InspectedPool;
  readonly #journal: Journal;
  readonly #views: Readonly<Record<TabName, View>>;
  readonly #mesh: MeshView;
  readonly #header: PanelHeader;
  readonly #tabs: TabList;
  #share: boolean;
  readonly #news = element('p', { class: 'hidden', role: 'status' });
  readonly #panel: HTMLElement;
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');
  readonly #look = (): void => this.#render();

  constructor(root: ShadowRoot, pool: InspectedPool, journal: Journal, host: PanelHost) {
    this.#host = host;
    this.#pool = pool;
    this.#journal = journal;
    this.#share = host.share;
    const { choices, docked } = host;
    const director: Director = {
      choosePeer: (name) => this.#choosePeer(name),
      share: (on) => host.setShare(on),
      changed: this.#look,
    };
    this.#mesh = new MeshView(director);
    this.#views = {
      peers: new PeersView(director),
      messages: new MessagesView(director, (order) => (choices.order = order)),
      events: new EventsView(choices, director),
    };
    const { peers, messages, events } = this.#views;
    const contents = { peers: peers.element, messages: messages.element, events: events.element };
    this.#tabs = new TabList(contents, choices.tab, (name) => {
      choices.tab = name;
      this.#render();
    });
    this.#header = new PanelHeader(() => host.download(), docked ? () => host.close() : undefined);
    const details = element('div', { class: 'details' }, ...this.#tabs.elements);
    const body = element('div', { class: 'body' }, this.#mesh.element, details);
    this.#panel = element('section', { class: 'panel', 'aria-label': 'peerpool inspector' });
    this.#panel.append(this.#header.element, body, this.#news);
    root.append(element('style', {}, styleText()), this.#panel);
    if (docked) {
      const height = '--peerpool-inspector-height';
      this.#panel.prepend(grip(this.#panel, (pixels) => host.element.style.setProperty(height, `${pixels}px`)));
      this.#panel.addEventListener('keydown', (event) => this.#key(event));
    }
    this.#dark.addEventListener('change', this.#look);
    // What happened while it was closed is in the log, and no news.
    journal.takeNews();
    this.observation = new Observation(pool, journal, host.share, () => this.#looked());
    this.#render();
  }

  focus(): void {
    this.#tabs.focus();
  }

  /** It was switched, here or by the page. */
  setShare(on: boolean): void {
    this.#share = on;
    this.observation.setShare(on);
    this.#render();
  }

  end(): void {
    this.observation.end();
    this.#dark.removeEventListener('change', this.#look);
    this.#mesh.end();
    for (const view of Object.values(this.#views)) view.end?.();
    this.#panel.getRootNode().textContent = '';
  }

  #looked(): void {
    const news = this.#journal.takeNews();
    if (news.length > 0) setText(this.#news, news.join('. '));
    // A page that nobody sees is not drawn for.
    if (!document.hidden) this.#render();
  }

  #render(): void {
    const { element: host, choices } = this.#host;
    const scheme = schemeAround(host, this.#dark.matches);
    setAttributes(this.#panel, { 'data-scheme': scheme });
    const [pool, journal, observation, palette] = [this.#pool, this.#journal, this.observation, PALETTES[scheme]];
    const scene = { pool, journal, observation, choices, palette, share: this.#share };
    this.#header.render(scene);
    this.#mesh.render(scene);
    this.#views[choices.tab].render(scene);
    this.#tabs.count('peers', countText(observation.peers.filter(({ state }) => state !== 'left').length));
    this.#tabs.count('messages', countText(observation.tally.rows.length));
    this.#tabs.count('events', countText(journal.log.total));
  }

  #choosePeer(name: string | undefined): void {
    const { choices } = this.#host;
    choices.peer = name;
    choices.tab = 'peers';
    this.#tabs.select('peers');
    this.#render();
  }

  /** Escape closes, unless it empties a field that holds something. */
  #key(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    const [target] = event.composedPath();
    if (target instanceof HTMLInputElement && target.type === 'search' && target.value !== '') return;
    event.preventDefault();
    event.stopPropagation();
    this.#host.close();
  }
}
