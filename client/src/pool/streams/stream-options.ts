import type { WaitOptions } from '../../communicators/communicator.ts';
import type { MessageFilter, SenderFilter } from '../receive-options.ts';
import type { ProgressOption } from './progress.ts';
import type { StreamHeader } from './stream-header.ts';

/** Of `sendStream`. What the receiver is told of the stream before it takes it, and how long all of it may take; no limit unless one is given. */
export interface SendStreamOptions extends WaitOptions, ProgressOption {
  readonly msgId?: string | undefined;
  /** Default: a file's own. */
  readonly name?: string | undefined;
  /** Default: a blob's own. */
  readonly type?: string | undefined;
  /** In bytes, where it is known; a source that gives more or less fails. Default: that of a blob or a typed array. */
  readonly size?: number | undefined;
}

/** `timeout` and `signal` concern the wait for a stream; reading it ends by `stream.cancel(reason)`. */
export interface RecvStreamOptions extends WaitOptions, MessageFilter, ProgressOption {}

/** Of `streams`: which streams, and of whom. */
export interface StreamsOptions extends MessageFilter, SenderFilter, ProgressOption {
  /** Its reason rejects the pending `next()`. There is no timeout: the loop waits for as long as the pool lives. */
  readonly signal?: AbortSignal | undefined;
}

/** A stream that was taken. Who does not want the rest of it says so by `stream.cancel(reason)`: its sender waits for the reader. */
export interface IncomingStream extends StreamHeader {
  readonly sender: string;
  /** The life of the sender that sends it. */
  readonly senderInstance: string;
  readonly msgId: string | undefined;
  /** Reads nothing ahead: what is not read stays with the sender, but for about 1 MiB. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}
