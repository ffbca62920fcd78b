import { element, part } from '../../frame/element.ts';
import { hueOf } from '../../frame/hue.ts';
import type { Place } from './whiteboard.ts';
import { EDGE } from './wire.ts';

/** Where everybody's pointer is, with their name. */
export class Cursors {
  readonly #layer = part('cursors', HTMLElement);
  readonly #cursors = new Map<string, HTMLElement>();

  move(name: string, { x, y }: Place): void {
    const cursor = this.#cursors.get(name) ?? this.#add(name);
    cursor.style.left = `${(x / EDGE) * 100}%`;
    cursor.style.top = `${(y / EDGE) * 100}%`;
  }

  /** Who is not here points nowhere. */
  keep(names: readonly string[]): void {
    for (const [name, cursor] of this.#cursors) {
      if (names.includes(name)) continue;
      cursor.remove();
      this.#cursors.delete(name);
    }
  }

  #add(name: string): HTMLElement {
    const cursor = element('div', 'cursor', element('span', '', name));
    cursor.style.setProperty('--hue', String(hueOf(name)));
    cursor.dataset['name'] = name;
    this.#layer.append(cursor);
    this.#cursors.set(name, cursor);
    return cursor;
  }
}
