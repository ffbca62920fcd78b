import { forgetAbort, onAbort } from '../abort-listeners.ts';
import type { Deadlines } from '../deadlines.ts';
import { type Delivery, PoolError } from '../errors.ts';
import type { WaitOptions } from './communicator.ts';

/**
 * Settles with what `begin` says, or with the timeout or the signal's reason, whichever is first; in the latter case what `begin` returned is called, once,
 * and says whether a message can have arrived all the same.
 */
export function bounded<Value>(
  deadlines: Deadlines,
  { timeout = Number.POSITIVE_INFINITY, signal }: WaitOptions,
  what: { readonly action: string; readonly peer: string },
  begin: (settle: (answer: Value | PoolError) => void) => () => Delivery | undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const wait: { giveUp: () => Delivery | undefined } = { giveUp: () => 'none' };
    const finish = (): void => {
      deadline.cancel();
      if (signal !== undefined) forgetAbort(signal, abort);
    };
    const abort = (): void => {
      finish();
      wait.giveUp();
      reject(signal?.reason);
    };
    const deadline = deadlines.add(timeout, () => {
      finish();
      const { action, peer } = what;
      const delivery = wait.giveUp();
      reject(new PoolError('timeout', `${action} ${peer} did not end within ${timeout} ms`, { peer, delivery }));
    });
    if (signal !== undefined) onAbort(signal, abort);
    wait.giveUp = begin((answer) => {
      finish();
      if (answer instanceof PoolError) reject(answer);
      else resolve(answer);
    });
  });
}
