import type { Presence, Signal } from '../transport.ts';
import type { Coverage, Sight } from './coverage.ts';

/** What is about to be made of a ring, as far as it shows from outside. */
export type Situation = 'joined' | 'queued' | 'dialing' | 'pausing or apart';

/** What one page has said and heard of links, so that it can be told which signals were stale, and what a ring met with. */
export class SignalWatch {
  readonly #coverage: Coverage<Sight>;
  /** The newest link known between the page and an instance. */
  readonly #newest = new Map<string, number>();
  readonly #heard: { readonly from: Presence; readonly signal: Signal }[] = [];
  #waitSaid = false;

  constructor(coverage: Coverage<Sight>) {
    this.#coverage = coverage;
  }

  /** `rung` says in which situation the caller is, where that is what we are. What is returned is to be called when the signal was heard. */
  hears(from: Presence, signal: Signal, rung: Situation | undefined): () => void {
    const { type, link } = signal;
    const newest = this.#newest.get(from.instance) ?? 0;
    this.#heard.push({ from, signal });
    if ((type === 'negotiate' || type === 'ring') && link < newest) this.#coverage.saw('stale signal of an older link');
    if (type === 'negotiate') this.#newest.set(from.instance, Math.max(newest, link));
    if (type !== 'ring' || rung === undefined) return () => {};
    if (rung !== 'pausing or apart') {
      this.#coverage.saw(`ring heard while ${rung}`);
      return () => {};
    }
    this.#waitSaid = false;
    // Who pauses says that it will call.
    return () => this.#coverage.saw(this.#waitSaid ? 'ring heard while pausing' : 'ring heard while apart');
  }

  says(to: Presence, { type, link }: Signal): void {
    if (type === 'wait') this.#waitSaid = true;
    if (type === 'negotiate') this.#newest.set(to.instance, Math.max(this.#newest.get(to.instance) ?? 0, link));
  }

  /** What was heard of an instance and means nothing any more: links that have been, or are made. */
  past({ instance }: Presence): readonly { readonly from: Presence; readonly signal: Signal }[] {
    const newest = this.#newest.get(instance) ?? 0;
    return this.#heard.filter(
      ({ from, signal: { type, link } }) =>
        from.instance === instance && (type === 'negotiate' || (type === 'ring' && link < newest)),
    );
  }
}
