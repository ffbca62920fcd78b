import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type {
  Communicator,
  CommunicatorListener,
  CommunicatorState,
  PeerStatistics,
  Self,
} from '../communicators/communicator.ts';
import { Hub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import { PoolError } from '../errors.ts';
import { MessagePackPacker } from '../packers/message-pack.ts';
import { Pool } from './pool.ts';
import type { PoolOptions } from './pool-options.ts';

const left: Pool[] = [];
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  await Promise.all(left.splice(0).map((pool) => pool[Symbol.asyncDispose]()));
});

function make(hub: Hub, name: string, options: PoolOptions = {}): Pool {
  const pool = new Pool(name, new LocalCommunicator({ hub }), { on: { error() {} }, ...options });
  left.push(pool);
  return pool;
}

const failure = (promise: Promise<unknown>): Promise<PoolError> =>
  promise.then(
    () => expect.fail('resolved'),
    (error: unknown) => error as PoolError,
  );

/** A communicator whose listener the test holds: for what no well-behaved transport does on demand. */
class Scripted implements Communicator {
  state: CommunicatorState = 'uninitialized';
  self: Self | undefined;
  listener: CommunicatorListener | undefined;
  readonly wanted: [string, string, boolean][] = [];
  /** `suspended`, and the instances that came back. */
  readonly lives: string[] = [];
  joining: Promise<void> = Promise.resolve();

  addConnection(): void {}
  removeConnection(): void {}
  async initialize(self: Self, listener: CommunicatorListener): Promise<void> {
    this.self = self;
    this.listener = listener;
    await this.joining;
    this.state = 'started';
  }
  send(): Promise<void> {
    return Promise.resolve();
  }
  want(from: string, queue: string, waiting: boolean): void {
    this.wanted.push([from, queue, waiting]);
  }
  connected(): boolean {
    return false;
  }
  ping(): Promise<number> {
    return Promise.resolve(1);
  }
  publicKey(): string | undefined {
    return undefined;
  }
  peer(): PeerStatistics | undefined {
    return undefined;
  }
  suspend(): void {
    this.lives.push('suspended');
  }
  rejoin(instance: string): void {
    this.lives.push(instance);
  }
  shutdown(): Promise<void> {
    this.state = 'stopped';
    this.listener?.stopped();
    return Promise.resolve();
  }

  arrive(from: string, queue: string, value: unknown): void {
    const receipt = { identity: 'test', serial: 0, correlation: undefined, consumed() {} };
    this.listener?.message(from, queue, new MessagePackPacker().pack(value), receipt);
  }
}

async function scripted(
  options: PoolOptions = {},
): Promise<{ pool: Pool; wire: Scripted; hear: CommunicatorListener; errors: Error[] }> {
  const wire = new Scripted();
  const errors: Error[] = [];
  const pool = new Pool('alice', wire, { on: { error: ({ error }) => errors.push(error) }, ...options });
  left.push(pool);
  await pool.initialize();
  if (wire.listener === undefined) throw new Error('not initialized');
  return { pool, wire, hear: wire.listener, errors };
}

describe('the life of a pool', () => {
  let hub: Hub;
  beforeEach(() => {
    hub = new Hub('life');
  });

  it('S2 pool_async_context: uninitialized, started, stopped', async () => {
    const states: string[] = [];
    const pool = make(hub, 'alice', { on: { state: ({ state }) => states.push(state) } });
    expect(pool.state).toBe('uninitialized');
    await pool.initialize();
    expect(pool.state).toBe('started');
    await pool[Symbol.asyncDispose]();
    expect(pool.state).toBe('stopped');
    expect(states.filter((state, index) => states[index - 1] !== state)).toEqual(['started', 'stopped']);
    expect(await pool.closed).toBeUndefined();
  });

  it('open joins, and a dispose of a pool never started does nothing', async () => {
    const pool = await Pool.open('alice', new LocalCommunicator({ hub }));
    left.push(pool);
    expect(pool.state).toBe('started');
    const unused = make(hub, 'bob');
    await unused[Symbol.asyncDispose]();
    expect(unused.state).toBe('uninitialized');
  });

  it('S1 what is not legal yet, or no more, rejects with illegal-state and says so', async () => {
    const pool = make(hub, 'alice', { clients: ['bob'] });
    const advice = { uninitialized: ': await initialize() first', started: '', stopped: ': it does not start again' };
    const illegal = (action: string, state: keyof typeof advice) => ({
      code: 'illegal-state',
      message: `illegal-state: cannot ${action} while the pool is ${state}${advice[state]}`,
    });
    await expect(pool.send('bob', 1)).rejects.toMatchObject(illegal('send', 'uninitialized'));
    await expect(pool.send('nobody', 1)).rejects.toMatchObject({ code: 'illegal-state' });
    await expect(pool.broadcast(1)).rejects.toMatchObject(illegal('broadcast', 'uninitialized'));
    await expect(pool.recv('bob')).rejects.toMatchObject(illegal('receive', 'uninitialized'));
    await expect(pool.recvAny()).rejects.toMatchObject({ code: 'illegal-state' });
    await expect(pool.recvAll()).rejects.toMatchObject({ code: 'illegal-state' });
    await expect(pool.messages().next()).rejects.toMatchObject({ code: 'illegal-state' });
    await expect(pool.ping('bob')).rejects.toMatchObject({ code: 'illegal-state' });
    await expect(pool.waitFor('bob')).rejects.toMatchObject({ code: 'illegal-state' });
    await expect(pool.shutdown()).rejects.toMatchObject(illegal('shut down', 'uninitialized'));
    await Promise.all([pool.initialize(), make(hub, 'bob', { clients: ['alice'] }).initialize()]);
    await expect(pool.initialize()).rejects.toMatchObject(illegal('initialize', 'started'));
    await pool.shutdown();
    await pool.shutdown();
    await expect(pool.initialize()).rejects.toMatchObject(illegal('initialize', 'stopped'));
    await expect(pool.send('bob', 1)).rejects.toMatchObject(illegal('send', 'stopped'));
    await expect(pool.recv('bob')).rejects.toMatchObject({ code: 'closed', peer: 'bob' });
    expect(() => pool.addClient('carol')).toThrow('illegal-state');
    expect([...pool.clients]).toEqual(['bob']);
  });

  it('a failed initialize releases everything, stops the pool and settles closed', async () => {
    await make(hub, 'alice').initialize();
    const pool = make(hub, 'alice', { on: { error: ({ error }) => expect.fail(error.message) } });
    await expect(pool.initialize()).rejects.toMatchObject({ code: 'duplicate-peer' });
    expect(pool.state).toBe('stopped');
    expect(await pool.closed).toMatchObject({ code: 'duplicate-peer' });
    await pool.shutdown();
  });

  it('an initialize that is timed out names the missing, one that is aborted rejects with the reason', async () => {
    const pool = make(hub, 'alice', { clients: ['bob'] });
    await expect(pool.initialize({ timeout: 5 })).rejects.toMatchObject({ code: 'timeout', missing: ['bob'] });
    const other = make(hub, 'alice', { clients: ['bob'] });
    const controller = new AbortController();
    const joining = other.initialize({ signal: controller.signal });
    controller.abort('enough');
    await expect(joining).rejects.toBe('enough');
    expect(await other.closed).toMatchObject({ code: 'closed', cause: 'enough' });
    const third = make(hub, 'alice');
    await expect(third.initialize({ timeout: -1 })).rejects.toThrow(RangeError);
    expect(third.state).toBe('uninitialized');
  });

  it('a shutdown while it joins ends both, and is no failure', async () => {
    const pool = make(hub, 'alice', { clients: ['bob'] });
    const joining = failure(pool.initialize());
    await pool.shutdown();
    expect(await joining).toMatchObject({ code: 'closed' });
    expect(await pool.closed).toBeUndefined();
    const again = make(hub, 'alice');
    await again.initialize();
  });

  it('BR shutdown error type: what waits rejects with closed, what is unread stays readable', async () => {
    const alice = make(hub, 'alice', { clients: ['bob'] });
    const bob = make(hub, 'bob', { clients: ['alice'] });
    await Promise.all([alice.initialize(), bob.initialize()]);
    await bob.send('alice', 'unread', 'x');
    const waiting = [alice.recv('bob'), alice.recvAny(), alice.recvAll(), alice.waitFor(5)].map(failure);
    await alice.shutdown();
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ name: 'PoolError', code: 'closed' });
    expect(await alice.recv('bob', 'x')).toBe('unread');
    expect(alice.stats().peers.get('bob')?.messagesReceived).toBe(1);
  });

  it('that stops by itself says why: to who waits, by an error event, and in closed', async () => {
    const { pool, hear, errors } = await scripted({ clients: ['bob'] });
    const waiting = failure(pool.recv('bob'));
    const why = new PoolError('duplicate-peer', 'the name was taken');
    hear.stopped(why);
    expect(pool.state).toBe('stopped');
    expect(await waiting).toMatchObject({ code: 'closed', cause: why });
    expect(await pool.closed).toBe(why);
    expect(errors).toEqual([why]);
    await pool.shutdown();
  });

  it('is put away with a page that may come back, and comes back with it as another instance, with its mailbox', async () => {
    const page = new EventTarget();
    vi.stubGlobal('document', new EventTarget());
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const { pool, wire, hear } = await scripted();
    const { instance } = pool;
    hear.joined('bob', 'bob-1');
    wire.arrive('bob', '', 'unread');
    page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
    expect([pool.state, ...wire.lives]).toEqual(['started', 'suspended']);
    hear.left('bob', 'bob-1', 'goodbye');
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    expect(wire.lives).toEqual(['suspended', pool.instance]);
    expect(pool.instance).not.toBe(instance);
    expect(await pool.recv('bob')).toBe('unread');
    await pool.shutdown();
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    expect(wire.lives).toHaveLength(2);
  });

  it('leaves when the page goes, and forgets the page when it stops', async () => {
    const page = new EventTarget();
    vi.stubGlobal('document', {});
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const removed = vi.spyOn(page, 'removeEventListener');
    const { pool, wire } = await scripted();
    const ended = vi.spyOn(wire, 'shutdown');
    page.dispatchEvent(new Event('pagehide'));
    expect(pool.state).toBe('stopped');
    expect(ended).toHaveBeenCalledWith({ flush: false, timeout: undefined });
    const { pool: stays } = await scripted({ leaveOnPageHide: false });
    page.dispatchEvent(new Event('pagehide'));
    expect(stays.state).toBe('started');
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const { pool: leaves } = await scripted();
    await leaves.shutdown();
    expect(removed).toHaveBeenCalled();
  });

  it('dispose works under the symbol of compilers where the platform has none, and never rejects', async () => {
    const { pool, wire, errors } = await scripted();
    wire.shutdown = () => Promise.reject(new Error('mine'));
    await pool[Symbol.asyncDispose]();
    expect(errors.map(({ message }) => message)).toEqual(['mine']);
    vi.resetModules();
    const real = Symbol;
    const older: unknown = Object.setPrototypeOf((text: string) => real(text), real);
    vi.stubGlobal('Symbol', Object.defineProperty(older, 'asyncDispose', { value: undefined }));
    const fresh: { Pool: { prototype: object } } = await import('./pool.ts');
    expect(Symbol.for('Symbol.asyncDispose') in fresh.Pool.prototype).toBe(true);
  });
});

describe('the options', () => {
  it('are copied: what is changed afterwards changes nothing', async () => {
    const options = { clients: ['bob'], timeout: 1, inboxLimit: 1000, on: {} };
    const { pool, wire } = await scripted(options);
    options.clients.push('carol');
    options.timeout = 100_000;
    options.inboxLimit = 5;
    expect([...pool.clients]).toEqual(['bob']);
    await expect(pool.recv('bob')).rejects.toThrow('within 1 ms');
    expect(wire.self).toMatchObject({
      name: 'alice',
      instance: pool.instance,
      discover: false,
      packer: 'messagepack',
      inboxLimit: 1000,
    });
    expect(Object.isFrozen(wire.self)).toBe(true);
  });

  it('a thousand receives need one timer, and leave none', async () => {
    const { pool, wire, hear } = await scripted({ clients: ['bob'] });
    hear.joined('bob', 'bob-1');
    vi.useFakeTimers();
    const all = Array.from({ length: 1000 }, () => pool.recv('bob'));
    expect(vi.getTimerCount()).toBe(1);
    for (let value = 0; value < 1000; value++) wire.arrive('bob', '', value);
    expect((await Promise.all(all)).at(-1)).toBe(999);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are refused when they are none', () => {
    const create =
      (options: object, name: unknown = 'alice') =>
      () =>
        new Pool(name as string, new Scripted(), options);
    expect(create({}, '')).toThrow(RangeError);
    expect(create({}, 5)).toThrow(TypeError);
    for (const timeout of [-1, Number.NaN]) expect(create({ timeout })).toThrow(RangeError);
    for (const limit of [0, -1, 1.5, Infinity]) expect(create({ inboxLimit: limit })).toThrow(RangeError);
    expect(create({ maxMessageSize: '5' })).toThrow(TypeError);
    expect(create({ ack: 'maybe' })).toThrow(TypeError);
    expect(create({ packer: {} })).toThrow(TypeError);
    expect(create({ clients: 'bob' })).toThrow(TypeError);
    expect(create({ clients: ['bob', 'alice'] })).toThrow('duplicate-peer');
    expect(create({ instance: '' })).toThrow(RangeError);
  });

  it('make an instance of 26 characters, another each time', () => {
    const instances = new Set(Array.from({ length: 100 }, () => new Pool('alice', new Scripted()).instance));
    expect(instances.size).toBe(100);
    for (const instance of instances) expect(instance).toMatch(/^[0-9a-v]{26}$/);
    expect(new Pool('alice', new Scripted(), { instance: 'mine' }).instance).toBe('mine');
  });
});

describe('who is a client', () => {
  let hub: Hub;
  beforeEach(() => {
    hub = new Hub('clients');
  });

  it('S2 pool_add_client, in the order of the calls, live, and pool_cannot_add_client_twice, leaving no trace', () => {
    const pool = make(hub, 'alice', { clients: ['dave'] });
    const { clients } = pool;
    pool.addClient('carol');
    pool.addClient('10');
    pool.addClient('__proto__');
    expect(() => pool.addClient('carol')).toThrow('duplicate-peer');
    expect(() => pool.addClient('alice')).toThrow('duplicate-peer');
    expect(() => pool.addClient('')).toThrow(RangeError);
    expect([...clients]).toEqual(['dave', 'carol', '10', '__proto__']);
    pool.removeClient('carol');
    expect(() => pool.removeClient('carol')).toThrow('unknown-peer');
    expect([...clients]).toEqual(['dave', '10', '__proto__']);
  });

  it('a named one stays until removed, connected or not; a discovered one from join to leave', async () => {
    const open = make(hub, 'open');
    const closed = make(hub, 'closed', { clients: ['open'] });
    await Promise.all([open.initialize(), closed.initialize()]);
    await open.waitFor('closed');
    const stranger = make(hub, 'stranger');
    await stranger.initialize();
    await open.waitFor(2);
    expect([[...open.clients], [...closed.clients]]).toEqual([['closed', 'stranger'], ['open']]);
    expect(open.connected('stranger')).toBe(true);
    await stranger.shutdown();
    await open.shutdown();
    expect([...closed.clients]).toEqual(['open']);
    expect([closed.connected('open'), closed.connected('closed'), closed.connected('nobody')]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('addClient before initialize closes the pool, discover opens it', async () => {
    for (const [options, discover] of [
      [{}, true],
      [{ clients: ['bob'] }, false],
      [{ clients: ['bob'], discover: true }, true],
      [{ discover: false }, false],
    ] as const) {
      expect((await scripted(options)).wire.self?.discover).toBe(discover);
    }
    const wire = new Scripted();
    const pool = new Pool('alice', wire);
    left.push(pool);
    pool.addClient('bob');
    await pool.initialize();
    pool.addClient('carol');
    expect(wire.self?.discover).toBe(false);
  });

  it('may be removed after the start: the other is told, and what waits for it rejects', async () => {
    const alice = make(hub, 'alice', { clients: ['bob'] });
    const bob = make(hub, 'bob', { clients: ['alice'] });
    await Promise.all([alice.initialize(), bob.initialize()]);
    const reason = new Promise((resolve) => bob.on('leave', (event) => resolve(event.reason)));
    const waiting = failure(alice.recv('bob'));
    alice.removeClient('bob', 'no more');
    expect(await waiting).toMatchObject({ code: 'peer-left', reason: 'removed' });
    expect(await reason).toBe('removed');
    expect([...alice.clients]).toEqual([]);
  });

  it('may be named again by who hears that it was removed', async () => {
    const alice = make(hub, 'alice', { clients: ['bob'] });
    const bob = make(hub, 'bob', { clients: ['alice'] });
    await Promise.all([alice.initialize(), bob.initialize()]);
    alice.on('leave', ({ name, reason }) => {
      if (reason === 'removed') alice.addClient(name);
    });
    alice.removeClient('bob');
    expect([...alice.clients]).toEqual(['bob']);
  });

  it('waitFor resolves at once for who is here, else when they come, or any so many', async () => {
    const alice = make(hub, 'alice');
    await alice.initialize();
    await alice.waitFor('alice');
    await alice.waitFor(0);
    await alice.waitFor([]);
    const both = alice.waitFor(['bob', 'carol']);
    const two = alice.waitFor(2);
    for (const name of ['bob', 'carol']) await make(hub, name).initialize();
    await Promise.all([both, two]);
    await alice.waitFor('bob', { timeout: 0 });
    expect(await failure(alice.waitFor(['bob', 'dave'], { timeout: 1 }))).toMatchObject({
      code: 'timeout',
      missing: ['dave'],
    });
    await expect(alice.waitFor('dave', { timeout: 0 })).rejects.toMatchObject({ code: 'timeout', peer: 'dave' });
    await expect(alice.waitFor(5, { timeout: 1 })).rejects.toMatchObject({ code: 'timeout' });
    await expect(alice.waitFor(-1)).rejects.toThrow(RangeError);
    await expect(alice.waitFor('dave', { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  });

  it("waitFor rejects for a stranger to a closed pool, and when a named one can't be reached", async () => {
    const { pool, hear, errors } = await scripted({ clients: ['bob', 'carol'] });
    await expect(pool.waitFor('mallory')).rejects.toMatchObject({ code: 'unknown-peer', missing: ['mallory'] });
    const waiting = [pool.waitFor(['bob', 'carol']), pool.recv('bob')].map(failure);
    const error = new PoolError('unreachable', 'no link to bob', { peer: 'bob' });
    hear.failed('bob', error);
    for (const why of await Promise.all(waiting)) expect(why).toMatchObject({ code: 'unreachable', peer: 'bob' });
    expect(errors).toEqual([error]);
    await expect(pool.recv('bob')).rejects.toMatchObject({ code: 'unreachable' });
    const later = pool.waitFor('bob');
    hear.joined('bob', 'bob-1');
    await later;
  });

  it('a send that failed unawaited is not a peer that failed', async () => {
    const { pool, hear } = await scripted({ clients: ['bob'] });
    const cause = new PoolError('refused', 'the outbox is full', { peer: 'bob', delivery: 'none' });
    hear.error(new PoolError('refused', 'the outbox is full', { peer: 'bob', delivery: 'none', cause }));
    const waiting = pool.recv('bob');
    hear.joined('bob', 'bob-1');
    hear.message('bob', '', new MessagePackPacker().pack(1), {
      identity: 'x',
      serial: 0,
      correlation: undefined,
      consumed() {},
    });
    expect(await waiting).toBe(1);
  });

  it('ping gives a time, 0 to oneself', async () => {
    const alice = make(hub, 'alice', { clients: ['bob'] });
    const bob = make(hub, 'bob', { clients: ['alice'] });
    await Promise.all([alice.initialize(), bob.initialize()]);
    expect(await alice.ping('bob')).toBeGreaterThanOrEqual(0);
    expect(await alice.ping('alice')).toBe(0);
    await expect(alice.ping('mallory')).rejects.toMatchObject({ code: 'unknown-peer' });
  });
});

describe('what comes in', () => {
  it('is asked for when somebody waits: of one, of everyone here, of who comes later', async () => {
    const { pool, wire, hear } = await scripted({ clients: ['bob', 'carol'] });
    hear.joined('bob', 'bob-1');
    const one = pool.recv('bob', 'x');
    const any = pool.recvAny('y');
    expect(wire.wanted.splice(0)).toEqual([
      ['bob', 'mx', true],
      ['bob', 'my', true],
    ]);
    hear.joined('carol', 'carol-1');
    expect(wire.wanted.splice(0)).toEqual([['carol', 'my', true]]);
    wire.arrive('carol', 'my', 1);
    wire.arrive('bob', 'mx', 2);
    expect([(await any).value, await one]).toEqual([1, 2]);
    expect(wire.wanted).toEqual([
      ['bob', 'my', false],
      ['carol', 'my', false],
      ['bob', 'mx', false],
    ]);
  });

  it("is refused when it is of an unknown kind, from nobody known, or can't be unpacked", async () => {
    const { wire, hear } = await scripted({ clients: ['bob'] });
    hear.joined('bob', 'bob-1');
    expect(() => wire.arrive('bob', 'q1', 1)).toThrow(expect.objectContaining({ code: 'malformed' }) as Error);
    expect(() => wire.arrive('mallory', '', 1)).toThrow(expect.objectContaining({ code: 'unknown-peer' }) as Error);
    const receipt = { identity: 'x', serial: 0, correlation: undefined, consumed() {} };
    expect(() => hear.message('bob', '', { head: new Uint8Array([0xc1]), segments: [] }, receipt)).toThrow(PoolError);
  });

  it('of one that was lost ends a loop over its messages with an error', async () => {
    const { pool, hear } = await scripted({ clients: ['bob'] });
    hear.joined('bob', 'bob-1');
    const loop = pool.messages({ from: 'bob' });
    const pending = failure(loop.next());
    hear.left('bob', 'bob-1', 'lost');
    expect(await pending).toMatchObject({ code: 'peer-left', reason: 'lost' });
    expect(await loop.next()).toMatchObject({ done: true });
  });

  it('and stays unread when its sender leaves is dropped for those who left later, with an error event', async () => {
    const { wire, hear, errors } = await scripted({ clients: ['bob', 'carol'], inboxLimit: 300 });
    for (const name of ['bob', 'carol']) {
      hear.joined(name, `${name}-1`);
      wire.arrive(name, '', 1);
      hear.left(name, `${name}-1`, 'goodbye');
    }
    expect(errors).toMatchObject([{ code: 'peer-left', peer: 'bob' }]);
  });
});

describe('events', () => {
  it('tell who joins, leaves and restarts, and of links and signaling', async () => {
    const heard: unknown[] = [];
    const push = (event: object) => void heard.push(event);
    const { pool, wire, hear } = await scripted({
      on: { join: push, leave: push, restart: push, link: push, state: push },
    });
    heard.length = 0;
    hear.signaling('connected');
    hear.signaling('connected');
    hear.link('bob', 'connecting', undefined);
    hear.joined('bob', 'bob-1');
    wire.arrive('bob', '', 1);
    hear.left('bob', 'bob-1', 'killed');
    hear.joined('bob', 'bob-2');
    hear.left('bob', 'bob-2', 'goodbye');
    hear.joined('bob', 'bob-2');
    expect(heard).toEqual([
      { state: 'started', signaling: 'connected' },
      { name: 'bob', state: 'connecting', kind: undefined },
      { name: 'bob', instance: 'bob-1' },
      { name: 'bob', instance: 'bob-1', reason: 'killed' },
      { name: 'bob', instance: 'bob-2', unread: 1 },
      { name: 'bob', instance: 'bob-2', reason: 'goodbye' },
      { name: 'bob', instance: 'bob-2' },
    ]);
    expect([...pool.clients]).toEqual(['bob']);
  });

  it('on returns its own undo, and the same listener may be there twice', async () => {
    const { pool, hear } = await scripted();
    let heard = 0;
    const listener = () => void heard++;
    const off = pool.on('join', listener);
    pool.on('join', listener);
    hear.joined('bob', 'bob-1');
    off();
    off();
    hear.joined('carol', 'carol-1');
    expect(heard).toBe(3);
    expect(() => pool.on('nothing' as 'join', listener)).toThrow(TypeError);
    expect(() => pool.on('join', 5 as never)).toThrow(TypeError);
  });

  it('what a listener throws, and an error nobody listens to, go to reportError', async () => {
    const reported: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    const { hear, pool } = await scripted({ on: {} });
    const heard: string[] = [];
    pool.on('join', () => {
      throw new Error('mine');
    });
    pool.on('join', ({ name }) => void heard.push(name));
    hear.joined('bob', 'bob-1');
    hear.error(new PoolError('unreachable', 'far'));
    expect(reported).toMatchObject([{ message: 'mine' }, { code: 'unreachable' }]);
    expect(heard).toEqual(['bob']);
    pool.on('error', () => {});
    hear.error(new PoolError('unreachable', 'far'));
    expect(reported).toHaveLength(2);
  });

  it('where there is no reportError, they are thrown in a turn of their own', async () => {
    vi.stubGlobal('reportError', undefined);
    const turns: (() => void)[] = [];
    const { hear } = await scripted({ on: {} });
    vi.stubGlobal('queueMicrotask', (turn: () => void) => turns.push(turn));
    hear.error(new PoolError('unreachable', 'far'));
    expect(() => turns[0]?.()).toThrow('unreachable: far');
  });

  it('members begin with a join for each who is here, then follow, and end with the pool', async () => {
    const { pool, hear } = await scripted();
    hear.joined('bob', 'bob-1');
    const members = pool.members();
    expect(await members.next()).toEqual({ done: false, value: { type: 'join', name: 'bob', instance: 'bob-1' } });
    const pending = members.next();
    hear.joined('carol', 'carol-1');
    hear.left('bob', 'bob-1', 'lost');
    hear.joined('bob', 'bob-2');
    expect((await pending).value).toEqual({ type: 'join', name: 'carol', instance: 'carol-1' });
    const rest = [];
    const over = pool.shutdown();
    for await (const event of members) rest.push(event);
    await over;
    expect(rest).toEqual([
      { type: 'leave', name: 'bob', instance: 'bob-1', reason: 'lost' },
      { type: 'restart', name: 'bob', instance: 'bob-2', unread: 0 },
    ]);
  });

  it('members stop when they are left or aborted', async () => {
    const { pool, hear } = await scripted();
    const members = pool.members();
    const pending = members.next();
    await members.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
    hear.joined('bob', 'bob-1');
    expect(await members.next()).toEqual({ done: true, value: undefined });
    const controller = new AbortController();
    const aborted = pool.members({ signal: controller.signal });
    await aborted.next();
    const waiting = aborted.next();
    controller.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    await expect(aborted.next()).rejects.toBe('enough');
  });
});

describe('statistics', () => {
  it('count per peer and in total, from zero again after a reset, and stay after shutdown', async () => {
    const hub = new Hub('statistics');
    const alice = make(hub, 'alice', { clients: ['bob'] });
    const bob = make(hub, 'bob', { clients: ['alice'] });
    await Promise.all([alice.initialize(), bob.initialize()]);
    await alice.send('bob', 'value');
    const sent = alice.stats().peers.get('bob');
    const received = bob.stats();
    expect(sent).toMatchObject({
      messagesSent: 1,
      inFlight: 0,
      late: 0,
      reconnects: 0,
      link: { state: 'connected', kind: 'local' },
    });
    expect(received.total).toMatchObject({ messagesReceived: 1, unread: 1, bytesReceived: sent?.bytesSent });
    alice.resetStats();
    bob.resetStats();
    expect(alice.stats().total).toMatchObject({ messagesSent: 0, bytesSent: 0 });
    expect(bob.stats().total).toMatchObject({ messagesReceived: 0, unread: 1 });
    await alice.send('bob', 'value');
    await Promise.all([alice.shutdown(), bob.shutdown()]);
    expect(alice.stats().total).toMatchObject({ messagesSent: 1, bytesSent: sent?.bytesSent });
    expect(received.total.messagesReceived).toBe(1);
  });
});
