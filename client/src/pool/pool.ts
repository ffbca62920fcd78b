import { peerName } from '#shared/identifiers';
import type { Communicator, WaitOptions } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import { Barriers } from './barriers.ts';
import { type CallAllOptions, type CallOptions, Calls, type MapOptions } from './calls/calls.ts';
import type { ExposeOptions } from './calls/methods.ts';
import type { Remote, RemoteOptions } from './calls/remote.ts';
import { Commons } from './commons.ts';
import { gather } from './gathering.ts';
import { Lifetime, type ShutdownOptions } from './lifetime.ts';
import type { PoolEvents, PoolListener, PoolState } from './listeners.ts';
import { Meeting } from './meeting.ts';
import { type MemberEvent, MemberEvents, type MembersOptions } from './member-events.ts';
import { messageHandler } from './message-handler.ts';
import type { Message } from './message.ts';
import { type PoolOptions, poolSettings } from './pool-options.ts';
import { closedError } from './receive-errors.ts';
import type {
  MessagesOptions,
  OnMessageOptions,
  RecvAllOptions,
  RecvAnyOptions,
  RecvOptions,
} from './receive-options.ts';
import {
  type OnRequestOptions,
  request,
  requestHandler,
  type RequestOptions,
  type RequestPromise,
} from './requests.ts';
import { fingerprint } from '../trust/fingerprint.ts';
import { waitLimits } from './receive-options.ts';
import { Receiving } from './receiving.ts';
import { Reception } from './reception.ts';
import { type BroadcastOptions, Sending, type SendOptions } from './sending.ts';
import { type PoolStatistics, Statistics } from './statistics.ts';
import type { IncomingStream, RecvStreamOptions, SendStreamOptions, StreamsOptions } from './streams/stream-options.ts';
import { StreamReceiving } from './streams/stream-receiving.ts';
import { sendStream } from './streams/stream-sending.ts';
import type { StreamSource } from './streams/stream-source.ts';
import { Streams } from './streams/streams.ts';
import type { PoolTap } from './tap.ts';

/** Where the platform has no such symbol, compilers of `await using` look for this one. */
const asyncDispose: typeof Symbol.asyncDispose = /* @__PURE__ */ disposeSymbol();

/**
 * A peer among others: sends them values, and takes theirs. All times are in milliseconds. Whatever can fail rejects with a `PoolError`; a wrong
 * argument is a `TypeError` or `RangeError`; a signal's reason passes through untouched.
 */
export class Pool<Connection = unknown> {
  readonly #commons: Commons;
  readonly #lifetime: Lifetime;
  readonly #reception: Reception;
  readonly #meeting: Meeting;
  readonly #sending: Sending;
  readonly #receiving: Receiving;
  readonly #calls: Calls;
  readonly #barriers: Barriers;
  readonly #streams: Streams;
  readonly #streamReceiving: StreamReceiving;
  readonly #statistics: Statistics;

  /**
   * Nothing happens before `initialize`. The options are copied. With clients named before `initialize` the pool is closed to others, unless `discover`
   * says otherwise; with none named it is open.
   * @throws TypeError, RangeError for a name or an option that is none; PoolError `duplicate-peer`
   */
  constructor(name: string, communicator: Communicator<Connection>, options: PoolOptions = {}) {
    if (typeof (communicator as Partial<Communicator> | undefined)?.initialize !== 'function') {
      throw new TypeError('a pool needs a communicator: new Pool(name, new WebRTCCommunicator({ room }))');
    }
    const settings = poolSettings(options);
    this.#commons = new Commons(peerName(name), communicator, settings);
    this.#meeting = new Meeting(this.#commons);
    this.#sending = new Sending(this.#commons);
    this.#receiving = new Receiving(this.#commons);
    this.#calls = new Calls(this.#commons);
    this.#barriers = new Barriers(this.#commons);
    this.#streams = new Streams(this.#commons);
    this.#streamReceiving = new StreamReceiving(this.#commons, this.#streams);
    this.#statistics = new Statistics(this.#commons);
    this.#lifetime = new Lifetime(this.#commons, (cause) => this.#stopping(cause));
    this.#reception = new Reception(this.#commons, this.#meeting, (error) => this.#lifetime.stopped(error));
    this.#listen(settings.on);
    for (const client of settings.clients) this.addClient(client);
  }

  /**
   * A pool that has joined. `timeout` is the pool's own, as in the constructor; joining waits for people, and is bounded by `signal` alone.
   * @throws as the constructor and `initialize`
   */
  static async open<Connection>(
    name: string,
    communicator: Communicator<Connection>,
    options: PoolOptions & Pick<WaitOptions, 'signal'> = {},
  ): Promise<Pool<Connection>> {
    const pool = new Pool(name, communicator, options);
    await pool.initialize({ signal: options.signal });
    return pool;
  }

  /** After NFC, as everybody compares it. */
  get name(): string {
    return this.#commons.name;
  }

  /** Names this life of the peer. Another one begins when the page comes back from the back/forward cache. */
  get instance(): string {
    return this.#commons.instance;
  }

  /** `started` from the call of `initialize` on, `stopped` from the call of `shutdown` on. */
  get state(): PoolState {
    return this.#commons.state;
  }

  /** Settles when nothing of the pool is left, and never rejects: `undefined` after `shutdown`, else why it ended. */
  get closed(): Promise<PoolError | undefined> {
    return this.#lifetime.closed;
  }

  /** Live, in the order in which they became clients: the named until removed, the discovered while they are here. Never oneself. */
  get clients(): ReadonlySet<string> {
    return this.#commons.roster.clients;
  }

  /**
   * Names a client, before or after the start. Who is given a `publicKey` joins only by proving that it holds the key, for the very link: else `initialize` and what waits for it reject with `untrusted`.
   * @throws TypeError for a `publicKey` that is none; PoolError `duplicate-peer`, leaving no trace; `illegal-state` once stopped
   */
  addClient(name: string, connection?: Connection): void {
    if (this.state === 'stopped') throw this.#commons.illegal('add a client');
    const client = peerName(name);
    if (client === this.name) throw new PoolError('duplicate-peer', `${client} is this pool itself`, { peer: client });
    this.#commons.communicator.addConnection(client, connection);
    this.#commons.roster.add(client);
  }

  /**
   * Tells it (`removed`, and the reason), and ends what is between us. It is not met again before `addClient` or a new instance of it.
   * @throws PoolError `unknown-peer`; `illegal-state` once stopped
   */
  removeClient(name: string, reason?: string): void {
    if (this.state === 'stopped') throw this.#commons.illegal('remove a client');
    const client = this.#commons.roster.resolve(name);
    if (!this.clients.has(client))
      throw new PoolError('unknown-peer', `there is no client ${client} to remove`, { peer: client });
    this.#commons.roster.remove(client);
    this.#commons.communicator.removeConnection(client, reason);
    this.#reception.removed(client);
  }

  /**
   * Joins, bounded by the communicator's `connectTimeout`; resolves when every named client is connected; in an open pool, when everyone who was there is
   * connected or has failed. Waits for people, so without a limit unless `timeout` is given. On failure everything is released.
   * @throws PoolError `illegal-state`, `duplicate-peer`, `unreachable`, `refused`, `timeout` (with `missing`), `unsupported`, `untrusted`, `closed`
   */
  initialize(options: WaitOptions = {}): Promise<void> {
    return this.#lifetime.initialize(this.#reception, options);
  }

  /**
   * Resolves when these, or any so many others, are here. Without a limit unless `timeout` is given. A departure does not end it.
   * @throws PoolError `timeout` (with `missing`), `unreachable`, `refused` or `untrusted` when that became known while waiting, `unknown-peer` in a closed pool, `closed`
   */
  waitFor(whom: string | number | Iterable<string>, options: WaitOptions = {}): Promise<void> {
    return this.#meeting.waitFor(whom, options);
  }

  /** Whether messages pass at this moment. To oneself: while started. */
  connected(name: string): boolean {
    const peer = this.#commons.roster.resolve(name);
    if (peer === this.name) return this.state === 'started';
    return this.#commons.communicator.connected(peer);
  }

  /**
   * Forty digits, the same at both ends, when both have an identity and are connected: two people who compare them by another way know that nobody sits in between. Else `undefined`.
   * @throws TypeError, RangeError for a name that is none
   */
  fingerprint(name: string): string | undefined {
    const { communicator, roster, settings } = this.#commons;
    const theirs = communicator.publicKey(roster.resolve(name));
    return settings.identity && theirs && fingerprint(settings.identity.publicKey, theirs);
  }

  /**
   * Round-trip time in milliseconds; 0 to oneself.
   * @throws PoolError `illegal-state`, `unknown-peer`, `unreachable`, `peer-left`, `timeout`, `closed`
   */
  async ping(name: string, options: WaitOptions = {}): Promise<number> {
    if (this.state !== 'started') throw this.#commons.illegal('ping');
    const { signal, timeout } = waitLimits(options, Infinity);
    const peer = this.#commons.roster.resolve(name);
    if (peer === this.name) return 0;
    return await this.#commons.communicator.ping(peer, { signal, timeout });
  }

  /**
   * The value is copied before this returns. A plain string is the message's id; without one messages form a queue of their own. Resolves as `ack` says; there is no limit unless
   * `timeout` is given. Messages of one id keep their order. With `ack: 'none'` it never rejects but for a wrong argument.
   * @throws PoolError `illegal-state`, `unknown-peer`, `unpackable`, `too-large`, `refused`, `unreachable`, `peer-left`, `timeout`, `closed`;
   * or what the other side refused the message with
   */
  send(to: string, value: unknown, options?: string | SendOptions): Promise<void> {
    return this.#sending.send(to, value, options);
  }

  /**
   * Packs once and sends to each recipient; every name is checked before anything is sent. When some fail, it settles all, then rejects with their common
   * code, else `partial`, and says which in `missing` and `errors`.
   * @throws PoolError as `send`, and `partial`
   */
  broadcast(value: unknown, options?: string | BroadcastOptions): Promise<void> {
    return this.#sending.broadcast(value, options);
  }

  /**
   * The next value from one peer. What is buffered is handed out even after its sender has left or the pool has stopped. Waits for the instance that is there
   * (or the first that comes), never for another.
   * @throws PoolError `timeout`, `peer-left`, `unreachable`, `refused`, `unknown-peer`, `malformed` (by `parse`), `illegal-state`, `closed`
   */
  recv<Value = unknown>(from: string, options?: string | RecvOptions<Value>): Promise<Value> {
    return this.#receiving.recv(from, options);
  }

  /**
   * The next message of anyone.
   * @throws PoolError as `recv`
   */
  recvAny<Value = unknown>(options?: string | RecvAnyOptions<Value>): Promise<Message<Value>> {
    return this.#receiving.recvAny(options);
  }

  /**
   * One value of each sender, in the order of `senders`. When one is missing it rejects naming the missing, and what did arrive stays readable.
   * @throws PoolError with the common code, else `partial`; codes as of `recv`
   */
  recvAll<Value = unknown>(options?: string | RecvAllOptions<Value>): Promise<Map<string, Value>> {
    return gather(this.#commons, options);
  }

  /**
   * Messages as they come, one taken per `next()`. Ends with the pool, when what is buffered was handed out. With `from` it ends when that peer said goodbye
   * or was removed, and rejects with `peer-left` when it was lost.
   * @throws TypeError
   */
  messages<Value = unknown>(
    options?: string | MessagesOptions<Value>,
  ): AsyncIterableIterator<Message<Value>, undefined> {
    return this.#receiving.messages(options);
  }

  /**
   * Handles messages as they come, also before `initialize` and across instances, until the returned function is called or the pool stops. A message is
   * released when the handler's promise settles, either way; with `manualRelease` by hand, or when it throws. What it throws is an `error` event.
   * @throws TypeError, RangeError
   */
  onMessage<Value = unknown>(
    handler: (message: Message<Value>) => unknown,
    options?: string | OnMessageOptions<Value>,
  ): () => void {
    const taker = messageHandler(this.#commons, handler, options);
    taker.on();
    return () => taker.off();
  }

  /**
   * Asks one question: resolves with the answer, a message with the identity of the request and a serial of its own. The promise's `sent` resolves when the other pool has the request.
   * An answer that comes when nobody waits for it any more is dropped, and counted in `stats().late`.
   * @throws PoolError as `send`; `remote` with what the other side's handler threw, `timeout`, `peer-left`, `closed`, `malformed` (by `parse`)
   */
  request<Value = unknown>(
    to: string,
    value: unknown,
    options?: string | RequestOptions<Value>,
  ): RequestPromise<Value> {
    return request(this.#commons, to, value, options);
  }

  /**
   * Answers requests as they come, also before `initialize`, and before anybody else takes them: with what the handler returns, unless it has replied by itself; what it throws rejects the
   * request. Handlers begin in the order of arrival and overlap, unless `serial`. Returns its own undo; without a handler requests go to the mailbox, where `reply` answers them.
   * @throws TypeError
   */
  onRequest<Value = unknown>(
    handler: (message: Message<Value>) => unknown,
    options?: string | OnRequestOptions<Value>,
  ): () => void {
    const taker = requestHandler(this.#commons, handler, options);
    taker.on();
    return () => taker.off();
  }

  /**
   * Lets others call these methods, also before `initialize`: own functions of the object, as they are now; never `constructor`, `then`, what it inherits, or a name that begins with an underscore.
   * Under a name they are called `name.method`. Each runs with a `CallContext` as its `this`. Calls begin in the order in which they arrived whole, and overlap unless `serial`; those that
   * came before anything was exposed wait for the first `expose`. What a method returns is the result, what it throws rejects the call. Returns its own undo.
   * @throws TypeError when there is no such function, or its name is exposed already
   */
  expose(methods: object, options?: ExposeOptions): () => void;
  expose(name: string, methods: object, options?: ExposeOptions): () => void;
  expose(first: string | object, second?: object, third?: ExposeOptions): () => void {
    const { exposure } = this.#commons;
    return typeof first === 'string'
      ? exposure.expose(first, second, third)
      : exposure.expose(undefined, first, second);
  }

  /**
   * Calls what a peer exposes. The arguments are copied before this returns; functions are refused. When the call ends before its result, the method's `signal` aborts over there, and a result that
   * comes nevertheless is dropped, and counted in `stats().late`.
   * @throws PoolError `remote`: the method threw (`cause` is what it threw, `reason` its name; its stack when the other side's packer sends `stacks`), returned what can't be packed, or there is no
   * such method (`unknown-method`); `timeout`, `peer-left`, `unreachable`, `unknown-peer`, `unpackable`, `too-large`, `refused`, `closed`, `illegal-state`
   */
  call<Result = unknown>(
    to: string,
    method: string,
    args: readonly unknown[] = [],
    options: CallOptions = {},
  ): Promise<Result> {
    return this.#calls.call<Result>(to, method, args, options);
  }

  /**
   * Calls the same method of several peers. Packs once, and resolves when each has answered or failed.
   * @throws PoolError `unknown-peer`, `unpackable`, `too-large`, `illegal-state`, before anybody is called; the signal's reason
   */
  callAll<Result = unknown>(
    method: string,
    args: readonly unknown[] = [],
    options: CallAllOptions = {},
  ): Promise<Map<string, PromiseSettledResult<Result>>> {
    return this.#calls.callAll<Result>(method, args, options);
  }

  /**
   * Calls without a result: resolves when the other pool has the call. What the method throws is an `error` event over there.
   * @throws PoolError as `send`
   */
  notify(to: string, method: string, args: readonly unknown[] = [], options: WaitOptions = {}): Promise<void> {
    return this.#calls.notify(to, method, args, options);
  }

  /**
   * What a peer exposes, as an object with its methods: `await pool.remote<Calculator>('bob').add(1, 2)`. The types are the caller's claim.
   * @throws TypeError, RangeError
   */
  remote<Api extends object>(to: string, options: RemoteOptions = {}): Remote<Api> {
    return this.#calls.remote<Api>(to, options);
  }

  /**
   * Calls a method once for each item, spread over the peers: each works on `perPeer` at once, and who is lost gives its items to the others, so that one may be worked on twice. Yields the results in
   * the order of the items, and takes only a few items ahead. `timeout` is that of each call. Leaving the loop gives up what runs.
   * @throws PoolError what a call failed with, at its item's place; `peer-left`, `unreachable` or `partial` when nobody is left
   */
  map<Result = unknown>(
    method: string,
    items: Iterable<unknown> | AsyncIterable<unknown>,
    options: MapOptions = {},
  ): AsyncGenerator<Result, undefined, undefined> {
    return this.#calls.map<Result>(method, items, options);
  }

  /**
   * Resolves when all clients, as they are at the call, have reached the barrier of this id as often as this pool has: also after a call that was timed out, which counts. What a peer sent before it
   * reached the barrier has arrived then, if its send was awaited.
   * @throws PoolError `timeout` with `missing`; `peer-left` and others when somebody can't reach it any more, with `missing` and `errors`; `illegal-state`, `closed`
   */
  barrier(id: string, options: WaitOptions = {}): Promise<void> {
    return this.#barriers.reach(id, options);
  }

  /**
   * Sends bytes of any number, as fast as they are read over there, and about 1 MiB ahead of that: a reader that pauses pauses the source. Only its name, type and size leave before somebody takes it.
   * Resolves when the other side has read to the end; there is no limit unless `timeout` is given. To several each reads at its own pace; when some fail, it settles all, then rejects as `broadcast` does.
   *
   * A typed array is copied at the call, out of the page's own memory where the browser does so; what a `ReadableStream` or an async iterable gives is copied before it is asked for more. It is
   * cancelled (`return` is called) when the stream fails. What aborts it, or the source throws, passes through untouched and reaches the reader as an error of code `remote`. A stream ends with the pool: `shutdown` does not wait for it.
   * @param to one or, of a File, a Blob or a typed array, several
   * @throws TypeError for what is no source, is locked, or gives something else than bytes; RangeError when it gives more or less than `size`; PoolError `remote` with the reason for which the
   * reader cancelled, `illegal-state`, `unknown-peer`, `refused`, `unreachable`, `peer-left`, `timeout`, `closed`, and to several `partial`
   */
  sendStream(to: string | Iterable<string>, source: StreamSource, options?: string | SendStreamOptions): Promise<void> {
    return sendStream(this.#commons, this.#streams, to, source, options);
  }

  /**
   * The next stream from one peer. Its bytes come as they are read; who does not want them all says so by `stream.cancel(reason)`. When its sender gives it up, reading rejects with `remote` and the reason, and what
   * was not read is dropped; when the sender leaves or this pool stops, what has come is read before the error.
   * @throws PoolError `timeout`, `peer-left`, `unreachable`, `refused`, `unknown-peer`, `illegal-state`, `closed`
   */
  recvStream(from: string, options?: string | RecvStreamOptions): Promise<IncomingStream> {
    return this.#streamReceiving.recv(from, options);
  }

  /**
   * Streams as they are offered, one taken per `next()`. Ends as `messages` does.
   * @throws TypeError
   */
  streams(options?: string | StreamsOptions): AsyncIterableIterator<IncomingStream, undefined> {
    return this.#streamReceiving.streams(options);
  }

  /**
   * Returns its own undo. What a listener throws, and an `error` nobody listens to, go to `reportError`.
   * @throws TypeError
   */
  on<Name extends keyof PoolEvents>(event: Name, listener: PoolListener<Name>): () => void {
    return this.#commons.listeners.on(event, listener);
  }

  /**
   * Looks on at every packet between this pool and others, and at every `error`, without taking part: for tools that show what happens, as `peerpool/inspector`. Costs nothing while nobody taps.
   * Returns its own undo. What a tap throws goes to `reportError`.
   * @throws TypeError
   */
  tap(tap: PoolTap): () => void {
    return this.#commons.taps.tap(tap);
  }

  /** A `join` for each who is here, then who comes, goes and restarts. Ends with the pool. */
  members(options: MembersOptions = {}): AsyncIterableIterator<MemberEvent, undefined> {
    return new MemberEvents(this.#commons, this.#lifetime.closed, options);
  }

  /** Readable after shutdown too. */
  stats(): PoolStatistics {
    return this.#statistics.read();
  }

  /** Counts from zero again. */
  resetStats(): void {
    this.#statistics.reset();
  }

  /**
   * Refuses new sends, and rejects what waits with `closed`; goes on taking and acknowledging until its own sends are acknowledged, says goodbye, closes. What is unread stays
   * readable. Messages that were taken with `manualRelease` are waited for, up to `timeout` (by default the pool's), and released.
   * A second call is a no-op that resolves when the first has ended.
   * @throws PoolError `illegal-state` before `initialize`; `timeout` after the end, when messages had to be released that nobody had released
   */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    return this.#lifetime.shutdown(options);
  }

  /** `shutdown` for `await using`. Before `initialize` it does nothing; it never rejects, so it can't mask the error of the block. */
  async [asyncDispose](): Promise<void> {
    if (this.state === 'uninitialized') return;
    try {
      await this.shutdown();
    } catch (error) {
      this.#commons.complain(error as Error);
    }
  }

  #listen(on: PoolOptions['on'] = {}): void {
    for (const name of Object.keys(on) as (keyof PoolEvents)[]) {
      const listener = on[name] as PoolListener<typeof name> | undefined;
      if (listener !== undefined) this.#commons.listeners.on(name, listener);
    }
  }

  #stopping(cause: PoolError | undefined): void {
    this.#commons.mailbox.dismissAll((taker) => closedError(cause, taker));
    this.#meeting.close(cause);
    this.#commons.arrivals.close(cause);
    this.#commons.post.close(cause);
  }
}

function disposeSymbol(): typeof Symbol.asyncDispose {
  const platform: { readonly asyncDispose?: typeof Symbol.asyncDispose } = Symbol;
  return platform.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose);
}
