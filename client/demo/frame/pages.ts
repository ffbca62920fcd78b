import { part } from './element.ts';

/** The ways to the other pages take the room along. */
export function takeRoomAlong(): void {
  for (const way of part('pages', HTMLElement).querySelectorAll('a')) way.hash = location.hash;
}
