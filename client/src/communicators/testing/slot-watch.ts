import { HandshakeSlots } from '../handshake-slots.ts';
import type { Coverage, Sight } from './coverage.ts';

/** Who waits for a handshake slot of one communicator or holds one, by name. */
export type SlotBook = Map<string, 'waiting' | 'holding'>;

/** Nothing outside can see whether a slot is free; so the book is kept at the door. Returns what takes the watch away. */
export function watchSlots(book: () => SlotBook | undefined, coverage: Coverage<Sight>): () => void {
  const { prototype } = HandshakeSlots;
  const former = Object.getOwnPropertyDescriptors(prototype);
  const call = (method: 'queue' | 'free', slots: HandshakeSlots<unknown>, holder: unknown): void => {
    Reflect.apply(former[method].value as (holder: unknown) => void, slots, [holder]);
  };
  const name = (holder: unknown): string => (holder as { readonly name: string }).name;
  prototype.queue = function (this: HandshakeSlots<unknown>, holder) {
    const taken = book();
    taken?.set(name(holder), 'waiting');
    call('queue', this, holder);
    if (taken?.get(name(holder)) === 'waiting') coverage.saw('handshake slots contended');
  };
  prototype.free = function (this: HandshakeSlots<unknown>, holder) {
    book()?.delete(name(holder));
    call('free', this, holder);
  };
  return () => Object.defineProperties(prototype, former);
}
