import { PoolError } from '../../errors.ts';
import type { Commons } from '../commons.ts';
import { checkMessageId } from '../queue-key.ts';
import { waitLimits, withMessageId } from '../receive-options.ts';
import { severalErrors } from '../several.ts';
import type { Offer } from './outgoing-stream.ts';
import { checkProgress } from './progress.ts';
import { checkHeader, type StreamHeader } from './stream-header.ts';
import type { SendStreamOptions } from './stream-options.ts';
import { openSource, snapshot, type StreamSource } from './stream-source.ts';
import type { Streams } from './streams.ts';

/** `sendStream`: options, then state, then recipients, then source are checked; of a source that can't be sent nothing was read. */
export async function sendStream(
  commons: Commons,
  streams: Streams,
  to: string | Iterable<string>,
  source: StreamSource,
  given: string | SendStreamOptions | undefined,
): Promise<void> {
  const options: SendStreamOptions = withMessageId(given);
  const limits = waitLimits(options, Infinity);
  const msgId = checkMessageId(options.msgId);
  const onProgress = checkProgress(options.onProgress);
  checkHeader({ name: options.name, type: options.type, size: options.size });
  const { post } = commons;
  post.check('send a stream');
  const one = typeof to === 'string';
  const peers = one ? [post.recipient(to)] : post.recipients(checkSeveral(to), 'recipients');
  const blob = snapshot(source);
  if (!one && blob === undefined)
    throw new TypeError('to several a File, a Blob or a typed array is sent: what else is read can be read once only');
  const header = headerOf(blob, options);
  const packet = post.pack(header);
  const { size } = header;
  const offer = (peer: string): Omit<Offer, 'number'> => {
    return { peer, msgId, header: packet, size, pieces: openSource(blob ?? source), limits, onProgress };
  };
  const sends = peers.map((peer) => streams.send(offer(peer)));
  if (one) await Promise.all(sends);
  else await settleAll(peers, sends);
}

/** @throws TypeError */
function checkSeveral(to: Iterable<string>): Iterable<string> {
  if (typeof (to as Partial<Iterable<string>> | undefined)?.[Symbol.iterator] === 'function') return to;
  throw new TypeError('a stream is sent to a name, or to several');
}

/** What the options don't say, the source may. */
function headerOf(blob: Blob | undefined, { name, type, size }: SendStreamOptions): StreamHeader {
  if (blob !== undefined && size !== undefined && size !== blob.size)
    throw new RangeError(`the source has ${blob.size} bytes, not ${size}`);
  const own = blob !== undefined && 'name' in blob ? blob.name : undefined;
  return checkHeader({
    name: name ?? (typeof own === 'string' ? own : undefined),
    type: type ?? (blob?.type || undefined),
    size: blob?.size ?? size,
  });
}

async function settleAll(peers: readonly string[], sends: readonly Promise<void>[]): Promise<void> {
  const errors = new Map<string, PoolError>();
  const outcomes = await Promise.allSettled(sends);
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') continue;
    // A caller's reason, or what the source threw, is nobody's in particular.
    if (!(outcome.reason instanceof PoolError)) throw outcome.reason;
    errors.set(peers[index] ?? '', outcome.reason);
  }
  if (errors.size > 0) throw severalErrors(`the stream did not get to ${[...errors.keys()].join(', ')}`, errors);
}
