import { element } from './element.ts';

/** A peer's name in its colour, which is the same wherever the name stands and on every page. */
export function nameElement(name: string): HTMLElement {
  const made = element('strong', 'name', name);
  made.style.setProperty('--hue', String(hueOf(name)));
  return made;
}

/** In degrees of the colour circle. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return (hash % 24) * 15;
}
