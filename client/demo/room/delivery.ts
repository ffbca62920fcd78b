import { type Pool, PoolError } from 'peerpool';
import type { Outcome } from './conversation.ts';
import { failureText } from '../frame/explanation.ts';
import { durationText, listText } from '../frame/figures.ts';

/** Sends a value, and says what became of it, in words and peer by peer. Never rejects. */
export async function deliver(
  pool: Pool,
  recipients: readonly string[],
  value: unknown,
  outcome: Outcome,
): Promise<void> {
  const [only] = recipients;
  const control = new AbortController();
  const { signal } = control;
  outcome.cancellable(() => control.abort());
  const start = performance.now();
  try {
    if (only !== undefined && recipients.length === 1) await pool.send(only, value, { signal });
    else await pool.broadcast(value, { recipients, signal });
    outcome.settled(`Delivered to ${listText(recipients)} in ${durationText(performance.now() - start)}`, 'well');
  } catch (error) {
    if (signal.aborted) outcome.settled('Taken back. Who had it whole already keeps it.', 'badly');
    else {
      const errors = failures(error, recipients);
      const delivered = recipients.filter((name) => !errors.has(name));
      const parts = [...errors].map(([peer, why]) => failureText(why, peer));
      if (delivered.length > 0) parts.unshift(`delivered to ${listText(delivered)}`);
      outcome.settled(capitalized(parts.join('; ')), delivered.length > 0 ? 'half' : 'badly');
    }
  }
}

/** A broadcast that failed says for whom; anything else failed for all. */
function failures(error: unknown, recipients: readonly string[]): ReadonlyMap<string, unknown> {
  if (error instanceof PoolError && error.errors.size > 0) return error.errors;
  return new Map(recipients.map((name) => [name, error]));
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
