import type { ConnectionDiagnosis } from '../connection-diagnosis.ts';
import { PoolError, type PoolErrorDetails } from '../errors.ts';
import type { Attempt } from './transport.ts';

/** Why there is no link to a peer, as far as the attempts at one have shown. */
export class AttemptLog {
  /** What the last one ended with. */
  error: Error | undefined;
  #diagnosis: ConnectionDiagnosis | undefined;

  /** An attempt has ended, or is about to be. One that was cut short has seen less than a longer one before it. */
  note(attempt: Attempt | undefined): void {
    const diagnosis = attempt?.diagnosis;
    if (diagnosis && 2 * diagnosis.ms >= (this.#diagnosis?.ms ?? 0)) this.#diagnosis = diagnosis;
  }

  /** There is a link, or one is looked for anew. */
  clear(): void {
    this.error = undefined;
    this.#diagnosis = undefined;
  }

  get diagnosis(): ConnectionDiagnosis | undefined {
    return this.#diagnosis;
  }

  get details(): PoolErrorDetails {
    return { diagnosis: this.#diagnosis, ...(this.error !== undefined && { cause: this.error }) };
  }

  /** The sentence, and what is likely wrong, where that is known. */
  explained(text: string): string {
    const why = this.#diagnosis?.verdict ?? this.error?.message;
    return why === undefined ? text : `${text}: ${why}`;
  }

  unreachable(peer: string, text: string): PoolError {
    return new PoolError('unreachable', this.explained(text), { ...this.details, peer, delivery: 'none' });
  }
}
