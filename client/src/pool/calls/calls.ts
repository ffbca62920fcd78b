import type { WaitOptions } from '../../communicators/communicator.ts';
import { PoolError } from '../../errors.ts';
import type { Packet } from '../../packers/packer.ts';
import type { Commons } from '../commons.ts';
import type { Question } from '../question.ts';
import { callQueue } from '../queue-key.ts';
import { sendLimits, waitLimits } from '../receive-options.ts';
import { rejected, type WaitLimits } from '../wait.ts';
import { WITHDRAWAL } from './exposure.ts';
import { checkConcurrency } from '../message-handler.ts';
import { methodName } from './methods.ts';
import { type Remote, remote, type RemoteOptions } from './remote.ts';
import { work } from './work.ts';

/** `timeout` defaults to the pool's. */
export interface CallOptions extends WaitOptions {}

export interface CallAllOptions extends CallOptions {
  /** Default: the clients as they are at the call. */
  readonly peers?: Iterable<string> | undefined;
}

export interface MapOptions extends CallOptions {
  /** Default: the clients as they are at the call. */
  readonly peers?: Iterable<string> | undefined;
  /** How many items each works on at once. Default 1. */
  readonly perPeer?: number | undefined;
}

/** `call`, `callAll`, `notify`, `remote` and `map`: calls to others. */
export class Calls {
  readonly #commons: Commons;

  constructor(commons: Commons) {
    this.#commons = commons;
  }

  call<Result>(to: string, method: string, args: readonly unknown[], options: CallOptions): Promise<Result> {
    try {
      const { post, settings } = this.#commons;
      const limits = waitLimits(options, settings.timeout);
      const packet = this.#packed('call', to, method, args);
      return this.#ask<Result>(post.recipient(to), method, packet, limits);
    } catch (error) {
      return rejected(about(error, to, method));
    }
  }

  async callAll<Result>(
    method: string,
    args: readonly unknown[],
    options: CallAllOptions,
  ): Promise<Map<string, PromiseSettledResult<Result>>> {
    const { post, settings } = this.#commons;
    const limits = waitLimits(options, settings.timeout);
    const packet = this.#packed('call', undefined, method, args);
    const peers = post.recipients(options.peers, 'peers');
    const results = await Promise.allSettled(peers.map((peer) => this.#ask<Result>(peer, method, packet, limits)));
    if (limits.signal?.aborted === true) throw limits.signal.reason;
    return new Map(peers.map((peer, index) => [peer, results[index] as PromiseSettledResult<Result>]));
  }

  notify(to: string, method: string, args: readonly unknown[], options: WaitOptions): Promise<void> {
    try {
      const { post } = this.#commons;
      const limits = sendLimits(waitLimits(options, Infinity));
      const packet = this.#packed('notify', to, method, args);
      const how = { queue: callQueue(method), ack: 'delivered', unmetered: true, ...limits } as const;
      return post.send(post.recipient(to), packet, how).catch((error: unknown) => rejected(about(error, to, method)));
    } catch (error) {
      return rejected(about(error, to, method));
    }
  }

  remote<Api>(to: string, { object, ...options }: RemoteOptions): Remote<Api> {
    const peer = this.#commons.roster.resolve(to);
    const prefix = object === undefined ? '' : `${methodName(object)}.`;
    return remote<Api>((method, args) => this.call(peer, method, args, options), prefix);
  }

  map<Result>(
    method: string,
    items: Iterable<unknown> | AsyncIterable<unknown>,
    options: MapOptions,
  ): AsyncGenerator<Result, undefined, undefined> {
    const { post, settings } = this.#commons;
    const { timeout, signal } = waitLimits(options, settings.timeout);
    methodName(method);
    const perPeer = checkConcurrency(options.perPeer, 1, 'perPeer');
    post.check('map');
    return work<Result>({
      method,
      items: iteratorOf(items),
      peers: post.recipients(options.peers, 'peers'),
      perPeer,
      signal,
      call: (peer, item, given) => this.call<Result>(peer, method, [item], { timeout, signal: given }),
    });
  }

  /** @throws TypeError, RangeError; PoolError `illegal-state`, `unpackable`, `too-large` */
  #packed(action: string, to: string | undefined, method: string, args: readonly unknown[]): Packet {
    const { post } = this.#commons;
    methodName(method);
    if (!Array.isArray(args)) throw new TypeError('the arguments of a call are an array');
    post.check(action);
    if (to !== undefined) post.recipient(to);
    return post.pack(args);
  }

  #ask<Result>(peer: string, method: string, packet: Packet, limits: WaitLimits): Promise<Result> {
    const queue = callQueue(method);
    const question: Question<Result> = this.#commons.answers.ask<Result>({
      peer,
      queue,
      packet,
      unmetered: true,
      limits,
      what: `${method}()`,
      details: { method },
      open: (value) => value as Result,
      abandoned: (number) => this.#withdraw(peer, queue, number),
    });
    return question.answer;
  }

  /** Whoever runs it may as well stop. That they can't be told any more is no harm. */
  #withdraw(peer: string, queue: string, correlation: number): void {
    const { name, post, roster } = this.#commons;
    // Where nobody is yet, the call has not left.
    if (peer !== name && !roster.isHere(peer)) return;
    post.send(peer, WITHDRAWAL, { queue, correlation, ack: 'delivered', unmetered: true }).catch(() => {});
  }
}

function iteratorOf(items: Iterable<unknown> | AsyncIterable<unknown>): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof items === 'object' && Symbol.asyncIterator in items) return items[Symbol.asyncIterator]();
  if (typeof items === 'object' && Symbol.iterator in items) return items[Symbol.iterator]();
  throw new TypeError('items is an iterable or an async iterable');
}

function about(error: unknown, peer: string, method: string): unknown {
  return error instanceof PoolError
    ? error.with({ peer: error.peer ?? peer, method, delivery: error.delivery ?? 'none' })
    : error;
}
