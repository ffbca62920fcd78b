import { check } from './target.ts';

/** What was sent by an end that is honest: each send is told once what became of it. */
export class Outcomes {
  readonly #told: number[] = [];

  expect(): () => void {
    const index = this.#told.push(0) - 1;
    return () => {
      this.#told[index] = (this.#told[index] ?? 0) + 1;
    };
  }

  /** The session is over. */
  check(): void {
    for (const times of this.#told) check(times === 1, `a send was told ${times} times what became of it`);
  }
}
