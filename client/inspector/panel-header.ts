import { button, element, setAttributes, setText } from './element.ts';
import { bytesText, countText } from './figures.ts';
import type { Scene } from './scene.ts';

/** Whose pool it is, how it is, and its sums. */
export class PanelHeader {
  readonly element: HTMLElement;
  readonly #name = element('span', { class: 'own' });
  readonly #state = element('span', { class: 'sign' });
  readonly #totals = element('dl', { class: 'totals' });
  readonly #figures = new Map<string, HTMLElement>();

  constructor(exported: () => void, closed: (() => void) | undefined) {
    const heading = element('h2', {}, element('span', { class: 'soft wordy' }, 'peerpool'), this.#name);
    const buttons = element(
      'div',
      { class: 'buttons' },
      button('Export', { 'aria-label': 'Export JSON', title: 'Everything that is known, as a file' }, exported),
    );
    if (closed !== undefined) {
      buttons.append(button('✕', { 'aria-label': 'Close the inspector', title: 'Close (Escape)' }, closed));
    }
    this.element = element('header', {}, heading, this.#state, this.#totals, buttons);
  }

  render({ pool, journal, observation }: Scene): void {
    setText(this.#name, pool.name);
    setAttributes(this.#name, { title: `${pool.name}, instance ${pool.instance}` });
    const signaling = journal.signaling;
    const well = pool.state === 'started' && signaling !== 'disconnected';
    const words =
      signaling === undefined || pool.state !== 'started' ? pool.state : `${pool.state}, signaling ${signaling}`;
    setText(this.#state, words);
    setAttributes(this.#state, { 'data-sign': well ? (signaling === 'connecting' ? 'soso' : 'good') : 'bad' });
    const { peers, total } = observation;
    const { inFlight, unread, late } = pool.stats().total;
    const reconnects = peers.reduce((sum, peer) => sum + peer.reconnects, 0);
    const connected = peers.filter(({ state }) => state === 'connected').length;
    const expected = peers.filter(({ state }) => state !== 'left').length;
    this.#figure('Connected', `${connected} of ${expected}`, connected < expected);
    this.#figure('Sent', `${bytesText(total.latest?.sentRate ?? 0)}/s`);
    this.#figure('Received', `${bytesText(total.latest?.receivedRate ?? 0)}/s`);
    this.#figure('In flight', countText(inFlight));
    this.#figure('Unread', countText(unread));
    this.#figure('Late', countText(late), late > 0);
    this.#figure('Reconnects', countText(reconnects), reconnects > 0);
  }

  #figure(label: string, text: string, alarm = false): void {
    let figure = this.#figures.get(label);
    if (figure === undefined) {
      figure = element('dd');
      this.#figures.set(label, figure);
      this.#totals.append(element('div', {}, element('dt', {}, label), figure));
    }
    setText(figure, text);
    setAttributes(figure, { 'data-alarm': alarm ? '' : undefined });
  }
}
