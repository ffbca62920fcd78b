import type { Receipt, WaitOptions } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import type { Arrival, Desk } from './arrivals.ts';
import type { Commons } from './commons.ts';
import { checkId, KIND } from './queue-key.ts';
import { closedError } from './receive-errors.ts';
import { waitLimits } from './receive-options.ts';
import { severalErrors } from './several.ts';
import { rejected, Wait, type WaitLimits } from './wait.ts';

/** Its queue key says all there is to say. */
const MARK: Packet = { head: new Uint8Array(0), segments: [] };

/**
 * Between this pool and one peer, at one barrier: marks that came before the calls they belong to, or calls that their marks have yet to come for; never both. The n-th mark belongs to the n-th
 * call, and marks come once and in order, so nobody has to number them. An early mark keeps its room, so that who sends too many is refused.
 */
type Ahead = { readonly who: 'peer'; readonly marks: Receipt[] } | { readonly who: 'we'; readonly calls: Crossing[] };

/**
 * `barrier`: each call tells every client that it is here, and waits for each to say the same. A call that failed has told them, so it keeps its number; who left and came back begins anew, and so do
 * both sides.
 */
export class Barriers implements Desk {
  readonly #commons: Commons;
  readonly #ahead = new Map<string, Map<string, Ahead>>();

  constructor(commons: Commons) {
    this.#commons = commons;
    commons.arrivals.open([KIND.barrier], this);
  }

  reach(given: string, options: WaitOptions): Promise<void> {
    try {
      const id = checkId(given, 'the id of a barrier');
      const limits = waitLimits(options, this.#commons.settings.timeout);
      this.#commons.post.check('reach a barrier');
      const clients = [...this.#commons.roster.clients];
      const absent = this.#absent(clients);
      if (absent.size > 0) throw severalErrors(`barrier ${JSON.stringify(id)} can't be reached by all`, absent);
      return this.#cross(id, clients, limits);
    } catch (error) {
      return rejected(error);
    }
  }

  arrive({ from, queue, receipt }: Arrival): void {
    const ahead = this.#of(from, queue);
    if (ahead?.who !== 'we') {
      if (ahead === undefined) this.#put(from, queue, { who: 'peer', marks: [receipt] });
      else ahead.marks.push(receipt);
      return;
    }
    receipt.consumed();
    const crossing = ahead.calls.shift();
    if (ahead.calls.length === 0) this.#forget(from, queue);
    crossing?.reached(from);
  }

  left(name: string, error: PoolError): void {
    const barriers = this.#ahead.get(name);
    this.#ahead.delete(name);
    for (const ahead of barriers?.values() ?? []) {
      if (ahead.who === 'we') for (const crossing of ahead.calls) crossing.failed(name, error);
      else for (const receipt of ahead.marks) receipt.consumed();
    }
  }

  close(cause: unknown): void {
    for (const name of this.#ahead.keys()) this.left(name, closedError(cause));
  }

  #absent(clients: readonly string[]): Map<string, PoolError> {
    const absent = new Map<string, PoolError>();
    for (const name of clients) {
      const error = this.#commons.roster.absence(name);
      if (error !== undefined) absent.set(name, error);
    }
    return absent;
  }

  #cross(id: string, clients: readonly string[], limits: WaitLimits): Promise<void> {
    const { clock, post } = this.#commons;
    const queue = KIND.barrier + id;
    const crossing = new Crossing(clock, id, clients, limits);
    // All are counted before anybody is told: whoever hears of it may call back in.
    for (const name of clients) this.#wait(name, queue, crossing);
    for (const name of clients) {
      post
        .send(name, MARK, { queue, ack: 'delivered', unmetered: true })
        .catch((error: unknown) => crossing.failed(name, error as PoolError));
    }
    return crossing.promise;
  }

  #wait(name: string, queue: string, crossing: Crossing): void {
    const ahead = this.#of(name, queue);
    if (ahead?.who !== 'peer') {
      if (ahead === undefined) this.#put(name, queue, { who: 'we', calls: [crossing] });
      else ahead.calls.push(crossing);
      return;
    }
    ahead.marks.shift()?.consumed();
    if (ahead.marks.length === 0) this.#forget(name, queue);
    crossing.reached(name);
  }

  #of(name: string, queue: string): Ahead | undefined {
    return this.#ahead.get(name)?.get(queue);
  }

  #put(name: string, queue: string, ahead: Ahead): void {
    const barriers = this.#ahead.get(name);
    if (barriers === undefined) this.#ahead.set(name, new Map([[queue, ahead]]));
    else barriers.set(queue, ahead);
  }

  #forget(name: string, queue: string): void {
    const barriers = this.#ahead.get(name);
    barriers?.delete(queue);
    if (barriers?.size === 0) this.#ahead.delete(name);
  }
}

/** One call, and who has yet to come. */
class Crossing {
  readonly #id: string;
  readonly #missing: Set<string>;
  readonly #wait: Wait<void>;

  constructor(clock: Commons['clock'], id: string, clients: readonly string[], limits: WaitLimits) {
    this.#id = id;
    this.#missing = new Set(clients);
    this.#wait = new Wait<void>(
      clock,
      limits,
      () => this.#late(limits.timeout),
      () => {},
    );
    if (clients.length === 0) this.#wait.resolve();
  }

  get promise(): Promise<void> {
    return this.#wait.promise;
  }

  reached(name: string): void {
    this.#missing.delete(name);
    if (this.#missing.size === 0) this.#wait.resolve();
  }

  /** Who was here before it left was here. */
  failed(name: string, error: PoolError): void {
    if (!this.#missing.has(name)) return;
    const what = `not all have reached barrier ${JSON.stringify(this.#id)}`;
    this.#wait.reject(severalErrors(what, new Map([[name, error]]), [...this.#missing]));
  }

  #late(timeout: number): PoolError {
    const missing = [...this.#missing];
    const text = `${missing.join(', ')} did not reach barrier ${JSON.stringify(this.#id)} within ${timeout} ms`;
    return new PoolError('timeout', text, { missing });
  }
}
