import { PairOfSessions } from '../session/testing/pair-of-sessions.ts';
import { check } from './target.ts';

/** Two who have nothing to do with any of it, and go on talking. */
export class Bystanders {
  readonly #pair = new PairOfSessions();
  #said = 0;

  constructor() {
    this.#pair.open();
    this.#pair.run();
  }

  /** Each says something to the other, and hears it. */
  look(): void {
    const { alice, bob } = this.#pair;
    const queue = `${this.#said++}`;
    let acknowledged = 0;
    for (const end of [alice, bob]) {
      end.heard.length = 0;
      end.session.send({ head: Uint8Array.of(1, 2, 3), segments: [] }, { queue, ack: 'delivered' }, (error) => {
        acknowledged += Number(error === undefined);
      });
    }
    this.#pair.run();
    for (const { heard } of [alice, bob]) {
      const [one, ...more] = heard;
      check(one?.type === 'message' && one.queue === queue && more.length === 0, 'bystanders do not hear each other');
      one.receipt.consumed();
    }
    check(acknowledged === 2, 'what bystanders say is not acknowledged');
  }
}
