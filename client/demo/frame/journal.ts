import type { PoolListeners } from 'peerpool';
import { element, part } from './element.ts';
import { departureText, linkText } from './explanation.ts';
import { timeElement } from './figures.ts';
import { nameElement } from './name-element.ts';

const KEPT_LINES = 200;

/** What happened to the pool, the newest first. */
export class Journal {
  readonly #list = part('journal', HTMLOListElement);

  write(...line: readonly (Node | string)[]): void {
    this.#add('', line);
  }

  /** What few look at. */
  note(...line: readonly (Node | string)[]): void {
    this.#add('aside', line);
  }

  /** Each event of one pool as a line. */
  listeners(): PoolListeners {
    let out = false;
    return {
      join: ({ name }) => this.write(nameElement(name), ' joined'),
      leave: ({ name, reason }) => {
        // When we go, everyone is gone for us.
        if (!out) this.write(nameElement(name), ` left: ${departureText(reason)}`);
      },
      restart: ({ name, unread }) =>
        this.write(
          nameElement(name),
          unread > 0 ? ` started anew; ${unread} unread messages are gone` : ' started anew',
        ),
      link: ({ name, state, kind }) => this.note('Link to ', nameElement(name), `: ${linkText(state, kind)}`),
      state: ({ state }) => {
        out = state === 'stopped';
        if (out) this.write('You are out of the room');
      },
      error: ({ error }) => this.write(`Error: ${error.message}`),
    };
  }

  #add(className: string, line: readonly (Node | string)[]): void {
    this.#list.prepend(element('li', className, timeElement(), element('span', '', ...line)));
    while (this.#list.childElementCount > KEPT_LINES) this.#list.lastElementChild?.remove();
  }
}
