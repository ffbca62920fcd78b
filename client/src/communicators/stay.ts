import type { Deadlines } from '../deadlines.ts';
import { PoolError } from '../errors.ts';
import type { PairingRules } from './pairing.ts';
import type { Presence, Transport, TransportListener } from './transport.ts';

/** Our stay in a room: comes about through a transport within a time, and after an absence through the next. */
export class Stay {
  readonly #make: () => Transport | Promise<Transport>;
  readonly #rules: PairingRules;
  readonly #deadlines: Deadlines;
  readonly #ending: AbortSignal;
  #transport: Transport | undefined;

  /** `ending` ends whatever is under way, with its reason. */
  constructor(
    make: () => Transport | Promise<Transport>,
    rules: PairingRules,
    deadlines: Deadlines,
    ending: AbortSignal,
  ) {
    this.#make = make;
    this.#rules = rules;
    this.#deadlines = deadlines;
    this.#ending = ending;
  }

  get transport(): Transport | undefined {
    return this.#transport;
  }

  /**
   * Resolves with who is there. `ready` is told of the transport before it joins.
   * @throws what the transport throws, `unreachable` when the time is over, the reason of `ending`
   */
  async join(
    { name, instance }: Presence,
    listener: TransportListener,
    ready: (transport: Transport) => void = () => {},
  ): Promise<readonly Presence[]> {
    const { connectTimeout } = this.#rules;
    const attempt = new AbortController();
    const stop = (): void => attempt.abort(this.#ending.reason);
    this.#ending.addEventListener('abort', stop);
    const deadline = this.#deadlines.add(connectTimeout, () => {
      attempt.abort(new PoolError('unreachable', `the room was not reached within ${connectTimeout} ms`));
    });
    const aborted = new Promise<never>((_, reject) => {
      attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason));
    });
    // Also when the race is over, the abort has been told.
    aborted.catch(() => {});
    if (this.#ending.aborted) stop();
    try {
      const transport = await Promise.race([this.#make(), aborted]);
      this.#transport = transport;
      ready(transport);
      return await Promise.race([transport.join({ name, instance }, listener, attempt.signal), aborted]);
    } finally {
      deadline.cancel();
      this.#ending.removeEventListener('abort', stop);
    }
  }

  /** As `join`, for as long as it takes and is `wanted`: a room that is out of reach may be within it later. */
  async joinAgain(
    presence: Presence,
    listener: TransportListener,
    wanted: () => boolean,
  ): Promise<readonly Presence[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.join(presence, listener);
      } catch (error) {
        if (!(error instanceof PoolError && error.code === 'unreachable')) throw error;
        await this.#pause(tries);
        if (!wanted()) throw error;
      }
    }
  }

  #pause(tries: number): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        deadline.cancel();
        this.#ending.removeEventListener('abort', over);
        resolve();
      };
      const deadline = this.#deadlines.add(this.#rules.pause(tries), over);
      this.#ending.addEventListener('abort', over);
    });
  }
}
