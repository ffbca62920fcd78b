import type { IncomingStream, Pool } from 'peerpool';

export interface Transfer {
  /** Cancels; the other side is told the reason. */
  readonly signal?: AbortSignal;
  /** How many bytes the receiver has read. */
  readonly onBytes?: (bytes: number) => void;
}

/** Offers a file, and sends it when it is accepted. Resolves when the other side has all of it, rejects with `remote` and the reason when they don't want it. */
export async function sendFile(pool: Pool, to: string, file: File, { signal, onBytes }: Transfer = {}): Promise<void> {
  await pool.sendStream(to, file, { msgId: 'file', signal, onProgress: ({ bytes }) => onBytes?.(bytes) });
}

/** The files that are offered, until the pool ends. Each is answered by `acceptFile` or `declineFile`. */
export function offers(pool: Pool): AsyncIterable<IncomingStream> {
  return pool.streams({ msgId: 'file' });
}

/**
 * Reads a file to its end. It is as large as it was said to be, or this rejects.
 * @throws PoolError `remote` when its sender cancels, `peer-left` when it leaves; the signal's reason
 */
export async function acceptFile(offer: IncomingStream, { signal, onBytes }: Transfer = {}): Promise<File> {
  const reader = offer.stream.getReader();
  const cancel = (): void => void reader.cancel(signal?.reason);
  signal?.addEventListener('abort', cancel);
  try {
    // Parts of a File need not stay in the page's memory: the browser keeps large ones on the disk.
    const parts: Blob[] = [];
    let bytes = 0;
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      parts.push(new Blob([read.value]));
      onBytes?.((bytes += read.value.length));
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
