import { button, element, setAttributes, setText, svg } from './element.ts';
import { bytesText, countText, millisecondsText, rateText } from './figures.ts';
import type { History, Sample } from './history.ts';
import { kindWord, type PeerFigures, stateWord } from './peer-figures.ts';
import { Plot } from './plot.ts';
import type { Director, Scene, View } from './scene.ts';

interface Column {
  readonly head: string;
  readonly title?: string;
  readonly text?: true;
  readonly value: (peer: PeerFigures, now: Sample | undefined) => string;
}

/** What is nothing is written pale, so that something shows. */
const NOTHING: ReadonlySet<string> = new Set(['–', '0', '0 B']);

const ROUND_TRIP = 2;
const COLUMNS: readonly Column[] = [
  { head: 'State', text: true, value: (peer) => stateWord(peer) },
  { head: 'Reached by', text: true, value: ({ kind }) => kindWord(kind) },
  { head: 'Round trip', value: ({ roundTripTime }) => millisecondsText(roundTripTime) },
  { head: 'Sent/s', value: (_peer, now) => rateText(now?.sentRate ?? 0) },
  { head: 'Received/s', value: (_peer, now) => rateText(now?.receivedRate ?? 0) },
  { head: 'In flight', title: 'Sent, and not yet known to have arrived', value: ({ inFlight }) => countText(inFlight) },
  { head: 'Unread', title: 'In the mailbox', value: ({ unread }) => countText(unread) },
  { head: 'Late', title: 'Answers that nobody waited for any more', value: ({ late }) => countText(late) },
  { head: 'Reconnects', value: ({ reconnects }) => countText(reconnects) },
  { head: 'Sent', value: ({ bytesSent }) => bytesText(bytesSent) },
  { head: 'Received', value: ({ bytesReceived }) => bytesText(bytesReceived) },
  { head: 'Messages', title: 'Sent and received', value: (peer) => bothWays(peer) },
];

/** Everybody as a table, and one of them, or all, as plots. */
export class PeersView implements View {
  readonly element: HTMLElement;
  readonly #director: Director;
  readonly #body = element('tbody');
  readonly #empty = element('p', { class: 'empty' });
  readonly #rows = new Map<string, Row>();
  readonly #whose = element('span');
  readonly #all: HTMLButtonElement;
  readonly #roundTrip = new Plot('Round-trip time', millisecondsText, [
    { label: 'Round trip', colour: 'accent', value: ({ roundTripTime }) => roundTripTime },
  ]);
  readonly #throughput = new Plot('Throughput', (value) => `${bytesText(value)}/s`, [
    { label: 'Sent', colour: 'sent', value: ({ sentRate }) => sentRate },
    { label: 'Received', colour: 'received', dashed: true, value: ({ receivedRate }) => receivedRate },
  ]);

  constructor(director: Director) {
    this.#director = director;
    this.#all = button('Show all', {}, () => director.choosePeer(undefined));
    const heads = COLUMNS.map(({ head, title, text }) =>
      element('th', { scope: 'col', title, class: text && 'text' }, head),
    );
    const head = element(
      'thead',
      {},
      element('tr', {}, element('th', { scope: 'col', class: 'text' }, 'Peer'), ...heads),
    );
    const caption = element('caption', { class: 'hidden' }, 'Peers, and what passes between them and this pool');
    // Reachable by keyboard, for it may have to be scrolled.
    const scroll = element(
      'div',
      { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Peers' },
      element('table', {}, caption, head, this.#body),
      this.#empty,
    );
    const heading = element('h3', {}, this.#whose, this.#all);
    const plots = element('section', { class: 'plots', 'aria-label': 'Plots' }, heading);
    plots.append(this.#roundTrip.element, this.#throughput.element);
    this.element = element('div', { class: 'split' }, scroll, plots);
  }

  render({ pool, observation, choices, palette }: Scene): void {
    const { peers, histories, total } = observation;
    this.#empty.hidden = peers.length > 0;
    setText(
      this.#empty,
      pool.state === 'started' ? 'Nobody else is here yet.' : `The pool is ${pool.state}; nobody is here.`,
    );
    for (const [index, peer] of peers.entries()) {
      const row = this.#row(peer.name);
      row.update(peer, histories.get(peer.name), choices.peer === peer.name);
      if (this.#body.children[index] !== row.element)
        this.#body.insertBefore(row.element, this.#body.children[index] ?? null);
    }
    const shown = new Set(peers.map(({ name }) => name));
    for (const [name, row] of this.#rows) {
      if (shown.has(name)) continue;
      row.element.remove();
      this.#rows.delete(name);
    }
    const history = choices.peer === undefined ? total : histories.get(choices.peer);
    setText(this.#whose, choices.peer ?? 'All peers (round trip: the slowest)');
    this.#all.hidden = choices.peer === undefined;
    this.#roundTrip.render(history?.samples ?? [], palette);
    this.#throughput.render(history?.samples ?? [], palette);
  }

  end(): void {
    this.#roundTrip.end();
    this.#throughput.end();
  }

  #row(name: string): Row {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const made = new Row(name, (selected) => this.#director.choosePeer(selected ? undefined : name));
    this.#rows.set(name, made);
    return made;
  }
}

class Row {
  readonly element: HTMLTableRowElement;
  readonly #name: HTMLButtonElement;
  readonly #cells = COLUMNS.map(({ text }) => element('td', { class: text && 'text' }));
  readonly #fields: readonly HTMLElement[];
  readonly #trend = svg('polyline');
  #selected = false;

  constructor(name: string, chosen: (selected: boolean) => void) {
    this.#name = button(name, { class: 'peer', title: `Plots of ${name}` }, () => chosen(this.#selected));
    const trend = svg('svg', { class: 'trend', viewBox: '0 0 56 15', 'aria-hidden': 'true' }, this.#trend);
    // The figure behind its trend is a text of its own.
    this.#fields = this.#cells.map((cell, index) => {
      if (index !== ROUND_TRIP) return cell;
      const field = element('span');
      cell.append(trend, field);
      return field;
    });
    this.element = element('tr', {}, element('th', { scope: 'row', class: 'text' }, this.#name), ...this.#cells);
  }

  update(peer: PeerFigures, history: History | undefined, selected: boolean): void {
    this.#selected = selected;
    const now = history?.latest;
    for (const [index, { value }] of COLUMNS.entries()) {
      const text = value(peer, now);
      const field = this.#fields[index];
      if (field === undefined) continue;
      setText(field, text);
      if (index > 0) setAttributes(field, { 'data-nothing': NOTHING.has(text) ? '' : undefined });
    }
    const [state] = this.#cells;
    if (state !== undefined) setAttributes(state, { class: 'text state', 'data-quality': peer.quality });
    setAttributes(this.element, { 'data-state': peer.state, 'data-selected': selected ? '' : undefined });
    setAttributes(this.#name, { 'aria-pressed': String(selected) });
    setAttributes(this.#trend, { points: trendPoints(history?.samples ?? []) });
  }
}

function bothWays({ messagesSent, messagesReceived }: PeerFigures): string {
  return messagesSent + messagesReceived === 0 ? '–' : `${countText(messagesSent)} / ${countText(messagesReceived)}`;
}

/** The last minute's round-trip times, 1 px a second, the highest at the top. */
function trendPoints(samples: readonly Sample[]): string {
  const times = samples.slice(-56).map(({ roundTripTime }) => roundTripTime);
  const most = Math.max(1, ...times.filter((time) => time !== undefined));
  const begin = 56 - times.length;
  return times
    .map((time, index) => (time === undefined ? '' : `${begin + index},${(14 - (time / most) * 13).toFixed(1)}`))
    .join(' ');
}
