import type { PoolError } from '../errors.ts';
import type { Arrival, Desk } from './arrivals.ts';
import type { Commons } from './commons.ts';
import { type Asking, Question } from './question.ts';
import { closedError } from './receive-errors.ts';
import { KIND, queueNumber } from './queue-key.ts';

/** Who waits for which answer. Numbers are never used again, so that no answer meets another's question. */
export class Answers implements Desk {
  readonly #commons: Commons;
  readonly #open = new Map<number, Pick<Question<unknown>, 'peer' | 'answered' | 'refused' | 'failed'>>();
  readonly #late = new Map<string, number>();
  #asked = 0;

  constructor(commons: Commons) {
    this.#commons = commons;
    commons.arrivals.open([KIND.answer, KIND.failure], this);
  }

  /** Asks at once. */
  ask<Result>(asking: Asking<Result>): Question<Result> {
    const number = ++this.#asked;
    const question: Question<Result> = new Question<Result>(this.#commons, number, asking, () => {
      this.#open.delete(number);
    });
    this.#open.set(number, question);
    return question;
  }

  /** How many answers of this peer came when nobody waited for them any more. */
  late(name: string): number {
    return this.#late.get(name) ?? 0;
  }

  arrive(arrival: Arrival): void {
    const { from, queue, packet, receipt } = arrival;
    const number = queueNumber(queue);
    receipt.consumed();
    const question = this.#open.get(number);
    if (question?.peer !== from) {
      this.#late.set(from, this.late(from) + 1);
      return;
    }
    this.#open.delete(number);
    if (queue.startsWith(KIND.answer)) question.answered(arrival);
    else question.refused(packet);
  }

  left(name: string, error: PoolError): void {
    for (const [number, question] of this.#open) {
      if (question.peer !== name) continue;
      this.#open.delete(number);
      question.failed(error);
    }
  }

  close(cause: unknown): void {
    const questions = [...this.#open.values()];
    this.#open.clear();
    for (const question of questions) question.failed(closedError(cause));
  }
}
