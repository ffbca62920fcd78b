import type { PoolListeners } from 'peerpool';
import { element, part } from './element.ts';
import { departureText, linkText, signalingText } from './explanation.ts';
import { timeElement } from './figures.ts';
import { nameElement } from './name-element.ts';

const KEPT_LINES = 200;

/** What happened to the pool, the newest first. */
export class Journal {
  readonly #list = part('journal', HTMLOListElement);

  write(...line: readonly (Node | string)[]): void {
    this.#add('', line);
  }

  /** Each event of one pool as a line. */
  listeners(): PoolListeners {
    let sought = false;
    return {
      join: ({ name }) => this.write(nameElement(name), ' joined'),
      leave: ({ name, reason }) => this.write(nameElement(name), ` left: ${departureText(reason)}`),
      restart: ({ name, unread }) =>
        this.write(
          nameElement(name),
          unread > 0 ? ` started anew; ${unread} unread messages are gone` : ' started anew',
        ),
      link: ({ name, state, kind }) =>
        this.#add('aside', ['Link to ', nameElement(name), `: ${linkText(state, kind)}`]),
      state: ({ state, signaling }) => {
        // A pool that has just started has not looked for the server yet.
        sought ||= signaling !== 'disconnected';
        if (state === 'started' && sought) this.#add('aside', [signalingText(signaling)]);
      },
      error: ({ error }) => this.write(`Error: ${error.message}`),
    };
  }

  #add(className: string, line: readonly (Node | string)[]): void {
    this.#list.prepend(element('li', className, timeElement(), element('span', '', ...line)));
    while (this.#list.childElementCount > KEPT_LINES) this.#list.lastElementChild?.remove();
  }
}
