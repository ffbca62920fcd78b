import type { Refusal, RefusalCode } from '#shared/signaling';

/** A `no` with its reason: a code to act on and a sentence to read. */
export function refusal(code: RefusalCode, message: string): Refusal {
  return { ok: false, code, message };
}
