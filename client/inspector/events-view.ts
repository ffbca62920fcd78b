import { button, element, setAttributes, setText } from './element.ts';
import { EVENT_KINDS, LOG_ENTRIES, type LogEntry } from './event-log.ts';
import { clockText, countText } from './figures.ts';
import type { Choices, Director, Scene, View } from './scene.ts';

/** More rows are more than anybody reads, and cost. The export has all. */
const SHOWN = 300;

/** The log, newest first, with its filter. */
export class EventsView implements View {
  readonly element: HTMLElement;
  readonly #choices: Choices;
  readonly #peer = element('select', { 'aria-label': 'Events of' });
  readonly #pause: HTMLButtonElement;
  readonly #count = element('span', { class: 'count' });
  readonly #body = element('tbody');
  readonly #empty = element('p', { class: 'empty' });
  #scene: Scene | undefined;
  /** What the rows show, so that nothing is done when nothing is new. */
  #drawn = '';

  constructor(choices: Choices, director: Director) {
    this.#choices = choices;
    const changed = (): void => director.changed();
    const kinds = EVENT_KINDS.map((kind) => {
      const box = element('input', { type: 'checkbox' });
      box.checked = choices.kinds.has(kind);
      box.addEventListener('change', () => {
        if (box.checked) choices.kinds.add(kind);
        else choices.kinds.delete(kind);
        changed();
      });
      return element('label', {}, box, kind);
    });
    this.#peer.addEventListener('change', () => {
      choices.eventPeer = this.#peer.value;
      changed();
    });
    const text = element('input', { type: 'search', 'aria-label': 'Filter by words', placeholder: 'Filter' });
    text.value = choices.eventText;
    text.addEventListener('input', () => {
      choices.eventText = text.value;
      changed();
    });
    this.#pause = button('Pause', { 'aria-pressed': 'false' }, () => {
      choices.pausedAt = choices.pausedAt === undefined ? this.#scene?.journal.log.total : undefined;
      changed();
    });
    const clear = button('Clear', {}, () => {
      this.#scene?.journal.log.clear();
      changed();
    });
    const set = element('fieldset', { class: 'kinds' }, element('legend', { class: 'hidden' }, 'Kinds'), ...kinds);
    const tools = element('div', { class: 'tools' }, set, this.#peer, text, this.#pause, clear, this.#count);
    const heads = ['Time', 'Event', 'Peer', 'What'].map((head) => element('th', { scope: 'col', class: 'text' }, head));
    const caption = element('caption', { class: 'hidden' }, 'Events of the pool, newest first');
    const table = element('table', {}, caption, element('thead', {}, element('tr', {}, ...heads)), this.#body);
    const scroll = element('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Events' }, table);
    scroll.append(this.#empty);
    this.element = element('div', {}, tools, scroll);
    this.element.style.cssText = 'flex:1;display:flex;flex-direction:column;min-height:0';
  }

  render(scene: Scene): void {
    this.#scene = scene;
    const { journal, observation } = scene;
    const { kinds, eventPeer, eventText, pausedAt } = this.#choices;
    this.#offerPeers(observation.peers.map(({ name }) => name));
    setAttributes(this.#pause, { 'aria-pressed': String(pausedAt !== undefined) });
    const key = JSON.stringify([
      journal.log.total,
      journal.log.entries.length,
      [...kinds],
      eventPeer,
      eventText,
      pausedAt,
    ]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    const found = journal.log.select({ kinds, peer: eventPeer, text: eventText, until: pausedAt });
    this.#body.replaceChildren(...found.slice(0, SHOWN).map(rowOf));
    this.#empty.hidden = found.length > 0;
    const nothing =
      journal.log.total === 0
        ? `Nothing has happened since ${clockText(journal.since).slice(0, 8)}.`
        : 'Nothing that the filter lets through.';
    setText(this.#empty, nothing);
    const kept = Math.min(journal.log.entries.length, LOG_ENTRIES);
    const shown = found.length > SHOWN ? `the newest ${SHOWN} of ${countText(found.length)}` : countText(found.length);
    const waiting = pausedAt === undefined ? 0 : journal.log.total - pausedAt;
    setText(this.#count, `${shown} of ${countText(kept)}${waiting > 0 ? `, ${countText(waiting)} more since` : ''}`);
  }

  /** Who was chosen stays to be chosen, here or not. */
  #offerPeers(names: readonly string[]): void {
    const { eventPeer } = this.#choices;
    const wanted = ['', ...names, ...(eventPeer === '' || names.includes(eventPeer) ? [] : [eventPeer])];
    const offered = [...this.#peer.options].map(({ value }) => value);
    if (wanted.length === offered.length && wanted.every((name, index) => name === offered[index])) return;
    this.#peer.replaceChildren(
      ...wanted.map((name) => element('option', { value: name }, name === '' ? 'everybody' : name)),
    );
    this.#peer.value = eventPeer;
  }
}

function rowOf({ time, kind, peer, text }: LogEntry): HTMLTableRowElement {
  const clock = element('time', { datetime: new Date(time).toISOString() }, clockText(time));
  return element(
    'tr',
    {},
    element('td', { class: 'text' }, clock),
    element('td', { class: 'text' }, element('span', { class: 'tag', 'data-kind': kind }, kind)),
    element('td', { class: 'text' }, peer ?? ''),
    element('td', { class: 'text wide' }, text),
  );
}
