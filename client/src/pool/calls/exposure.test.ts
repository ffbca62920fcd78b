import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SendOptions } from '../../communicators/communicator.ts';
import { Hub } from '../../communicators/local/hub.ts';
import { LocalCommunicator } from '../../communicators/local/local-communicator.ts';
import type { PoolError } from '../../errors.ts';
import { MessagePackPacker } from '../../packers/message-pack.ts';
import { Bench } from '../../testing/bench.ts';
import { Pool } from '../pool.ts';
import type { CallContext } from './call-context.ts';

const packer = new MessagePackPacker();
const failure = (promise: Promise<unknown>): Promise<PoolError> =>
  promise.then(
    (value) => expect.fail(`resolved with ${String(value)}`),
    (error: unknown) => error as PoolError,
  );

describe('exposing', () => {
  let complaints: Error[];
  let alice: Pool;
  let bob: Pool;

  beforeEach(async () => {
    complaints = [];
    const hub = new Hub('exposing');
    const on = { error: ({ error }: { error: Error }) => complaints.push(error) };
    alice = new Pool('alice', new LocalCommunicator({ hub }), { clients: ['bob'], on });
    bob = new Pool('bob', new LocalCommunicator({ hub }), { clients: ['alice'], on });
    await Promise.all([alice.initialize(), bob.initialize()]);
  });
  afterEach(async () => {
    await Promise.all([alice.shutdown(), bob.shutdown()]);
  });

  it('allows own enumerable functions alone', async () => {
    class Service {
      field = (): string => 'own';
      method(): string {
        return 'inherited';
      }
    }
    const hidden = { enumerable: false, value: () => 'hidden' };
    const given = Object.defineProperty(
      Object.assign(new Service(), { value: 7, _own: () => 1, nil: null }),
      'hid',
      hidden,
    );
    for (const name of ['__proto__', 'constructor', 'then'])
      Object.defineProperty(given, name, { enumerable: true, value: () => 'odd' });
    Object.defineProperty(given, Symbol('odd'), { enumerable: true, value: () => 'odd' });
    bob.expose(given);
    expect(await alice.call('bob', 'field')).toBe('own');
    const names = [
      'method',
      'value',
      '_own',
      'nil',
      'hid',
      '__proto__',
      'constructor',
      'then',
      'toString',
      'hasOwnProperty',
    ];
    for (const name of [...names, '_', 'Field', 'field ', '__defineGetter__', 'Symbol(odd)'])
      expect(await failure(alice.call('bob', name))).toMatchObject({ reason: 'unknown-method', method: name });
  });

  it('takes functions as they are at the call of expose', async () => {
    const methods = {
      get made() {
        return () => 'by an accessor';
      },
      run: () => 'before',
    };
    bob.expose(methods);
    methods.run = () => 'after';
    expect(await alice.call('bob', 'run')).toBe('before');
    expect(await alice.call('bob', 'made')).toBe('by an accessor');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a function', () => 1],
    ['an object without methods', { value: 1 }],
    ['only what it inherits', Object.create({ run: () => 1 })],
    ['only what is hidden', Object.fromEntries(['_run', 'then', 'constructor'].map((name) => [name, () => 1]))],
  ])('refuses %s', (_what, given) => {
    expect(() => bob.expose(given as object)).toThrow(TypeError);
    expect(() => bob.expose('name', given as object)).toThrow(TypeError);
  });

  it('leaves no trace of what it refuses: a name twice, a name that is none, an accessor that throws', async () => {
    const undo = bob.expose({ taken: () => 'first' });
    expect(() => bob.expose({ other: () => 1, taken: () => 'second' })).toThrow(/taken is exposed already/);
    expect(() => bob.expose({ other: () => 1, ['x'.repeat(2000)]: () => 1 })).toThrow(RangeError);
    const thrown = new Error('by the accessor');
    const get = (): never => {
      throw thrown;
    };
    expect(() => bob.expose(Object.defineProperty({ other: () => 1 }, 'odd', { enumerable: true, get }))).toThrow(
      thrown,
    );
    expect(() => bob.expose({ other: () => 1 }, { serial: 1 as unknown as boolean })).toThrow(TypeError);
    expect(() => bob.expose('', { other: () => 1 })).toThrow(RangeError);
    expect(await failure(alice.call('bob', 'other'))).toMatchObject({ reason: 'unknown-method' });
    expect(await alice.call('bob', 'taken')).toBe('first');
    undo();
    const again = bob.expose({ taken: () => 'second' });
    undo();
    expect(await alice.call('bob', 'taken')).toBe('second');
    again();
    expect(await failure(alice.call('bob', 'taken'))).toMatchObject({ reason: 'unknown-method' });
  });

  it('undoing lets what runs go on, and answers it', async () => {
    let goOn = (): void => {};
    const undo = bob.expose({ wait: () => new Promise<string>((resolve) => (goOn = () => resolve('ended'))) });
    const running = alice.call('bob', 'wait');
    await alice.ping('bob');
    await alice.ping('bob');
    undo();
    goOn();
    expect(await running).toBe('ended');
  });

  it('runs serial methods of one object in line, whatever they throw, and those of another beside them', async () => {
    const trace: string[] = [];
    const methods = (name: string) => ({
      async run(index: number) {
        trace.push(`${name}${index} begins`);
        for (let turn = 0; turn < 5 - index; turn++) await bob.ping('alice');
        trace.push(`${name}${index} ends`);
        if (index % 2 === 1) throw new Error('odd');
      },
      sync() {
        trace.push(`${name} sync`);
        throw new Error('sync');
      },
    });
    bob.expose('a', methods('a'), { serial: true });
    bob.expose('b', methods('b'), { serial: true });
    const calls = ['a', 'b'].flatMap((name) => [
      ...[0, 1, 2].map((index) => alice.call('bob', `${name}.run`, [index])),
      alice.call('bob', `${name}.sync`),
    ]);
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status[0]).join('')).toBe('frfrfrfr');
    for (const name of ['a', 'b']) {
      const own = trace.filter((line) => line.startsWith(name));
      expect(own).toEqual([...[0, 1, 2].flatMap((i) => [`${name}${i} begins`, `${name}${i} ends`]), `${name} sync`]);
    }
    expect(trace.indexOf('b0 begins')).toBeLessThan(trace.indexOf('a0 ends'));
  });

  it('does not begin what was given up while it stood in line, and goes on with the next', async () => {
    const begun: string[] = [];
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    bob.expose(
      {
        async run(what: string) {
          begun.push(what);
          await gate;
        },
      },
      { serial: true },
    );
    const controller = new AbortController();
    const first = alice.call('bob', 'run', ['first']);
    const given = alice.call('bob', 'run', ['given up'], { signal: controller.signal }).catch((why: unknown) => why);
    const last = alice.call('bob', 'run', ['last']);
    await alice.ping('bob');
    controller.abort('enough');
    await alice.ping('bob');
    goOn();
    await Promise.all([first, last]);
    expect(await given).toBe('enough');
    expect(begun).toEqual(['first', 'last']);
  });

  it('tells of a notification that fails here, whatever was thrown, and never there', async () => {
    const hostile: unknown = {
      toString() {
        throw new Error('no text');
      },
      toJSON() {
        throw new Error('no JSON');
      },
    };
    bob.expose({
      fail: () => {
        throw hostile;
      },
    });
    await alice.notify('bob', 'fail');
    await alice.notify('bob', 'missing');
    await vi.waitFor(() => expect(complaints).toHaveLength(2));
    expect(complaints[0]).toMatchObject({ code: 'remote', peer: 'alice', method: 'fail', cause: hostile });
    expect(complaints[1]).toMatchObject({ code: 'remote', peer: 'alice', method: 'missing' });
    expect(alice.stats().total.messagesReceived).toBe(0);
  });

  it('gives a context of its own to each call', async () => {
    const contexts: CallContext[] = [];
    bob.expose({
      keep(this: CallContext) {
        contexts.push(this);
      },
    });
    await alice.call('bob', 'keep');
    await alice.call('bob', 'keep');
    expect(contexts[0]).not.toBe(contexts[1]);
    for (const { peer, instance } of contexts) expect([peer, instance]).toEqual(['alice', alice.instance]);
    expect(contexts[0]?.signal).toBe(contexts[0]?.signal);
    await alice.shutdown();
    await vi.waitFor(() => expect(bob.stats().peers.get('alice')?.link).toBeUndefined());
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  });
});

describe('what a stranger sends', () => {
  let mallory: Bench;
  let alice: Pool;
  let bob: Pool;

  beforeEach(async () => {
    const hub = new Hub('strangers');
    mallory = new Bench(new LocalCommunicator({ hub }), { name: 'mallory', packer: 'messagepack' }, () => {});
    alice = new Pool('alice', new LocalCommunicator({ hub }), { on: { error() {} } });
    bob = new Pool('bob', new LocalCommunicator({ hub }), { on: { error() {} } });
    await Promise.all([alice.initialize(), bob.initialize(), mallory.start()]);
    await Promise.all([alice.waitFor(['bob', 'mallory']), bob.waitFor(['alice', 'mallory'])]);
    await vi.waitFor(() => expect(mallory.heard).toHaveLength(2));
  });
  afterEach(async () => {
    await Promise.all([alice.shutdown(), bob.shutdown(), mallory.communicator.shutdown()]);
  });

  const send = (to: string, queue: string, value: unknown, options: Partial<SendOptions> = {}): Promise<void> =>
    mallory.communicator.send(to, packer.pack(value), { queue, ack: 'delivered', unmetered: true, ...options });
  const empty = { head: new Uint8Array(0), segments: [] };

  it('as an answer to a question of another is dropped and counted; the question has its own', async () => {
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    bob.expose({ wait: () => gate.then(() => 'the answer') });
    const call = alice.call('bob', 'wait');
    for (const number of [0, 1, 2, 3, 2 ** 53 - 1]) {
      await send('alice', `a${number}`, 'forged');
      await send('alice', `e${number}`, ['threw', 'forged']);
    }
    goOn();
    expect(await call).toBe('the answer');
    expect(alice.stats().peers.get('mallory')?.late).toBe(10);
    expect(alice.stats().peers.get('bob')?.late).toBe(0);
  });

  it.each(['', ' 1', '1 ', '01', '1e0', '0x1', '1.5', '+1', '-0', 'NaN', 'Infinity', '9007199254740993', 'x', '١'])(
    'as an answer of the number %j is refused',
    async (number) => {
      for (const kind of ['a', 'e'])
        expect(await failure(send('alice', kind + number, 1))).toMatchObject({ code: 'malformed' });
      expect(alice.stats().total.late).toBe(0);
    },
  );

  it('as a refusal that is none rejects the call, clearly', async () => {
    const call = failure(alice.call('mallory', 'run', [], { timeout: Infinity }));
    await vi.waitFor(() => expect(mallory.messages).toHaveLength(1));
    const number = mallory.messages[0]?.receipt.correlation;
    expect(await failure(send('alice', `e${number}`, ['odd', 1]))).toMatchObject({ code: 'malformed' });
    expect(await call).toMatchObject({ code: 'malformed', peer: 'mallory', method: 'run' });
  });

  it('as an answer that can not be unpacked rejects the call, clearly', async () => {
    const call = failure(alice.call('mallory', 'run', [], { timeout: Infinity }));
    await vi.waitFor(() => expect(mallory.messages).toHaveLength(1));
    const queue = `a${mallory.messages[0]?.receipt.correlation}`;
    expect(await failure(mallory.send('alice', [0xc1], queue))).toMatchObject({ code: 'malformed' });
    expect(await call).toMatchObject({ code: 'malformed', peer: 'mallory', method: 'run' });
  });

  it('as a call with a number that is in use, or arguments that are none, is refused; the others are answered', async () => {
    bob.expose({ count: (...args: unknown[]) => args.length, wait: () => new Promise(() => {}) });
    await send('bob', 'cwait', [], { correlation: 7 });
    for (const queue of ['cwait', 'ccount'])
      expect(await failure(send('bob', queue, [], { correlation: 7 }))).toMatchObject({ code: 'malformed' });
    for (const odd of [undefined, null, 7, 'abc', {}, new Map(), Uint8Array.of(1)])
      expect(await failure(send('bob', 'ccount', odd, { correlation: 8 }))).toMatchObject({ code: 'malformed' });
    await send('bob', 'ccount', [1, 2], { correlation: 2 ** 53 - 1 });
    await vi.waitFor(() => expect(mallory.messages.map(({ queue }) => queue)).toEqual(['a9007199254740991']));
    await send('bob', 'c', [], { correlation: 9 });
    await vi.waitFor(() => expect(mallory.messages.map(({ queue }) => queue)).toEqual(['a9007199254740991', 'e9']));
  });

  it('as a withdrawal of what it did not call, or of a call of another, changes nothing', async () => {
    let goOn = (): void => {};
    let aborted: boolean | undefined;
    bob.expose({
      async wait(this: CallContext) {
        await new Promise<void>((resolve) => (goOn = resolve));
        aborted = this.signal.aborted;
      },
    });
    const call = alice.call('bob', 'wait');
    await alice.ping('bob');
    for (const correlation of [undefined, 0, 1, 2, 2 ** 53 - 1])
      await mallory.communicator.send('bob', empty, { queue: 'cwait', ack: 'delivered', correlation });
    goOn();
    await call;
    expect(aborted).toBe(false);
  });

  it('as a request is answered by its number, in its life only', async () => {
    bob.onRequest(({ value }) => value);
    await send('bob', 'mx', 'plain', { correlation: 5 });
    await expect(
      Promise.race([failure(alice.recv('bob', { timeout: 5 })), bob.ping('mallory')]),
    ).resolves.toBeDefined();
    expect(await bob.recv('mallory', { msgId: 'x', timeout: 0 })).toBe('plain');
    await send('bob', '', 'asked', { correlation: 5 });
    await vi.waitFor(() => expect(mallory.messages.map(({ queue }) => queue)).toEqual(['a5']));
  });
});
