/** Who is told of an abort, by signal. */
const told = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal aborts, once; `forgetAbort` with the same function is its undo, and safe to call twice. All share one listener of the signal: Node warns of a leak where a signal has eleven, and
 * a thousand sends may have one.
 */
export function onAbort(signal: AbortSignal, callback: () => void): void {
  const callbacks = told.get(signal);
  if (callbacks !== undefined) {
    callbacks.add(callback);
    return;
  }
  const first = new Set([callback]);
  told.set(signal, first);
  const tell = (): void => {
    for (const one of first) one();
    first.clear();
  };
  signal.addEventListener('abort', tell, { once: true });
}

export function forgetAbort(signal: AbortSignal, callback: () => void): void {
  told.get(signal)?.delete(callback);
}
