import { button, element, part } from '../../element.ts';
import { bytesText, timeElement } from '../../figures.ts';
import { nameElement } from '../../name-element.ts';

export interface Subject {
  readonly direction: 'sent' | 'received';
  readonly peer: string;
  readonly name: string;
  readonly size: number;
}

/** One file on its way, in the list of offers. */
export class TransferView {
  readonly #size: number;
  readonly #progress = element('progress', '');
  readonly #outcome = element('p', 'outcome');

  constructor({ direction, peer, name, size }: Subject) {
    this.#size = size;
    this.#progress.max = Math.max(size, 1);
    this.#progress.setAttribute('aria-label', name);
    const who = element('span', '', direction === 'sent' ? 'To ' : 'From ', nameElement(peer));
    const head = element('div', 'head', who, timeElement());
    const title = element('p', 'text', element('strong', '', name), ` (${bytesText(size)})`);
    const item = element('li', `message ${direction}`, head, title, this.#progress, this.#outcome);
    this.#progress.hidden = true;
    part('transfers', HTMLOListElement).prepend(item);
    part('no-transfers', HTMLElement).hidden = true;
  }

  /** What can be done, beside a word of what is. */
  ask(sentence: string, actions: Readonly<Record<string, () => unknown>>): void {
    const buttons = Object.entries(actions).map(([label, act]) => button('quiet', label, act));
    this.#outcome.replaceChildren(element('span', '', sentence), ...buttons);
  }

  bytes(bytes: number): void {
    this.#progress.hidden = false;
    this.#progress.value = bytes;
    const first = this.#outcome.firstChild;
    if (first !== null) first.textContent = `${bytesText(bytes)} of ${bytesText(this.#size)}`;
  }

  /** That is all. */
  end(went: 'well' | 'badly', ...what: readonly (Node | string)[]): void {
    if (went === 'badly') this.#progress.hidden = true;
    this.#outcome.dataset['went'] = went;
    this.#outcome.replaceChildren(...what);
  }
}
