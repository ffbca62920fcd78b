import { PoolError, type PoolErrorDetails } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';

/**
 * Why a question has no answer, as it travels: its method or handler threw, or returned what can't be packed; there is no such method; or the answer came when nobody waited for it any more, and is
 * said without its value.
 */
export type Refusal = 'threw' | 'unpackable' | 'unknown-method' | 'late';

const REFUSALS: ReadonlySet<unknown> = new Set<Refusal>(['threw', 'unpackable', 'unknown-method', 'late']);

/** What of an unpackable thing is still said. */
const TEXT = 1000;

/**
 * A packet with the reason and what was thrown: as it is if that can be packed, else what can be said of it.
 * @param packValue throws for what can't be packed
 */
export function packThrown(packValue: (value: unknown) => Packet, refusal: Refusal, thrown: unknown): Packet {
  for (const version of [thrown, plain(thrown)]) {
    try {
      return packValue([refusal, version]);
    } catch {
      // The next version says less of it, and the last one is text.
    }
  }
  return packValue([refusal, 'something that can’t be packed']);
}

function plain(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return textOf(thrown);
  const error = new Error(textOf(thrown.message));
  error.name = textOf(thrown.name);
  return error;
}

/**
 * The other way: the error of whoever asked. `what` names the question, e.g. `add()`.
 * @throws PoolError `malformed` when it is none
 */
export function remoteError(unpacked: unknown, peer: string, what: string, details: PoolErrorDetails): PoolError {
  if (!Array.isArray(unpacked) || unpacked.length !== 2 || !isRefusal(unpacked[0]))
    throw new PoolError('malformed', 'an answer that says neither result nor error', { peer });
  const [refusal, thrown] = unpacked as [Refusal, unknown];
  if (refusal === 'unknown-method')
    return new PoolError('remote', `${peer} exposes no ${what}`, { ...details, peer, reason: refusal });
  const error = thrown instanceof Error ? thrown : undefined;
  if (refusal === 'threw') {
    const said = error === undefined ? textOf(thrown) : `${error.name}: ${error.message}`;
    const reason = error?.name ?? 'thrown';
    return new PoolError('remote', `${what} of ${peer} threw ${said}`, { ...details, peer, reason, cause: thrown });
  }
  const text = `what ${what} of ${peer} returned can't be had: ${error?.message ?? textOf(thrown)}`;
  return new PoolError('remote', text, { ...details, peer, reason: refusal, cause: thrown });
}

function isRefusal(value: unknown): value is Refusal {
  return REFUSALS.has(value);
}

/** Whatever it is, and whatever its `toString` or `toJSON` does. */
export function textOf(value: unknown): string {
  try {
    const text = typeof value === 'object' && !(value instanceof Error) ? JSON.stringify(value) : undefined;
    return (text ?? String(value)).slice(0, TEXT);
  } catch {
    return typeof value;
  }
}
