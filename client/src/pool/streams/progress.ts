import type { Commons } from '../commons.ts';

/** How far a stream is. */
export interface StreamProgress {
  /** The other side. */
  readonly peer: string;
  /** What the receiving program has read. */
  readonly bytes: number;
  /** Of the whole, where it is known. */
  readonly size: number | undefined;
}

/** What it throws is an `error` event, and the stream goes on. */
export type ProgressListener = (progress: StreamProgress) => void;

export interface ProgressOption {
  /** Called whenever the receiving program has read some more. */
  readonly onProgress?: ProgressListener | undefined;
}

/** @throws TypeError */
export function checkProgress(listener: ProgressListener | undefined): ProgressListener | undefined {
  if (listener === undefined || typeof listener === 'function') return listener;
  throw new TypeError('onProgress is a function');
}

export function tellProgress(commons: Commons, listener: ProgressListener | undefined, progress: StreamProgress): void {
  try {
    listener?.(progress);
  } catch (error) {
    commons.complain(error instanceof Error ? error : new Error(String(error), { cause: error }));
  }
}
