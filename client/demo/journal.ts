import type { PoolListeners } from 'peerpool';
import { nameElement } from './conversation.ts';
import { element, part } from './element.ts';
import { departureText, linkText, signalingText } from './explanation.ts';
import { timeElement } from './figures.ts';

const KEPT_LINES = 200;

/** What happened to the pool, the newest first. */
export class Journal {
  readonly #list = part('journal', HTMLOListElement);

  write(...line: readonly (Node | string)[]): void {
    this.#list.prepend(element('li', '', timeElement(), element('span', '', ...line)));
    while (this.#list.childElementCount > KEPT_LINES) this.#list.lastElementChild?.remove();
  }

  /** Each event of a pool as one line. */
  listeners(): PoolListeners {
    return {
      join: ({ name }) => this.write(nameElement(name), ' joined'),
      leave: ({ name, reason }) => this.write(nameElement(name), ` left: ${departureText(reason)}`),
      restart: ({ name, unread }) =>
        this.write(
          nameElement(name),
          unread > 0 ? ` started anew; ${unread} unread messages are gone` : ' started anew',
        ),
      link: ({ name, state, kind }) => this.write('Link to ', nameElement(name), `: ${linkText(state, kind)}`),
      state: ({ state, signaling }) => {
        if (state === 'started') this.write(signalingText(signaling));
      },
      error: ({ error }) => this.write(`Error: ${error.message}`),
    };
  }
}
