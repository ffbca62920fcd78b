import type { Log } from './log.ts';

/** Milliseconds from SIGTERM to the end, whatever hangs. Half of what container platforms wait before they kill. */
const STOP_BOUND = 5000;
/** Milliseconds in which a signal is still the same one: npx passes on a Ctrl-C that the terminal sent to us as well. */
const SAME_SIGNAL = 250;

/**
 * SIGTERM and SIGINT begin the end: `drain` is called once, and the process ends by itself when nothing is left to run
 * for, or by force. A second signal is somebody who does not want to wait.
 */
export function endBySignal(drain: () => Promise<void>, log: Log, failed: (error: unknown) => void): void {
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (first !== undefined) {
      if (signal === first.signal && performance.now() - first.at < SAME_SIGNAL) return;
      log('warn', 'stopped', { signal, message: 'asked twice: not everybody may have been told' });
      process.exit(0);
    }
    first = { signal, at: performance.now() };
    log('info', 'stopping', { signal });
    setTimeout(() => {
      log('warn', 'stopped', { message: `something was not done after ${STOP_BOUND} ms` });
      process.exit(0);
    }, STOP_BOUND).unref();
    drain().then(
      () => log('info', 'stopped'),
      (error: unknown) => {
        failed(error);
        process.exitCode = 1;
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** What nobody caught leaves a process of which nobody knows what it does: whoever started it starts another. */
export function endByFault(log: Log, told: (error: unknown) => string): void {
  process.on('uncaughtException', (error, origin) => {
    log('fatal', 'uncaught', { origin, message: told(error) });
    process.exit(1);
  });
}
