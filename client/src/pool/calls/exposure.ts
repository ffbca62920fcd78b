import { PoolError } from '../../errors.ts';
import type { Packet } from '../../packers/packer.ts';
import type { Arrival, Desk } from '../arrivals.ts';
import type { Commons } from '../commons.ts';
import { unpack } from '../packing.ts';
import { KIND } from '../queue-key.ts';
import type { Asker } from '../replies.ts';
import { closedError } from '../receive-errors.ts';
import { errorOf, textOf } from '../thrown.ts';
import { RunningCall } from './call-context.ts';
import { type Exposed, type ExposeOptions, Line, methodName, methodsOf } from './methods.ts';
import { checkFlag } from '../receive-options.ts';

/** A call that is here whole. Its room is free when it has ended. */
interface IncomingCall {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly context: RunningCall;
  readonly ended: () => void;
}

const NOW = Promise.resolve();

/** What this pool lets others call, and the calls that run. */
export class Exposure implements Desk {
  readonly #commons: Commons;
  readonly #methods = new Map<string, Exposed>();
  /** Calls that came before anything was exposed. */
  #early: IncomingCall[] | undefined = [];
  /** All that have not ended, the early ones too. */
  readonly #calls = new Map<string, Map<number | RunningCall, RunningCall>>();

  constructor(commons: Commons) {
    this.#commons = commons;
    commons.arrivals.open([KIND.call], this);
  }

  /** Returns its own undo. */
  expose(name: string | undefined, object: object | undefined, options: ExposeOptions = {}): () => void {
    const line = checkFlag(options.serial, 'serial') ? new Line() : undefined;
    const methods = methodsOf(object, name === undefined ? '' : `${methodName(name)}.`, line);
    for (const method of methods.keys())
      if (this.#methods.has(method)) throw new TypeError(`${method} is exposed already; undo that first`);
    for (const [method, exposed] of methods) this.#methods.set(method, exposed);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const call of early) this.#begin(call);
    return () => {
      for (const [method, exposed] of methods) {
        if (this.#methods.get(method) === exposed) this.#methods.delete(method);
      }
    };
  }

  arrive({ from, instance, queue, packet, receipt }: Arrival): void {
    const number = receipt.correlation;
    if (isWithdrawal(packet)) {
      receipt.consumed();
      const why = new PoolError('refused', `${from} waits for the result no more`, { peer: from });
      if (number !== undefined) this.#calls.get(from)?.get(number)?.abandon(why);
      return;
    }
    if (this.#commons.state === 'stopped') throw new PoolError('closed', `${this.#commons.name} is shutting down`);
    const args = unpack(this.#commons.settings.packer, packet);
    if (!Array.isArray(args)) throw new PoolError('malformed', 'the arguments of a call are an array');
    const context = new RunningCall(from, instance, number);
    const key = number ?? context;
    let calls = this.#calls.get(from);
    if (calls === undefined) this.#calls.set(from, (calls = new Map<number | RunningCall, RunningCall>()));
    if (calls.has(key)) throw new PoolError('malformed', `call ${String(number)} came twice`);
    calls.set(key, context);
    const ended = (): void => {
      receipt.consumed();
      calls.delete(key);
      if (calls.size === 0 && this.#calls.get(from) === calls) this.#calls.delete(from);
    };
    const call = { method: queue.slice(1), args, context, ended };
    if (this.#early === undefined) this.#begin(call);
    else this.#early.push(call);
  }

  left(name: string, error: PoolError): void {
    this.#abandon(this.#calls.get(name), error);
    this.#calls.delete(name);
  }

  close(cause: unknown): void {
    for (const calls of this.#calls.values()) this.#abandon(calls, closedError(cause));
  }

  #abandon(calls: ReadonlyMap<unknown, RunningCall> | undefined, error: PoolError): void {
    for (const context of calls?.values() ?? []) context.abandon(error);
    if (this.#early === undefined) return;
    const early = this.#early;
    this.#early = early.filter(({ context }) => !context.abandoned);
    for (const call of early) if (call.context.abandoned) call.ended();
  }

  /** In a turn of its own, in the order of these calls. */
  #begin(call: IncomingCall): void {
    NOW.then(() => this.#run(call)).then(call.ended, (error: unknown) => {
      call.ended();
      this.#commons.complain(errorOf(error));
    });
  }

  async #run({ method, args, context }: IncomingCall): Promise<void> {
    if (context.abandoned) return;
    const exposed = this.#methods.get(method);
    if (exposed === undefined) {
      this.#failed(context, method);
      return;
    }
    const { run, line } = exposed;
    const begin = (): unknown => (context.abandoned ? undefined : run.apply(context, [...args]));
    try {
      const result = await (line === undefined ? begin() : line.add(begin));
      const asker = askerOf(context);
      if (asker === undefined) return;
      if (context.abandoned) this.#commons.replies.refuse(asker, 'late');
      else this.#commons.replies.answer(asker, result);
    } catch (thrown) {
      this.#failed(context, method, { thrown });
    }
  }

  /** Who waits is told; what a notification causes is heard here, and never sent back. */
  #failed(context: RunningCall, method: string, failure?: { readonly thrown: unknown }): void {
    const asker = askerOf(context);
    const { replies } = this.#commons;
    if (asker !== undefined) {
      if (context.abandoned) replies.refuse(asker, 'late');
      else if (failure === undefined) replies.refuse(asker, 'unknown-method');
      else replies.refuse(asker, 'threw', failure.thrown);
      return;
    }
    const { peer } = context;
    const text =
      failure === undefined
        ? `${peer} notified ${method}(), which is not exposed`
        : `${method}(), notified by ${peer}, threw ${textOf(failure.thrown)}`;
    this.#commons.complain(new PoolError('remote', text, { peer, method, cause: failure?.thrown }));
  }
}

/** Behind its call, in the same queue: who called waits no more. No packed value is empty. */
export const WITHDRAWAL: Packet = { head: new Uint8Array(0), segments: [] };

function isWithdrawal({ head, segments }: Packet): boolean {
  return head.length === 0 && segments.length === 0;
}

function askerOf({ peer, instance, number }: RunningCall): Asker | undefined {
  return number === undefined ? undefined : { peer, instance, number };
}
