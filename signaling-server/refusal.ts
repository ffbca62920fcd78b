import type { Refusal, RefusalCode } from '#shared/signaling';

/** In characters; what is longer is read by nobody, and could fill a log. */
const LONGEST = 300;
/** What could begin a line of its own where the sentence is shown, or turn the order of what stands behind it. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** A `no` with its reason: a code to act on and a sentence to read. */
export function refusal(code: RefusalCode, message: string): Refusal {
  return { ok: false, code, message: printable(message) };
}

/** A sentence that may repeat what a stranger said. */
export function printable(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return short.replaceAll(UNPRINTABLE, '\ufffd');
}
