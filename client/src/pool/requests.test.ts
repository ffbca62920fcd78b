import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import type { PoolError } from '../errors.ts';
import type { Message } from './message.ts';
import { Pool } from './pool.ts';
import type { PoolOptions } from './pool-options.ts';

const failure = (promise: Promise<unknown>): Promise<PoolError> =>
  promise.then(
    (value) => expect.fail(`resolved with ${String(value)}`),
    (error: unknown) => error as PoolError,
  );

describe('requests', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): number => unhandled.push(reason);
  const pools: Pool[] = [];
  let hub: Hub;
  let complaints: Error[];

  beforeEach(() => {
    hub = new Hub('requests');
    complaints = [];
    process.on('unhandledRejection', note);
  });
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool[Symbol.asyncDispose]()));
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    expect(unhandled.splice(0)).toEqual([]);
  });

  function make(name: string, other: string, options: PoolOptions = {}): Pool {
    const on = { error: ({ error }: { error: Error }) => complaints.push(error) };
    const pool = new Pool(name, new LocalCommunicator({ hub }), { clients: [other], on, ...options });
    pools.push(pool);
    return pool;
  }

  async function pair(forAlice: PoolOptions = {}, forBob: PoolOptions = {}): Promise<[Pool, Pool]> {
    const both: [Pool, Pool] = [make('alice', 'bob', forAlice), make('bob', 'alice', forBob)];
    await Promise.all(both.map((pool) => pool.initialize()));
    return both;
  }

  it('sent resolves before the answer, and nobody need look at it', async () => {
    const [alice, bob] = await pair();
    const asked = alice.request('bob', 1);
    await asked.sent;
    const message = await bob.recvAny();
    await message.reply(2);
    expect((await asked).value).toBe(2);
    const failed = [
      alice.request('carol', 1),
      alice.request('bob', () => 1),
      alice.request('bob', 1, { timeout: 1 }),
      alice.request('bob', 1, { signal: AbortSignal.abort(7) }),
      alice.request('bob', 1, { timeout: -1 }),
    ];
    const outcomes = await Promise.allSettled(failed);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(await failure(failed[0]?.sent ?? Promise.resolve())).toMatchObject({ code: 'unknown-peer' });
    // That none of the others is unhandled is seen after each test.
  });

  it('an answer that could not be sent may be given again, so that whoever asked is not left waiting', async () => {
    const [alice, bob] = await pair({ maxMessageSize: 1000 });
    const asked = alice.request('bob', 1, { timeout: Infinity });
    const message = await bob.recvAny();
    expect(await failure(message.reply(new Uint8Array(2000)))).toMatchObject({ code: 'too-large' });
    expect(await failure(message.reply(() => 1))).toMatchObject({ code: 'unpackable' });
    await message.reply('shorter');
    expect((await asked).value).toBe('shorter');
    expect(await failure(message.reply('again'))).toMatchObject({ code: 'illegal-state', peer: 'alice' });
  });

  it('what a handler threw because its reply failed rejects the request', async () => {
    const [alice, bob] = await pair({ maxMessageSize: 1000 });
    bob.onRequest((message) => message.reply(new Uint8Array(2000)));
    const error = await failure(alice.request('bob', 1, { timeout: Infinity }));
    expect(error).toMatchObject({ code: 'remote', peer: 'bob', reason: 'PoolError' });
    expect(error.message).toMatch(/too-large/);
    expect(complaints).toEqual([]);
  });

  it('what a handler returns and is too large for whoever asked, or can not be packed, rejects the request', async () => {
    const [alice, bob] = await pair({ maxMessageSize: 1000 });
    bob.onRequest(({ value }) => (value === 'large' ? new Uint8Array(2000) : () => 1));
    for (const value of ['large', 'odd']) {
      const error = await failure(alice.request('bob', value, { msgId: undefined, timeout: Infinity }));
      expect(error).toMatchObject({ code: 'remote', peer: 'bob', reason: 'unpackable' });
    }
  });

  it('what a handler throws after its reply is an error event, whatever it is', async () => {
    const [alice, bob] = await pair();
    const hostile: unknown = {
      toString() {
        throw new Error('no text');
      },
      toJSON() {
        throw new Error('no JSON');
      },
    };
    bob.onRequest(async (message) => {
      await message.reply('answer');
      throw hostile;
    });
    expect((await alice.request('bob', 1)).value).toBe('answer');
    await vi.waitFor(() => expect(complaints).toMatchObject([{ message: 'object', cause: hostile }]));
    bob.onMessage(() => {
      throw hostile;
    }, 'x');
    await alice.send('bob', 1, { msgId: 'x', ack: 'consumed' });
    await vi.waitFor(() => expect(complaints).toHaveLength(2));
  });

  it('serial handlers wait for one another, others overlap; both begin in the order of arrival', async () => {
    for (const serial of [true, false]) {
      hub = new Hub(`serial ${serial}`);
      const [alice, bob] = await pair();
      const trace: unknown[] = [];
      bob.onRequest<number>(
        async ({ value }) => {
          trace.push(value);
          for (let turn = value; turn < 3; turn++) await bob.ping('alice');
          trace.push(`end ${value}`);
          if (value === 1) throw new Error('odd');
        },
        { serial },
      );
      await Promise.allSettled([0, 1, 2].map((value) => alice.request('bob', value)));
      if (serial) expect(trace).toEqual([0, 'end 0', 1, 'end 1', 2, 'end 2']);
      else expect(trace.slice(0, 3)).toEqual([0, 1, 2]);
    }
  });

  it('onRequest goes before all others; its undo leaves requests to the mailbox; a plain message is none', async () => {
    const [alice, bob] = await pair();
    const waiting = bob.recvAny();
    const off = bob.onRequest(({ value }) => value);
    expect((await alice.request('bob', 'handled')).value).toBe('handled');
    off();
    const asked = alice.request('bob', 'taken');
    const message = await waiting;
    expect(message.value).toBe('taken');
    await message.reply('by hand');
    expect((await asked).value).toBe('by hand');
    bob.onRequest(() => 'not this');
    await alice.send('bob', 'plain');
    expect(await bob.recv('alice')).toBe('plain');
  });

  it('of one id are answered in order, also those that a recvAll gave back', async () => {
    const [alice, bob] = await pair();
    const asked = [1, 2, 3].map((value) => alice.request('bob', value));
    await Promise.all(asked.map(({ sent }) => sent));
    // Each holds one while it waits for carol, and gives it back, the first one first.
    bob.addClient('carol');
    const gathering = [1, 2].map((timeout) => failure(bob.recvAll({ timeout: timeout * 10 })));
    await Promise.all(gathering);
    const order: unknown[] = [];
    bob.onRequest(({ value }) => order.push(value));
    await Promise.all(asked);
    expect(order).toEqual([1, 2, 3]);
  });

  it('of who comes back as another instance are its own: the predecessor’s answer goes nowhere', async () => {
    const bob = make('bob', 'alice');
    const ready = bob.initialize();
    const first = make('alice', 'bob');
    await Promise.all([ready, first.initialize()]);
    const lost = failure(first.request('bob', 'first'));
    const held = await bob.recvAny({ manualRelease: true });
    await first.shutdown({ flush: false });
    expect(await lost).toMatchObject({ code: 'closed' });
    const second = make('alice', 'bob');
    await second.initialize();
    const kept = second.request('bob', 'second');
    const message = await bob.recvAny();
    expect(await failure(held.reply('for the first'))).toMatchObject({ code: 'peer-left', peer: 'alice' });
    await message.reply('for the second');
    expect(await kept).toMatchObject({ value: 'for the second', identity: message.identity });
    expect(held.identity).not.toBe(message.identity);
    await held.release();
    expect(second.stats().total.late).toBe(0);
  });

  it('ten thousand end when the other leaves, and those it handles have a signal of their own to go by', async () => {
    const [alice, bob] = await pair();
    const asked = Array.from({ length: 10_000 }, (_, index) =>
      failure(alice.request('bob', index, { timeout: Infinity })),
    );
    await alice.ping('bob');
    await bob.shutdown({ flush: false });
    expect(new Set((await Promise.all(asked)).map(({ code }) => code))).toEqual(new Set(['peer-left']));
    expect(alice.stats().total.inFlight).toBe(0);
  });

  it('to oneself are answered as those of others, with copies', async () => {
    const [alice] = await pair();
    const given = { list: [1] };
    let got: Message | undefined;
    alice.onRequest((message) => (got = message).value);
    const answer = await alice.request('alice', given);
    expect(answer).toMatchObject({ value: given, sender: 'alice', identity: got?.identity });
    expect(answer.value).not.toBe(given);
    expect(answer.serial).not.toBe(got?.serial);
  });

  it('a shutdown that had to release messages says so once', async () => {
    const [alice, bob] = await pair();
    await alice.send('bob', 1);
    const message = await bob.recvAny({ manualRelease: true });
    const both = [bob.shutdown({ timeout: 10 }), bob.shutdown()];
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(outcomes[0]).toMatchObject({ reason: { code: 'timeout', missing: ['alice'] } });
    expect(message.hasSlot).toBe(false);
    await bob.shutdown();
    await alice.send('alice', 1);
    await alice.recvAny({ manualRelease: true });
    await alice.shutdown({ flush: false });
  });
});
