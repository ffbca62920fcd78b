import { element } from './element.ts';
import { hueOf } from './hue.ts';

/** A peer's name in its colour, which is the same wherever the name stands and on every page. */
export function nameElement(name: string): HTMLElement {
  const made = element('strong', 'name', name);
  made.style.setProperty('--hue', String(hueOf(name)));
  return made;
}
