import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import type { PoolError } from '../errors.ts';
import type { Message } from './message.ts';
import { Pool } from './pool.ts';
import type { PoolOptions } from './pool-options.ts';

const left: Pool[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(left.splice(0).map((pool) => pool[Symbol.asyncDispose]()));
});

function make(hub: Hub, name: string, options: PoolOptions = {}): Pool {
  const pool = new Pool(name, new LocalCommunicator({ hub }), { on: { error() {} }, ...options });
  left.push(pool);
  return pool;
}

const failure = (promise: Promise<unknown>): Promise<PoolError> =>
  promise.then(
    (value) => expect.fail(`resolved with ${String(value)}`),
    (error: unknown) => error as PoolError,
  );

describe('receiving', () => {
  let hub: Hub;
  let alice: Pool;
  let bob: Pool;
  let carol: Pool;

  beforeEach(async () => {
    hub = new Hub('receiving');
    const clients = ['alice', 'bob', 'carol'];
    [alice, bob, carol] = clients.map((name) => make(hub, name, { clients: clients.filter((it) => it !== name) })) as [
      Pool,
      Pool,
      Pool,
    ];
    await Promise.all([alice.initialize(), bob.initialize(), carol.initialize()]);
  });

  describe('ids', () => {
    it('S3 automatic, explicit and automatic again: messages without an id form a queue of their own', async () => {
      await Promise.all([alice.send('bob', 1), alice.send('bob', 'x', 'x'), alice.send('bob', 2)]);
      expect(await bob.recv('alice')).toBe(1);
      expect(await bob.recv('alice')).toBe(2);
      expect(await bob.recv('alice', 'x')).toBe('x');
    });

    it('BR explicit "0" vs auto id: they never meet, nor does the empty id', async () => {
      await Promise.all([alice.send('bob', 'auto'), alice.send('bob', 'zero', '0'), alice.send('bob', 'empty', '')]);
      expect(await bob.recv('alice', '')).toBe('empty');
      expect(await bob.recv('alice', '0')).toBe('zero');
      expect(await bob.recv('alice', { timeout: 0 })).toBe('auto');
    });

    it('BR duplicate id unread: nothing is lost, the order is kept', async () => {
      await Promise.all([1, 2, 3].map((value) => alice.send('bob', value, 'same')));
      expect([
        await bob.recv('alice', 'same'),
        await bob.recv('alice', 'same'),
        await bob.recv('alice', 'same'),
      ]).toEqual([1, 2, 3]);
    });

    it('BR two waiters same id: each gets its own message, in the order in which they began', async () => {
      const waiting = [bob.recv('alice', 'same'), bob.recv('alice', 'same')];
      await alice.send('bob', 1, 'same');
      await alice.send('bob', 2, 'same');
      expect(await Promise.all(waiting)).toEqual([1, 2]);
    });

    it('takes a thousand ids in reverse', async () => {
      const ids = Array.from({ length: 1000 }, (_, index) => String(index));
      await Promise.all(ids.map((id) => alice.send('bob', `value ${id}`, id)));
      for (const id of ids.toReversed()) expect(await bob.recv('alice', id)).toBe(`value ${id}`);
    });

    it('S7 receives asked for first and answered in reverse', async () => {
      const [one, two] = [bob.recv('alice', 'req1'), bob.recv('alice', 'req2')];
      await alice.send('bob', 2, 'req2');
      await alice.send('bob', 1, 'req1');
      expect([await one, await two]).toEqual([1, 2]);
    });

    it('everyId takes all, in the order of their arrival', async () => {
      await Promise.all([alice.send('bob', 1, 'a'), alice.send('bob', 2), alice.send('bob', 3, 'b')]);
      expect(await bob.recv('alice', { everyId: true })).toBe(1);
      const next = await bob.recvAny({ everyId: true });
      expect([next.value, next.msgId]).toEqual([2, undefined]);
      expect((await bob.recvAny({ everyId: true, from: 'alice' })).msgId).toBe('b');
    });

    it('refuses what is no id', async () => {
      await expect(bob.recv('alice', 5 as never)).rejects.toThrow(TypeError);
      await expect(bob.recv('alice', { msgId: 5 as never })).rejects.toThrow(TypeError);
      await expect(bob.recv('alice', { msgId: 'x', everyId: true })).rejects.toThrow(TypeError);
      await expect(bob.recv('alice', '\ud800')).rejects.toThrow(TypeError);
      await expect(bob.recv('alice', 'é'.repeat(512))).rejects.toThrow(RangeError);
    });
  });

  describe('time', () => {
    it("S3 recv_timeout: names the sender, the id and the time, after the pool's 3000 ms", async () => {
      vi.useFakeTimers();
      const error = failure(bob.recv('alice', 'x'));
      await vi.advanceTimersByTimeAsync(2999);
      await alice.send('bob', 'other', 'y');
      await vi.advanceTimersByTimeAsync(1);
      expect(await error).toMatchObject({ code: 'timeout', peer: 'alice', msgId: 'x' });
      expect((await error).message).toBe('timeout: no message "x" from alice within 3000 ms');
    });

    it('BR late message after timeout: it is buffered, and BR retry recv after timeout: the retry gets it', async () => {
      await expect(bob.recv('alice', { msgId: 'x', timeout: 1 })).rejects.toThrow('timeout');
      await alice.send('bob', 'late', 'x');
      expect(await bob.recv('alice', 'x')).toBe('late');
    });

    it('BR retry recv after timeout, begun before the message comes', async () => {
      await expect(bob.recv('alice', { timeout: 1 })).rejects.toThrow('timeout');
      const again = bob.recv('alice');
      await alice.send('bob', 1);
      expect(await again).toBe(1);
    });

    it('BR timeout 0: takes only what is there, and Infinity waits for ever', async () => {
      await expect(bob.recv('alice', { timeout: 0 })).rejects.toMatchObject({ code: 'timeout' });
      await alice.send('bob', 1);
      expect(await bob.recv('alice', { timeout: 0 })).toBe(1);
      vi.useFakeTimers();
      const waiting = bob.recv('alice', { timeout: Infinity });
      await vi.advanceTimersByTimeAsync(100_000);
      await alice.send('bob', 2);
      expect(await waiting).toBe(2);
    });

    it('rejects what is no time, and takes nothing', async () => {
      await alice.send('bob', 1);
      await expect(bob.recv('alice', { timeout: -1 })).rejects.toThrow(RangeError);
      await expect(bob.recv('alice', { timeout: Number.NaN })).rejects.toThrow(RangeError);
      await expect(bob.recv('alice', { timeout: null as never })).rejects.toThrow(TypeError);
      expect(await bob.recv('alice')).toBe(1);
    });

    it("an aborted receive rejects with the caller's reason, takes nothing and leaves no listener", async () => {
      const reason = { mine: true };
      const controller = new AbortController();
      const removed = vi.spyOn(controller.signal, 'removeEventListener');
      const waiting = bob.recv('alice', { signal: controller.signal });
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      expect(removed).toHaveBeenCalledTimes(1);
      await alice.send('bob', 1);
      await expect(bob.recv('alice', { signal: controller.signal })).rejects.toBe(reason);
      expect(await bob.recv('alice')).toBe(1);
    });

    it('leaves no listener on the signal of a receive that got its message', async () => {
      const { signal } = new AbortController();
      const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
      const waiting = bob.recv('alice', { signal });
      await alice.send('bob', 1);
      await waiting;
      expect(removed.mock.calls.map(([type, listener]) => [type, listener])).toEqual(
        added.mock.calls.map(([type, listener]) => [type, listener]),
      );
    });
  });

  describe('who left', () => {
    it('hands out what is buffered first, then rejects at once', async () => {
      await alice.send('bob', 1);
      await alice.shutdown();
      expect(await bob.recv('alice')).toBe(1);
      const error = await failure(bob.recv('alice', { msgId: 'x', timeout: Infinity }));
      expect(error).toMatchObject({ code: 'peer-left', peer: 'alice', msgId: 'x', reason: 'goodbye' });
    });

    it('rejects a receive that waits when its peer leaves, and not one that waits for anyone', async () => {
      const waiting = failure(bob.recv('alice'));
      const anyone = bob.recvAny();
      await alice.shutdown();
      expect(await waiting).toMatchObject({ code: 'peer-left', peer: 'alice' });
      await carol.send('bob', 1);
      expect((await anyone).sender).toBe('carol');
    });

    it('a receive never takes from another instance than the one it began with', async () => {
      const waiting = failure(bob.recv('alice', { timeout: Infinity }));
      const restarted = new Promise((resolve) => bob.on('restart', resolve));
      await alice.send('bob', 'unread', 'x');
      await alice.shutdown({ flush: false });
      const again = make(hub, 'alice', { clients: ['bob'] });
      await again.initialize();
      expect(await restarted).toEqual({ name: 'alice', instance: again.instance, unread: 1 });
      await again.send('bob', 'new');
      expect(await waiting).toMatchObject({ code: 'peer-left' });
      expect(await bob.recv('alice')).toBe('new');
      await expect(bob.recv('alice', { msgId: 'x', timeout: 0 })).rejects.toMatchObject({ code: 'timeout' });
    });

    it('waits for a client that was named and is on its way, and takes from the first instance that comes', async () => {
      bob.addClient('dave');
      const waiting = bob.recv('dave');
      const dave = make(hub, 'dave', { clients: ['bob'] });
      await dave.initialize();
      await dave.send('bob', 'here');
      expect(await waiting).toBe('here');
    });

    it('S2 pool_no_handler_recv: rejects for a name nobody knows', async () => {
      await expect(bob.recv('mallory')).rejects.toMatchObject({ code: 'unknown-peer', peer: 'mallory' });
      await expect(bob.recv('')).rejects.toThrow(RangeError);
      await expect(bob.recv(undefined as never)).rejects.toThrow(TypeError);
    });

    it('rejects a receive from a client that is removed before it came', async () => {
      bob.addClient('dave');
      const waiting = failure(bob.recv('dave'));
      bob.removeClient('dave');
      expect(await waiting).toMatchObject({ code: 'peer-left', reason: 'removed' });
    });
  });

  describe('parse', () => {
    it('types and checks the value; what it refuses is malformed, and consumed', async () => {
      const parse = (value: unknown): number => {
        if (typeof value !== 'number') throw new TypeError('no number');
        return value * 2;
      };
      await Promise.all([alice.send('bob', 'text'), alice.send('bob', 21)]);
      const error = await failure(bob.recv('alice', { parse }));
      expect(error).toMatchObject({ code: 'malformed', peer: 'alice', cause: new TypeError('no number') });
      const value: number = await bob.recv('alice', { parse });
      expect(value).toBe(42);
    });

    it('takes a Standard Schema, also an asynchronous one', async () => {
      const schema = {
        '~standard': {
          version: 1 as const,
          vendor: 'test',
          validate: async (value: unknown) =>
            typeof value === 'string' ? { value } : { issues: [{ message: 'no text', path: ['a', { key: 0 }] }] },
        },
      };
      const waiting = bob.recvAny({ parse: schema });
      await alice.send('bob', 'text');
      const message: Message<string> = await waiting;
      expect(message.value).toBe('text');
      await alice.send('bob', 5);
      expect(await failure(bob.recv('alice', { parse: schema }))).toMatchObject({ code: 'malformed', path: '$.a[0]' });
      await expect(bob.recv('alice', { parse: {} as never })).rejects.toThrow(TypeError);
    });
  });

  describe('recvAll', () => {
    it('S4 recv_all: a Map in the order of the senders, the clients by default', async () => {
      await carol.send('bob', 'c', 'x');
      const all = bob.recvAll<string>('x');
      await alice.send('bob', 'a', 'x');
      expect([...(await all)]).toEqual([
        ['alice', 'a'],
        ['carol', 'c'],
      ]);
    });

    it('S4 recv_all_subset, in the order that was asked for, a name twice counting once; of nobody it is empty', async () => {
      await alice.send('bob', 'a');
      await carol.send('bob', 'c');
      expect([...(await bob.recvAll({ senders: ['carol', 'alice', 'carol'] }))]).toEqual([
        ['carol', 'c'],
        ['alice', 'a'],
      ]);
      expect(await bob.recvAll({ senders: [] })).toEqual(new Map());
    });

    it('BR partial recv_all failure: names the missing, and what did arrive stays readable in its place', async () => {
      await alice.send('bob', 1);
      await alice.send('bob', 2);
      const error = await failure(bob.recvAll({ timeout: 1 }));
      expect(error).toMatchObject({ code: 'timeout', missing: ['carol'] });
      expect([...error.errors.keys()]).toEqual(['carol']);
      expect(error.errors.get('carol')).toMatchObject({ code: 'timeout', peer: 'carol' });
      expect([await bob.recv('alice'), await bob.recv('alice')]).toEqual([1, 2]);
    });

    it('rejects at once when one leaves meanwhile, and gives what it held to who waits for it', async () => {
      const all = failure(bob.recvAll());
      await alice.send('bob', 1);
      const behind = bob.recv('alice', { timeout: Infinity });
      await carol.shutdown();
      expect(await all).toMatchObject({ code: 'peer-left', missing: ['carol'] });
      expect(await behind).toBe(1);
    });

    it('holds what came before its sender left', async () => {
      const all = bob.recvAll<number>();
      await carol.send('bob', 3);
      await carol.shutdown();
      await alice.send('bob', 1);
      expect([...(await all).values()]).toEqual([1, 3]);
    });

    it('says partial when the reasons differ', async () => {
      await carol.shutdown();
      const error = await failure(bob.recvAll({ senders: ['carol', 'mallory'] }));
      expect(error).toMatchObject({ code: 'partial', missing: ['carol', 'mallory'] });
      expect([...error.errors.values()].map(({ code }) => code)).toEqual(['peer-left', 'unknown-peer']);
    });

    it('takes nothing when it is aborted', async () => {
      const controller = new AbortController();
      const all = bob.recvAll({ signal: controller.signal, timeout: Infinity });
      await alice.send('bob', 1);
      controller.abort('enough');
      await expect(all).rejects.toBe('enough');
      expect(await bob.recv('alice', { timeout: 0 })).toBe(1);
    });

    it('asks those who are clients at the call, and nobody who comes later', async () => {
      const all = bob.recvAll();
      bob.addClient('dave');
      await alice.send('bob', 1);
      await carol.send('bob', 2);
      expect([...(await all).keys()]).toEqual(['alice', 'carol']);
    });

    it('consumes what does not parse, and gives the rest back', async () => {
      await alice.send('bob', 'bad');
      await carol.send('bob', 'good');
      const parse = (value: unknown): unknown => {
        if (value === 'bad') throw new Error('bad');
        return value;
      };
      expect(await failure(bob.recvAll({ parse }))).toMatchObject({ code: 'malformed', missing: ['alice'] });
      expect(await bob.recv('carol', { timeout: 0 })).toBe('good');
      await expect(bob.recv('alice', { timeout: 0 })).rejects.toMatchObject({ code: 'timeout' });
    });
  });

  describe('messages', () => {
    it('takes one per next, so leaving the loop loses nothing', async () => {
      for (const value of [1, 2, 3]) await alice.send('bob', value, 'x');
      for await (const message of bob.messages('x')) {
        expect(message).toMatchObject({
          sender: 'alice',
          msgId: 'x',
          value: 1,
          serial: alice.instance > bob.instance ? 2 ** 31 : 0,
          senderInstance: alice.instance,
        });
        break;
      }
      expect(await bob.recv('alice', 'x')).toBe(2);
      expect(await bob.recv('alice', 'x')).toBe(3);
    });

    it('a pending next is done when return is called, and has taken nothing', async () => {
      const loop = bob.messages();
      const pending = loop.next();
      await loop.return?.();
      expect(await pending).toEqual({ done: true, value: undefined });
      await alice.send('bob', 1);
      expect(await loop.next()).toEqual({ done: true, value: undefined });
      expect(await bob.recv('alice', { timeout: 0 })).toBe(1);
    });

    it('ends with the pool, after what is buffered', async () => {
      await alice.send('bob', 1);
      await bob.shutdown();
      const values = [];
      for await (const { value } of bob.messages({ everyId: true })) values.push(value);
      expect(values).toEqual([1]);
      const waiting = carol.messages().next();
      await carol.shutdown();
      expect(await waiting).toMatchObject({ done: true });
    });

    it('of one peer: ends with its goodbye', async () => {
      await alice.send('bob', 1);
      const loop = bob.messages({ from: 'alice' });
      expect(await loop.next()).toMatchObject({ value: { value: 1 } });
      const pending = loop.next();
      await alice.shutdown();
      expect(await pending).toMatchObject({ done: true });
    });

    it('of one peer: does not go on with another instance', async () => {
      await alice.send('bob', 1);
      const loop = bob.messages({ from: 'alice' });
      await loop.next();
      const restarted = new Promise((resolve) => bob.on('restart', resolve));
      await alice.shutdown();
      await make(hub, 'alice', { clients: ['bob'] }).initialize();
      await restarted;
      await expect(loop.next()).rejects.toMatchObject({ code: 'peer-left' });
      expect(await loop.next()).toMatchObject({ done: true });
    });

    it('passes the reason of its signal through', async () => {
      const controller = new AbortController();
      const pending = bob.messages({ signal: controller.signal }).next();
      controller.abort('enough');
      await expect(pending).rejects.toBe('enough');
    });
  });

  describe('onMessage', () => {
    it('handles one after the other, in the order of their arrival', async () => {
      const heard: string[] = [];
      let open: () => void = () => {};
      const gate = new Promise<void>((resolve) => (open = resolve));
      bob.onMessage(async ({ value }) => {
        heard.push(`begin ${String(value)}`);
        await gate;
        heard.push(`end ${String(value)}`);
      });
      await alice.send('bob', 1);
      const second = carol.send('bob', 2, { ack: 'consumed' });
      expect(heard).toEqual(['begin 1']);
      open();
      await second;
      expect(heard).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
    });

    it('handles as many at once as it was told', async () => {
      let open: () => void = () => {};
      const gate = new Promise<void>((resolve) => (open = resolve));
      let running = 0;
      let most = 0;
      bob.onMessage(
        async () => {
          most = Math.max(most, ++running);
          await gate;
          running--;
        },
        { concurrency: 2 },
      );
      const sent = [1, 2, 3].map((value) => alice.send('bob', value, { ack: 'consumed' }));
      await alice.send('bob', 'fence', 'fence');
      open();
      await Promise.all(sent);
      expect(most).toBe(2);
      expect(() => bob.onMessage(() => {}, { concurrency: 0 })).toThrow(RangeError);
      expect(() => bob.onMessage(undefined as never)).toThrow(TypeError);
    });

    it('BR handler throws: the message is released, the next is handled, and it is an error event', async () => {
      const errors: Error[] = [];
      bob.on('error', ({ error }) => errors.push(error));
      const mine = new Error('mine');
      bob.onMessage(({ value }) => {
        if (value === 1) throw mine;
        if (value === 2) return Promise.reject(new Error('later'));
        return undefined;
      });
      await Promise.all([1, 2, 3].map((value) => alice.send('bob', value, { ack: 'consumed' })));
      expect(errors[0]).toBe(mine);
      expect(errors[1]?.message).toBe('later');
      expect(bob.stats().total.unread).toBe(0);
    });

    it('stands in line with recv: the longest waiting takes', async () => {
      const heard: unknown[] = [];
      const first = bob.recv('alice');
      const off = bob.onMessage(({ value }) => void heard.push(value));
      await alice.send('bob', 1);
      await alice.send('bob', 2, { ack: 'consumed' });
      expect([await first, ...heard]).toEqual([1, 2]);
      off();
      off();
      await alice.send('bob', 3);
      expect(await bob.recv('alice', { timeout: 0 })).toBe(3);
    });

    it('may be on before initialize, so that the first message counts, and goes on across instances', async () => {
      const dave = make(hub, 'dave');
      const heard: unknown[] = [];
      dave.onMessage(({ value, senderInstance }) => void heard.push([value, senderInstance]), { from: 'erin' });
      await dave.initialize();
      const instances: string[] = [];
      for (const value of [1, 2]) {
        const erin = make(hub, 'erin', { clients: ['dave'] });
        instances.push(erin.instance);
        await erin.initialize();
        await erin.send('dave', value, { ack: 'consumed' });
        await erin.shutdown();
      }
      expect(heard).toEqual([
        [1, instances[0]],
        [2, instances[1]],
      ]);
    });

    it('a value that does not parse is an error event, and released', async () => {
      const errors: Error[] = [];
      bob.on('error', ({ error }) => errors.push(error));
      bob.onMessage(() => expect.fail('not handled'), {
        parse: () => {
          throw new Error('no');
        },
      });
      await alice.send('bob', 1, { ack: 'consumed' });
      expect(errors).toMatchObject([{ code: 'malformed', peer: 'alice' }]);
    });
  });
});
