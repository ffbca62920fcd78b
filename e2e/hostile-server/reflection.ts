import { type Attack, type Delivery, type Letter, relayed } from './attack.ts';
import { readable } from './readable.ts';

/** Gives every signal back to who sent it, as the other's and, where it can be read, addressed anew; then delivers it. */
export class Reflection implements Attack {
  relay(letter: Letter): readonly Delivery[] {
    const { from, to, signal } = letter;
    const back = readable(signal) === undefined ? signal : { ...(signal as object), to: from.instance };
    return [{ from: to, to: from, signal: back, origin: 'replayed' }, relayed(letter)];
  }
}
