import { type Attack, type Delivery, type Letter, relayed } from './attack.ts';
import { readable } from './readable.ts';

/** What is changed in a description. */
export type Passage = 'fingerprint' | 'max-message-size';

/** A size that nobody would offer, in bytes. */
export const FALSE_SIZE = 12_345;

/** Changes one line of each description; where nothing can be read, one bit of each signal. */
export class Tampering implements Attack {
  readonly #passage: Passage;

  constructor(passage: Passage) {
    this.#passage = passage;
  }

  relay(letter: Letter): readonly Delivery[] {
    const { signal } = letter;
    const legible = readable(signal);
    if (legible === undefined) return [{ ...letter, signal: bitFlipped(signal), origin: 'altered' }];
    const { data } = legible;
    if (typeof data?.['sdp'] !== 'string') return [relayed(letter)];
    const sdp = this.#passage === 'fingerprint' ? misprinted(data['sdp']) : resized(data['sdp']);
    return [{ ...letter, signal: { ...legible, data: { ...data, sdp } }, origin: 'altered' }];
  }
}

/** The last digit of each fingerprint is another. */
function misprinted(sdp: string): string {
  return sdp.replaceAll(/^(a=fingerprint:.*)(\w)$/gm, (_, before: string, digit: string) => {
    return before + (Number.parseInt(digit, 16) ^ 1).toString(16).toUpperCase();
  });
}

function resized(sdp: string): string {
  return sdp.replaceAll(/^(a=max-message-size:)\d+/gm, `$1${FALSE_SIZE}`);
}

function bitFlipped(signal: unknown): unknown {
  const { sealed } = signal as { readonly sealed: Buffer };
  const altered = Buffer.from(sealed);
  const middle = altered.length >> 1;
  altered.writeUInt8(altered.readUInt8(middle) ^ 1, middle);
  return { sealed: altered };
}
