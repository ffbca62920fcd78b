import type { Attempt } from '../transport.ts';

export type Way = 'local' | 'rtc';

type State =
  | { readonly name: 'choosing' | 'refused' | 'closed' }
  | { readonly name: 'chosen'; readonly attempt: Attempt };

/**
 * An attempt at a link whose way is not chosen yet. The initiator finds out whether the other is in this browser; the responder takes the way that the initiator's
 * first word is about. Afterwards all that is said goes by.
 */
export class LinkChoice implements Attempt {
  readonly #begin: (way: Way) => Attempt;
  readonly #failed: (error: Error) => void;
  readonly #role: 'initiator' | 'responder';
  #state: State = { name: 'choosing' };

  /** `begin` is called once at most, and not after `close`; `failed` instead of it, later than the call whose fault it is. */
  constructor(role: 'initiator' | 'responder', begin: (way: Way) => Attempt, failed: (error: Error) => void) {
    this.#role = role;
    this.#begin = begin;
    this.#failed = failed;
  }

  /** The initiator's way, when it is known. */
  choose(way: Way): void {
    if (this.#state.name === 'choosing') this.#state = { name: 'chosen', attempt: this.#begin(way) };
  }

  negotiate(data: unknown): void {
    if (this.#state.name === 'choosing') {
      if (this.#role === 'initiator') return this.#refuse();
      this.choose(wayOf(data));
    }
    if (this.#state.name === 'chosen') this.#state.attempt.negotiate(data);
  }

  close(): void {
    const state = this.#state;
    this.#state = { name: 'closed' };
    if (state.name === 'chosen') state.attempt.close();
  }

  #refuse(): void {
    this.#state = { name: 'refused' };
    queueMicrotask(() => {
      if (this.#state.name === 'refused') this.#failed(new TypeError('the other end answers what nobody has said'));
    });
  }
}

/** A link by a channel begins with its key. Whether the rest is well formed is for the attempt to judge. */
function wayOf(data: unknown): Way {
  return typeof data === 'object' && data !== null && 'key' in data ? 'local' : 'rtc';
}
