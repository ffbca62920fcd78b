import { PoolError, type PoolErrorDetails } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';

/** Why a question has no answer, as it travels: its method or handler threw, or returned what can't be packed; or there is no such method. */
export type Refusal = 'threw' | 'unpackable' | 'unknown-method';

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
  const said = error === undefined ? textOf(thrown) : `${error.name}: ${error.message}`;
  const reason = refusal === 'unpackable' ? refusal : (error?.name ?? 'thrown');
  const verb = refusal === 'unpackable' ? 'has no answer that can be packed' : 'threw';
  return new PoolError('remote', `${what} of ${peer} ${verb}: ${said}`, { ...details, peer, reason, cause: thrown });
}

function isRefusal(value: unknown): value is Refusal {
  return value === 'threw' || value === 'unpackable' || value === 'unknown-method';
}

/** Whatever it is, and whatever its `toString` does. */
export function textOf(value: unknown): string {
  try {
    return (typeof value === 'string' ? value : String(value)).slice(0, TEXT);
  } catch {
    return typeof value;
  }
}
