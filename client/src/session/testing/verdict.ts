/** What is wrong with a run. The first failure counts, and ends it. */
export class Verdict {
  sent = 0;
  readonly wrong = { lost: 0, duplicated: 0, reordered: 0, unsettled: 0 };
  text: string | undefined;
  /** The most that one side held, in bytes. */
  largestMemory = 0;

  /** Never thrown: what a listener throws is a refusal to the session that called it. */
  fail(text: string, what?: keyof Verdict['wrong']): void {
    if (what !== undefined) this.wrong[what]++;
    this.text ??= text;
  }
}
