import { button, element } from '../frame/element.ts';
import { bytesText, timeElement } from '../frame/figures.ts';
import { nameElement } from '../frame/name-element.ts';

export interface Subject {
  readonly direction: 'sent' | 'received';
  readonly peer: string;
  readonly name: string;
  /** In bytes, where the sender says it. */
  readonly size: number | undefined;
}

/** One file on its way, among the messages. */
export class TransferView {
  readonly item: HTMLElement;
  readonly #size: number | undefined;
  readonly #progress = element('progress', '');
  readonly #status = element('span', 'figure');
  readonly #actions = element('span', 'actions');
  readonly #outcome = element('p', 'outcome', this.#status, this.#actions);
  #bytes = 0;
  #paused = false;

  constructor({ direction, peer, name, size }: Subject) {
    this.#size = size;
    this.#progress.max = Math.max(size ?? 1, 1);
    this.#progress.value = 0;
    this.#progress.setAttribute('aria-label', name);
    const who = direction === 'sent' ? element('strong', '', `You to ${peer}`) : nameElement(peer);
    const of = element('span', 'meta', size === undefined ? 'file' : `file, ${bytesText(size)}`);
    const head = element('div', 'head', who, of, timeElement());
    const title = element('p', 'text', element('strong', '', name));
    this.item = element('li', `message ${direction}`, head, title, this.#progress, this.#outcome);
  }

  /** What is, and what can be done about it. */
  ask(sentence: string, actions: Readonly<Record<string, () => unknown>>): void {
    this.#status.textContent = sentence;
    this.actions(actions);
  }

  /** The focus stays where it was, on the button in the same place. */
  actions(actions: Readonly<Record<string, () => unknown>>): void {
    const place = [...this.#actions.children].indexOf(document.activeElement ?? this.#actions);
    const buttons = Object.entries(actions).map(([label, act]) => button('quiet', label, act));
    this.#actions.replaceChildren(...buttons);
    buttons[place]?.focus();
  }

  bytes(bytes: number): void {
    this.#bytes = bytes;
    this.#progress.value = bytes;
    this.#show();
  }

  paused(paused: boolean): void {
    this.#paused = paused;
    this.item.classList.toggle('paused', paused);
    this.#show();
  }

  /** That is all. */
  end(went: 'well' | 'badly', ...what: readonly (Node | string)[]): void {
    this.item.classList.remove('paused');
    this.#progress.hidden = true;
    this.#outcome.dataset['went'] = went;
    this.#outcome.replaceChildren(...what);
  }

  #show(): void {
    const of = this.#size === undefined ? '' : ` of ${bytesText(this.#size)}`;
    this.#status.textContent = `${this.#paused ? 'Paused at ' : ''}${bytesText(this.#bytes)}${of}`;
  }
}
