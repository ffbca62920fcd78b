import { PoolError, type PoolErrorDetails } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import { said } from '../said.ts';
import { isError, partOf, textOf } from './thrown.ts';

/**
 * Why a question has no answer, as it travels: its method or handler threw, or returned what can't be packed; there is no such method; or the answer came when nobody waited for it any more, and is
 * said without its value.
 */
export type Refusal = 'threw' | 'unpackable' | 'unknown-method' | 'late';

const REFUSALS: ReadonlySet<unknown> = new Set<Refusal>(['threw', 'unpackable', 'unknown-method', 'late']);

/**
 * Packets with the reason and what was thrown, each telling less than the one before: all of it, what can be said of it, and that there is something. Those that can't be packed are left out; whoever
 * sends tries the next when one does not arrive.
 * @param packValue throws for what can't be packed
 */
export function* refusalPackets(
  packValue: (value: unknown) => Packet,
  refusal: Refusal,
  thrown: unknown,
): Generator<Packet, void> {
  for (const version of [() => thrown, () => plain(thrown), () => 'something that can’t be told']) {
    let packet: Packet;
    try {
      packet = packValue([refusal, version()]);
    } catch {
      continue; // The next version says less of it.
    }
    yield packet;
  }
}

/** Of what another program threw so much is quoted; the rest is in the cause. In characters. */
const MOST = 1000;

/** Its name, its message and, if the packer lets that out, its stack. */
function plain(thrown: unknown): unknown {
  if (!isError(thrown)) return textOf(thrown);
  const error = new Error(partOf(thrown, 'message'));
  error.name = partOf(thrown, 'name') || 'Error';
  error.stack = partOf(thrown, 'stack');
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
    return new PoolError('remote', `${peer} exposes no ${what}: expose it there`, {
      ...details,
      peer,
      reason: refusal,
    });
  const error = thrown instanceof Error ? thrown : undefined;
  if (refusal === 'threw') {
    const reason = error === undefined ? 'thrown' : said(error.name);
    const words = error === undefined ? textOf(thrown) : `${reason}: ${error.message}`;
    return new PoolError('remote', `${what} of ${peer} threw ${said(words, MOST)}`, {
      ...details,
      peer,
      reason,
      cause: thrown,
    });
  }
  const text = `what ${what} of ${peer} returned can't be had: ${said(error?.message ?? textOf(thrown), MOST)}`;
  return new PoolError('remote', text, { ...details, peer, reason: refusal, cause: thrown });
}

function isRefusal(value: unknown): value is Refusal {
  return REFUSALS.has(value);
}
