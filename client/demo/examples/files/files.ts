import type { IncomingStream, Pool } from 'peerpool';
import type { Gate } from './gate.ts';

export interface Transfer {
  /** Cancels; the other side is told the reason. */
  readonly signal?: AbortSignal;
  /** While it is closed, nothing is read, and about 1 MiB later nothing leaves. */
  readonly gate?: Gate;
  /** How many bytes the receiver has read. */
  readonly onBytes?: (bytes: number) => void;
}

/** Sends a file when it is accepted. Resolves when the other side has all of it, rejects with `remote` and the reason when they don't want it. */
export async function sendFile(
  pool: Pool,
  to: string,
  file: File,
  { signal, gate, onBytes }: Transfer = {},
): Promise<void> {
  const { name, type, size } = file;
  const onProgress = ({ bytes }: { readonly bytes: number }): void => onBytes?.(bytes);
  await pool.sendStream(to, pieces(file, gate), { msgId: 'file', name, type, size, signal, onProgress });
}

/** The next piece is read when there is room to send it. */
async function* pieces(file: File, gate: Gate | undefined): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const PIECE_BYTES = 256 * 1024;
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    await gate?.open;
    yield new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
  }
}

/** The files that are offered, until the pool ends. Each is answered by `acceptFile` or `declineFile`. */
export function offers(pool: Pool): AsyncIterable<IncomingStream> {
  return pool.streams({ msgId: 'file' });
}

/**
 * Reads a file to its end. It is as large as it was said to be, or this rejects.
 * @throws PoolError `remote` when its sender cancels, `peer-left` when it leaves; the signal's reason
 */
export async function acceptFile(offer: IncomingStream, { signal, gate, onBytes }: Transfer = {}): Promise<File> {
  const reader = offer.stream.getReader();
  const cancel = (): void => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', cancel);
  try {
    // Parts of a File need not stay in the page's memory: the browser keeps large ones on the disk.
    const parts: Blob[] = [];
    let bytes = 0;
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      parts.push(new Blob([read.value]));
      onBytes?.((bytes += read.value.length));
      await gate?.open;
    }
    signal?.throwIfAborted();
    return new File(parts, offer.name ?? 'file', { type: offer.type ?? '' });
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** Tells its sender why. Nothing of it has to arrive. */
export async function declineFile(offer: IncomingStream, reason: string): Promise<void> {
  await offer.stream.cancel(reason);
}
