import { type Attack, type Delivery, type Letter, relayed } from './attack.ts';
import type { Mallory } from './mallory.ts';
import { readable, type Readable } from './readable.ts';

/**
 * Man in the middle: mallory answers in the callee's name and offers in the caller's, so that each of the two is connected to her. Where signals are sealed she can't answer, and offers to both in
 * the other's name, in the open.
 */
export class Middle implements Attack {
  readonly #mallory: Mallory;
  #offers = 0;

  constructor(mallory: Mallory) {
    this.#mallory = mallory;
  }

  relay(letter: Letter, deliver: (delivery: Delivery) => void): readonly Delivery[] {
    const signal = readable(letter.signal);
    if (signal?.type !== undefined && signal.type !== 'negotiate') return [relayed(letter)];
    this.#sitDown(letter, signal, deliver).catch((error: unknown) => process.emitWarning(error as Error));
    return [];
  }

  async #sitDown(
    { from, to }: Letter,
    signal: Readable | undefined,
    deliver: (delivery: Delivery) => void,
  ): Promise<void> {
    const say = (speaker: Letter['from'], listener: Letter['to'], link: number, data: unknown): void =>
      deliver({
        from: speaker,
        to: listener,
        signal: { type: 'negotiate', to: listener.instance, link, data },
        origin: 'injected',
      });
    if (signal?.data === undefined) return say(from, to, ++this.#offers, await this.#mallory.offer());
    const { link, data } = signal;
    const attempt = [from.instance, to.instance].sort().join(' ') + ` ${link}`;
    if (data.type !== 'offer') {
      // Who offers is the smaller, in every attempt.
      await this.#mallory.hear(attempt, from.instance < to.instance ? 'near' : 'far', data);
      return;
    }
    const { near, far } = await this.#mallory.between(attempt, data);
    say(to, from, link, near);
    say(from, to, link, far);
  }
}
