interface Listening {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/** Who is told of an abort, by signal. */
const told = new WeakMap<AbortSignal, Listening>();

/**
 * Calls back when the signal aborts, until `forgetAbort` with the same function. All share one listener of the signal, which goes with the last of them: Node warns of a leak where a signal has eleven,
 * and a thousand sends may have one signal.
 */
export function onAbort(signal: AbortSignal, callback: () => void): void {
  const listening = told.get(signal);
  if (listening !== undefined) {
    listening.callbacks.add(callback);
    return;
  }
  const callbacks = new Set([callback]);
  const listener = (): void => {
    for (const one of callbacks) one();
  };
  told.set(signal, { callbacks, listener });
  signal.addEventListener('abort', listener);
}

/** Safe to call twice. */
export function forgetAbort(signal: AbortSignal, callback: () => void): void {
  const listening = told.get(signal);
  if (listening === undefined) return;
  listening.callbacks.delete(callback);
  if (listening.callbacks.size > 0) return;
  told.delete(signal);
  signal.removeEventListener('abort', listening.listener);
}
