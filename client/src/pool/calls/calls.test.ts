import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { Hub } from '../../communicators/local/hub.ts';
import { LocalCommunicator } from '../../communicators/local/local-communicator.ts';
import { PoolError } from '../../errors.ts';
import { JsonPacker } from '../../packers/json.ts';
import { MessagePackPacker } from '../../packers/message-pack.ts';
import { Pool } from '../pool.ts';
import type { PoolOptions } from '../pool-options.ts';
import type { CallContext } from './call-context.ts';
import type { Remote } from './remote.ts';

const pools: Pool[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown): number => unhandled.push(reason);
beforeEach(() => {
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(pools.splice(0).map((pool) => pool[Symbol.asyncDispose]()));
  // Unhandled rejections are told when the microtasks have ended.
  await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

function make(hub: Hub, name: string, options: PoolOptions = {}): Pool {
  const pool = new Pool(name, new LocalCommunicator({ hub }), { on: { error() {} }, ...options });
  pools.push(pool);
  return pool;
}

async function pair(alice: PoolOptions = {}, bob: PoolOptions = {}): Promise<[Pool, Pool]> {
  const hub = new Hub('calls');
  const both: [Pool, Pool] = [
    make(hub, 'alice', { clients: ['bob'], ...alice }),
    make(hub, 'bob', { clients: ['alice'], ...bob }),
  ];
  await Promise.all(both.map((pool) => pool.initialize()));
  return both;
}

const failure = (promise: Promise<unknown>): Promise<PoolError> =>
  promise.then(
    (value) => expect.fail(`resolved with ${String(value)}`),
    (error: unknown) => error as PoolError,
  );

const throwing = (thrown: unknown) => (): never => {
  throw thrown;
};

class Hostile {
  toString(): string {
    throw new Error('no text');
  }

  toJSON(): unknown {
    throw new Error('no JSON');
  }
}

class HostileError extends Error {
  override get message(): string {
    throw new Error('no message');
  }
}

describe('a call', () => {
  it(
    'a thousand starts: what was exposed before initialize answers the very first call',
    { timeout: 120_000 },
    async () => {
      for (let start = 0; start < 1000; start++) {
        const hub = new Hub('starts');
        const alice = new Pool('alice', new LocalCommunicator({ hub }), { clients: ['bob'], timeout: 10_000 });
        const bob = new Pool('bob', new LocalCommunicator({ hub }), { clients: ['alice'] });
        bob.expose({ add: (one: number, other: number) => one + other });
        bob.onRequest(({ value }) => value);
        const ready = bob.initialize();
        await alice.initialize();
        expect(await alice.call('bob', 'add', [start, 1])).toBe(start + 1);
        expect((await alice.request('bob', start)).value).toBe(start);
        await ready;
        await Promise.all([alice.shutdown(), bob.shutdown()]);
      }
    },
  );

  it('to oneself goes through the packer: its arguments and results are copies, its errors those of others', async () => {
    const [alice] = await pair();
    const given = { list: [1] };
    let got: unknown;
    alice.expose({
      keep: (value: unknown) => (got = value),
      fail: throwing(new RangeError('as expected')),
      wait(this: CallContext) {
        return new Promise((resolve) => this.signal.addEventListener('abort', () => resolve('too late')));
      },
    });
    const result = await alice.call('alice', 'keep', [given]);
    expect([got, result]).toEqual([given, given]);
    expect(got === given || result === given || result === got).toBe(false);
    expect(await failure(alice.call('alice', 'fail'))).toMatchObject({ code: 'remote', reason: 'RangeError' });
    expect(await failure(alice.call('alice', 'missing'))).toMatchObject({ reason: 'unknown-method' });
    expect(await failure(alice.call('alice', 'wait', [], { timeout: 5 }))).toMatchObject({ code: 'timeout' });
  });

  it('works alike over JSON', async () => {
    const [alice, bob] = await pair({ packer: new JsonPacker() }, { packer: new JsonPacker() });
    bob.expose({
      echo: (...args: unknown[]) => args,
      fail: throwing(new RangeError('odd', { cause: { by: 7n } })),
      nothing() {},
    });
    const args = [undefined, 7n, new Date(0), Uint8Array.of(1), { $a: 1 }];
    expect(await alice.call('bob', 'echo', args)).toEqual(args);
    expect(await alice.call('bob', 'nothing')).toBeUndefined();
    expect(await failure(alice.call('bob', 'fail'))).toMatchObject({ cause: { message: 'odd', cause: { by: 7n } } });
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a symbol', Symbol('seven')],
    ['what has no text', new Hostile()],
    ['an error whose message throws', new HostileError()],
    ['an error with an unpackable cause', new Error('odd', { cause: () => 7 })],
    ['an error that is too large for either', new Error('x'.repeat(20_000))],
  ])('rejects when %s is thrown, and the next one is answered', async (_what, thrown) => {
    const [alice, bob] = await pair({ maxMessageSize: 10_000 }, { maxMessageSize: 10_000 });
    bob.expose({ fail: throwing(thrown), well: () => 7 });
    const error = await failure(alice.call('bob', 'fail', [], { timeout: Infinity }));
    expect(error).toMatchObject({ code: 'remote', peer: 'bob', method: 'fail' });
    expect(error.message.length).toBeLessThan(2000);
    expect(await alice.call('bob', 'well')).toBe(7);
  });

  it('rejects when what is returned or thrown is too large for the caller, or can not be packed', async () => {
    const complaints: Error[] = [];
    const on = { error: ({ error }: { error: Error }) => complaints.push(error) };
    const [alice, bob] = await pair({ maxMessageSize: 1000 }, { on });
    bob.expose({
      large: () => new Uint8Array(2000),
      thrown: throwing(new Error('x'.repeat(2000))),
      verbose: throwing(Object.assign(new Error('x'.repeat(2000)), { name: 'y'.repeat(2000) })),
      odd: () => ({ inner: [() => 7] }),
    });
    const forever = { timeout: Infinity };
    const large = await failure(alice.call('bob', 'large', [], forever));
    expect(large).toMatchObject({ code: 'remote', reason: 'unpackable', method: 'large' });
    expect(large.message).toMatch(/large/);
    expect(await failure(alice.call('bob', 'thrown', [], forever))).toMatchObject({ code: 'remote', method: 'thrown' });
    expect(await failure(alice.call('bob', 'verbose', [], forever))).toMatchObject({ code: 'remote' });
    expect((await failure(alice.call('bob', 'odd', [], forever))).message).toMatch(/\$\.inner\[0\]/);
    expect(complaints).toEqual([]);
  });

  it('rejects with all details when the result or the error is of a class that only the other side knows', async () => {
    class Point {
      x = 1;
    }
    const packer = new MessagePackPacker();
    packer.register(
      'Point',
      Point,
      ({ x }) => x,
      () => new Point(),
    );
    const [alice, bob] = await pair({}, { packer });
    bob.expose({ point: () => new Point(), fail: throwing(new Error('odd', { cause: new Point() })) });
    for (const method of ['point', 'fail']) {
      const error = await failure(alice.call('bob', method, [], { timeout: Infinity }));
      expect(error).toMatchObject({ code: 'unpackable', peer: 'bob', method });
      expect(error.message).toMatch(/Point/);
    }
  });

  it('rejects ten thousand at once when the other leaves, and keeps none of them', async () => {
    const [alice, bob] = await pair();
    let begun = 0;
    const aborted: unknown[] = [];
    bob.expose({
      wait(this: CallContext) {
        begun++;
        this.signal.addEventListener('abort', () => aborted.push(this.signal.reason));
        return new Promise(() => {});
      },
    });
    const waiting = Array.from({ length: 10_000 }, () => failure(alice.call('bob', 'wait', [], { timeout: Infinity })));
    await vi.waitFor(() => expect(begun).toBe(10_000), { timeout: 15_000 });
    await bob.shutdown();
    const errors = await Promise.all(waiting);
    expect(new Set(errors.map(({ code, peer, method }) => `${code} ${peer} ${method}`))).toEqual(
      new Set(['peer-left bob wait']),
    );
    expect(aborted).toHaveLength(10_000);
    expect(new Set(aborted.map((reason) => (reason as PoolError).code))).toEqual(new Set(['closed']));
    expect(alice.stats().total.inFlight).toBe(0);
  });

  it('rejects with `closed` when its own pool ends, and the method over there hears that the caller left', async () => {
    const [alice, bob] = await pair();
    let reason: unknown;
    bob.expose({
      wait(this: CallContext) {
        return new Promise((resolve) =>
          this.signal.addEventListener('abort', () => resolve((reason = this.signal.reason))),
        );
      },
    });
    const waiting = failure(alice.call('bob', 'wait', [], { timeout: Infinity }));
    const alone = failure(alice.call('alice', 'never exposed', [], { timeout: Infinity }));
    await vi.waitFor(() => expect(bob.stats().total.messagesReceived).toBe(1));
    await alice.shutdown();
    expect(await waiting).toMatchObject({ code: 'closed', peer: 'bob', method: 'wait' });
    expect(await alone).toMatchObject({ code: 'closed', peer: 'alice' });
    await vi.waitFor(() => expect(reason).toMatchObject({ code: 'peer-left', peer: 'alice' }));
    expect(await failure(alice.call('bob', 'wait'))).toMatchObject({ code: 'illegal-state', delivery: 'none' });
  });

  it('of a caller that comes back as another instance never gets the result of its predecessor', async () => {
    const hub = new Hub('restart');
    const bob = make(hub, 'bob', { clients: ['alice'] });
    const gates: ((value: string) => void)[] = [];
    bob.expose({ wait: () => new Promise((resolve) => gates.push(resolve)) });
    const ready = bob.initialize();
    const first = make(hub, 'alice', { clients: ['bob'] });
    await Promise.all([ready, first.initialize()]);
    const lost = failure(first.call('bob', 'wait', [], { timeout: Infinity }));
    await vi.waitFor(() => expect(gates).toHaveLength(1));
    await first.shutdown({ flush: false });
    expect(await lost).toMatchObject({ code: 'closed' });
    const second = make(hub, 'alice', { clients: ['bob'] });
    await second.initialize();
    // Of the same number as the call of the first.
    const kept = second.call('bob', 'wait', [], { timeout: Infinity });
    await vi.waitFor(() => expect(gates).toHaveLength(2));
    gates[0]?.('for the first');
    await second.ping('bob');
    gates[1]?.('for the second');
    expect(await kept).toBe('for the second');
    expect(second.stats().total.late).toBe(0);
  });

  it('that is given up before the other is there never gets there, and nor does its withdrawal', async () => {
    const hub = new Hub('absent');
    const alice = make(hub, 'alice');
    make(hub, 'carol', { clients: ['alice'] })
      .initialize()
      .catch(() => {});
    alice.addClient('carol');
    await alice.initialize();
    alice.addClient('bob');
    const controller = new AbortController();
    const given = Array.from({ length: 100 }, () =>
      alice.call('bob', 'never', [], { signal: controller.signal, timeout: Infinity }).catch((why: unknown) => why),
    );
    const late = await failure(alice.call('bob', 'never', [], { timeout: 5 }));
    expect(late).toMatchObject({ code: 'timeout', peer: 'bob', method: 'never', delivery: 'none' });
    controller.abort('enough');
    expect(new Set(await Promise.all(given))).toEqual(new Set(['enough']));
    const bob = make(hub, 'bob', { clients: ['alice'] });
    bob.expose({ well: () => 7 });
    await bob.initialize();
    expect(await alice.call('bob', 'well')).toBe(7);
    expect(bob.stats().total.messagesReceived).toBe(1);
  });

  it.each<[string, (pool: Pool) => Promise<unknown>, string]>([
    ['to nobody', (pool) => pool.call('carol', 'run'), 'unknown-peer'],
    ['of a callback', (pool) => pool.call('bob', 'run', [() => 1]), 'unpackable'],
    ['of too much', (pool) => pool.call('bob', 'run', [new Uint8Array(20_000)]), 'too-large'],
    ['with a signal that is aborted', (pool) => pool.call('bob', 'run', [], { signal: AbortSignal.abort(7) }), '7'],
    ['without a name', (pool) => pool.call('bob', ''), 'RangeError'],
    ['of no name', (pool) => pool.call('bob', 7 as unknown as string), 'TypeError'],
    ['of half a name', (pool) => pool.call('bob', '\ud800'), 'TypeError'],
    ['with too long a name', (pool) => pool.call('bob', 'x'.repeat(2000)), 'RangeError'],
    ['with odd arguments', (pool) => pool.call('bob', 'run', {} as unknown[]), 'TypeError'],
    ['with an odd timeout', (pool) => pool.call('bob', 'run', [], { timeout: -1 }), 'RangeError'],
    ['with an odd signal', (pool) => pool.call('bob', 'run', [], { signal: {} as AbortSignal }), 'TypeError'],
  ])('%s rejects at once, and nothing leaves', async (_what, act, what) => {
    const [alice, bob] = await pair({ maxMessageSize: 10_000 });
    const error: unknown = await failure(act(alice));
    expect(error instanceof PoolError ? error.code : error instanceof Error ? error.name : String(error)).toBe(what);
    if (error instanceof PoolError) expect(error).toMatchObject({ method: 'run', delivery: 'none' });
    await alice.ping('bob');
    expect(bob.stats().total.messagesReceived).toBe(0);
  });

  it('of many arguments at once is never the end of the session', async () => {
    const [alice, bob] = await pair({}, { inboxLimit: 100_000 });
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    bob.expose({ wait: () => gate });
    const calls = Array.from({ length: 100 }, () => alice.call('bob', 'wait', [new Uint8Array(10_000)]));
    let refused = 0;
    for (const call of calls) call.catch(() => refused++);
    const outcomes = Promise.allSettled(calls);
    await vi.waitFor(() => expect(refused).toBeGreaterThan(80));
    goOn();
    const codes = (await outcomes).map((one) => (one.status === 'fulfilled' ? 'ok' : (one.reason as PoolError).code));
    expect([...new Set(codes)].sort()).toEqual(['ok', 'refused']);
    expect(alice.clients.has('bob') && alice.connected('bob')).toBe(true);
  });
});

describe('callAll', () => {
  it('settles all, one by one, and packs once; a signal ends it as a whole', async () => {
    const pack = vi.spyOn(MessagePackPacker.prototype, 'pack');
    const hub = new Hub('all');
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name, _, clients) =>
      make(hub, name, { clients: clients.filter((it) => it !== name) }),
    ) as [Pool, Pool, Pool];
    await Promise.all([alice, bob, carol].map((pool) => pool.initialize()));
    bob.expose({ run: (number: number) => number + 1 });
    carol.expose({ other: () => 1 });
    alice.expose({ run: (number: number) => number - 1 });
    pack.mockClear();
    const results = await alice.callAll('run', [7], { peers: ['carol', 'alice', 'bob', 'bob'] });
    expect([...results.keys()]).toEqual(['carol', 'alice', 'bob']);
    expect(results.get('bob')).toEqual({ status: 'fulfilled', value: 8 });
    expect(results.get('alice')).toEqual({ status: 'fulfilled', value: 6 });
    expect(results.get('carol')).toMatchObject({ status: 'rejected', reason: { reason: 'unknown-method' } });
    expect(pack.mock.calls.filter(([value]) => Array.isArray(value) && value[0] === 7)).toHaveLength(1);
    pack.mockRestore();
    bob.expose({ wait: () => new Promise(() => {}) });
    const controller = new AbortController();
    const waiting = alice
      .callAll('wait', [], { peers: ['bob'], signal: controller.signal })
      .catch((why: unknown) => why);
    controller.abort('enough');
    expect(await waiting).toBe('enough');
    const late = (await alice.callAll('wait', [], { peers: ['bob'], timeout: 5 })).get('bob');
    expect(late).toMatchObject({ status: 'rejected', reason: { code: 'timeout', peer: 'bob', method: 'wait' } });
    expect(await failure(alice.callAll('wait', [], { peers: ['bob', 'x', 'y'] }))).toMatchObject({
      code: 'unknown-peer',
      missing: ['x', 'y'],
    });
  });
});

describe('remote', () => {
  it('is a proxy that can be awaited, returned and listed, and that is refused as a value', async () => {
    const [alice, bob] = await pair();
    bob.expose('counter', { next: (by = 1) => by + 1, toJSON: () => 'a method like others' });
    const counter = alice.remote<{ next(by?: number): number }>('bob', { object: 'counter', timeout: 1000 });
    expect(await Promise.resolve(counter)).toBe(counter);
    expect(await counter.next()).toBe(2);
    const { next } = counter;
    expect(await next(7)).toBe(8);
    expect(counter.next).toBe(next);
    const fields = counter as unknown as Record<string | symbol, unknown>;
    for (const name of ['then', 'constructor', '_private', '__proto__', '', Symbol.iterator, Symbol.toPrimitive])
      expect(fields[name]).toBeUndefined();
    expect(() => (fields['next'] = 1)).toThrow(TypeError);
    expect(Object.keys(counter)).toEqual([]);
    for (const value of [counter, [counter], { counter }])
      expect(await failure(alice.send('bob', value))).toMatchObject({ code: 'unpackable' });
    expect(() => alice.remote('', {})).toThrow(RangeError);
    expect(() => alice.remote('bob', { object: '' })).toThrow(RangeError);
    const nobody = alice.remote<{ next(): number }>('carol');
    expect(await failure(nobody.next())).toMatchObject({ code: 'unknown-peer', method: 'next' });
  });

  it('has the methods of its Api, asynchronous and without their `this`, and nothing else', () => {
    interface Api {
      add(one: number, other: number): number;
      later(name: string): Promise<Date>;
      who(this: CallContext): string;
      rest(this: CallContext, first: boolean, ...more: bigint[]): void;
      perhaps: (value?: string) => string | Promise<number>;
      count: number;
      then(resolve: () => void): void;
      _private(): void;
      [Symbol.iterator](): Iterator<number>;
    }
    expectTypeOf<Remote<Api>>().toEqualTypeOf<{
      readonly add: (one: number, other: number) => Promise<number>;
      readonly later: (name: string) => Promise<Date>;
      readonly who: () => Promise<string>;
      readonly rest: (first: boolean, ...more: bigint[]) => Promise<void>;
      readonly perhaps: (value?: string) => Promise<string | number>;
    }>();
    expectTypeOf<Parameters<Remote<Api>['rest']>>().toEqualTypeOf<[first: boolean, ...more: bigint[]]>();
    class Service {
      static readonly all: Service[] = [];
      readonly started = 0;
      run = (what: string): number => what.length;
      stop(): void {}
    }
    expectTypeOf<keyof Remote<Service>>().toEqualTypeOf<'run' | 'stop'>();
  });
});
