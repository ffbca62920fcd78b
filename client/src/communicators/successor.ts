import type { Presence, Signal } from './transport.ts';

/** More calls of one attempt than any that is meant well. */
const MOST_CALLS = 64;

/** Somebody who has the name of one whose session still stands: may have its place when that is gone, and calls us meanwhile. */
export class Successor {
  readonly presence: Presence;
  /** What belongs to its newest attempt at a link, in order. */
  readonly calls: Signal[] = [];
  #asking = false;

  constructor(presence: Presence) {
    this.presence = presence;
  }

  /** It calls. Says whether the one whose name it has is to be asked for a sign of life, which it is not while it is. */
  called(call: Signal): boolean {
    if (call.link !== this.calls[0]?.link) this.calls.length = 0;
    if (this.calls.length < MOST_CALLS) this.calls.push(call);
    const ask = !this.#asking;
    this.#asking = true;
    return ask;
  }

  answered(): void {
    this.#asking = false;
  }
}
