import type { Message } from 'peerpool';
import { button, element, part } from './element.ts';
import { timeElement } from './figures.ts';
import { nameElement } from './name-element.ts';
import { describe, type Parcel } from './parcel.ts';
import { type ParcelView, viewParcel } from './parcel-view.ts';

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
  readonly #views: { readonly item: HTMLElement; readonly view: ParcelView }[] = [];

  arrived({ sender, msgId, value }: Message<Parcel>): void {
    const head = element('p', 'head', nameElement(sender));
    head.append(element('span', 'meta', msgId === undefined ? describe(value) : `${describe(value)}, id “${msgId}”`));
    head.append(timeElement());
    this.#add('message received', head, viewParcel(value, sender));
  }

  sent(parcel: Parcel, to: string): Outcome {
    const head = element('p', 'head', element('strong', '', `You to ${to}`));
    head.append(element('span', 'meta', describe(parcel)), timeElement());
    const item = this.#add('message sent', head, viewParcel(parcel, 'you'));
    const status = element('span', '', `On its way to ${to}`);
    const foot = element('p', 'outcome', status);
    foot.dataset['went'] = 'on its way';
    item.append(foot);
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

  #add(className: string, head: HTMLElement, view: ParcelView): HTMLElement {
    const item = element('li', className, head, view.element);
    this.#list.prepend(item);
    this.#views.unshift({ item, view });
    for (const old of this.#views.splice(KEPT_MESSAGES)) {
      old.item.remove();
      old.view.release();
    }
    this.#empty.hidden = true;
    return item;
  }
}
