/** What a stranger says goes into the messages of errors, and from there into logs and terminals. */
const MOST = 500;

/** Ends of lines, what steers a terminal, and what turns the direction of the text around it. */
const STEERING = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Words of a stranger as a part of a sentence of ours: on one line, and not longer than anybody reads. In UTF-16 code units. */
export function said(text: string, most = MOST): string {
  return text.slice(0, most).replaceAll(STEERING, ' ');
}
