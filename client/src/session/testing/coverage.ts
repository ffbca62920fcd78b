/** Situations that the runs have to meet, each, or they prove little: their counts begin at 0. Others are counted as they come. */
const SITUATIONS = [
  'run without a cut',
  'run with a cut',
  'cut before both ends had opened',
  'cut with one end open',
  'cut before a hello arrived',
  'cut when one lane had its hello',
  'cut between hello and welcome',
  'cut when one end was up',
  'cut when both were up',
  'cut in mid flush',
  'cut in mid fragment',
  'cut while two or more messages reassembled',
  'cut with credit exhausted',
  'cut with the mailbox full and a want',
  'cut while a cancel was on its way',
  'cut while a refusal was on its way',
  'cut while a goodbye was on its way',
  'cut noticed by one end only before the next link',
  'given up by one end while it worked',
  'a new link while the old one worked',
  'one end opened, the other never did',
  'smaller packets than by the link before',
  'old link: packet after the next hello',
  'old link: closed after the next began',
  'old link: opened after the next began',
  'resumed',
  'agreed on, broken before it was up, and resumed',
  'gone',
  'proved to be gone to who was not up',
  'restart',
  'given up for good',
  'goodbye',
  'goodbye from both at once',
  'removed',
  'aborted',
  'sent without a link',
  'lane not ready',
  'lanes drifted apart',
  'timers late, and before what came',
  'timers late, and after what came',
  'timers late by a minute',
  'cancelled half-way',
  'withdrawn: none',
  'withdrawn: unknown',
  'withdrawn: delivered',
  'refused',
  'rejected: outbox-full, none',
  'rejected: too-large, none',
  'asked for while the mailbox was full',
  'waited for while the mailbox was full',
  'larger than the inbox',
  'in segments',
  'empty message',
  'correlated',
  'called',
  'answered',
  'answered too late',
  'stream begun',
  'stream sent whole',
  'stream given up',
  'all slots taken',
  'slot released',
  'pinged over a link that broke',
  'serial wrapped',
  'called back: message',
  'called back: joined',
  'called back: resumed',
  'called back: severed',
  'called back: settled',
  'called back: failed',
  'called back: ended',
  'said goodbye from within message',
] as const;

type Situation = (typeof SITUATIONS)[number];

export class Coverage {
  readonly #counts = new Map<string, number>(SITUATIONS.map((situation) => [situation, 0]));

  count(situation: Situation | `${'withdrawn' | 'rejected' | 'called back'}: ${string}`): void {
    this.#counts.set(situation, (this.#counts.get(situation) ?? 0) + 1);
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
