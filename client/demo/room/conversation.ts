import type { Message } from 'peerpool';
import { button, element, part } from '../frame/element.ts';
import { timeElement } from '../frame/figures.ts';
import { nameElement } from '../frame/name-element.ts';
import { describe, type Parcel } from './parcel.ts';
import { viewParcel } from './parcel-view.ts';

/** Older messages make room, and the files among them are released. */
const KEPT_MESSAGES = 200;

/** What became of something sent. */
export interface Outcome {
  /** Takes back what has not left; the button goes when it is settled. */
  cancellable(cancel: () => void): void;
  settled(text: string, went: 'well' | 'badly' | 'half'): void;
}

/** What was sent and received, the newest first. */
export class Conversation {
  readonly #list = part('messages', HTMLOListElement);
  readonly #empty = part('no-messages', HTMLElement);
  readonly #items: HTMLElement[] = [];
  readonly #kept = new Map<HTMLElement, { release(): void }>();

  arrived({ sender, msgId, value }: Message<Parcel>): void {
    const head = element('p', 'head', nameElement(sender));
    head.append(element('span', 'meta', msgId === undefined ? describe(value) : `${describe(value)}, id “${msgId}”`));
    head.append(timeElement());
    this.add(element('li', 'message received', head, viewParcel(value)));
  }

  sent(parcel: Parcel, to: string): Outcome {
    const head = element('p', 'head', element('strong', '', `You to ${to}`));
    head.append(element('span', 'meta', describe(parcel)), timeElement());
    const item = element('li', 'message sent', head, viewParcel(parcel));
    const status = element('span', '', `On its way to ${to}`);
    const foot = element('p', 'outcome', status);
    foot.dataset['went'] = 'on its way';
    item.append(foot);
    this.add(item);
    let cancelButton: HTMLElement | undefined;
    return {
      cancellable: (cancel) => {
        cancelButton = button('quiet', 'Take it back', cancel);
        foot.append(cancelButton);
      },
      settled: (text, went) => {
        cancelButton?.remove();
        status.textContent = text;
        foot.dataset['went'] = went;
      },
    };
  }

  /** The newest. */
  add(item: HTMLElement): void {
    this.#list.prepend(item);
    this.#items.unshift(item);
    for (const old of this.#items.splice(KEPT_MESSAGES)) {
      old.remove();
      this.#kept.get(old)?.release();
      this.#kept.delete(old);
    }
    this.#empty.hidden = true;
  }

  /** What is to be released when the item makes room. */
  keep(item: HTMLElement, what: { release(): void }): void {
    if (this.#items.includes(item)) this.#kept.set(item, what);
    else what.release();
  }
}
