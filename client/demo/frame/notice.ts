import { button, element, part } from './element.ts';

/** A sentence across the page that needs the reader, with what they can do about it. */
export class Notice {
  readonly #element = part('notice', HTMLElement);

  show(sentence: string, actions: Readonly<Record<string, () => unknown>> = {}): void {
    const buttons = Object.entries(actions).map(([label, act]) => button('', label, act));
    this.#element.replaceChildren(element('p', 'grow', sentence), ...buttons);
    this.#element.hidden = false;
  }

  hide(): void {
    this.#element.hidden = true;
  }
}
