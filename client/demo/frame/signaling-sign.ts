import type { SignalingState } from 'peerpool';
import { part } from './element.ts';
import { signalingText } from './explanation.ts';

/** Says whether newcomers can be met. */
export class SignalingSign {
  readonly #element = part('signaling', HTMLElement);
  #state: SignalingState | 'away' = 'away';

  /** Returns the sentence when it is news. */
  show(state: SignalingState): string | undefined {
    if (state === this.#state) return undefined;
    this.#set(state, signalingText(state));
    return signalingText(state);
  }

  away(): void {
    this.#set('away', 'Not in the room');
  }

  #set(state: SignalingState | 'away', sentence: string): void {
    this.#state = state;
    this.#element.dataset['state'] = state;
    this.#element.textContent = sentence;
  }
}
