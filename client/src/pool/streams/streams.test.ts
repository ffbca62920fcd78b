import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub } from '../../communicators/local/hub.ts';
import { LocalCommunicator } from '../../communicators/local/local-communicator.ts';
import { PoolError } from '../../errors.ts';
import { MessagePackPacker } from '../../packers/message-pack.ts';
import { Bench } from '../../testing/bench.ts';
import { Pool } from '../pool.ts';
import type { PoolOptions } from '../pool-options.ts';
import type { SendStreamOptions } from './stream-options.ts';

const left: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(left.splice(0).map((leave) => leave()));
});

function make(hub: Hub, name: string, options: PoolOptions = {}): Pool {
  const pool = new Pool(name, new LocalCommunicator({ hub }), { on: { error() {} }, ...options });
  left.push(() => pool[Symbol.asyncDispose]());
  return pool;
}

const failure = (promise: Promise<unknown>): Promise<PoolError> =>
  promise.then(
    () => expect.fail('resolved'),
    (error: unknown) => error as PoolError,
  );

const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<number[]> => [
  ...new Uint8Array(await new Response(stream).arrayBuffer()),
];

/** A source that gives one byte and then nothing, for ever. */
async function* stuck(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield Uint8Array.of(1);
  await new Promise(() => {});
}

describe('streams', () => {
  let hub: Hub;
  let alice: Pool;
  let bob: Pool;

  beforeEach(async () => {
    hub = new Hub('streams');
    [alice, bob] = [make(hub, 'alice', { clients: ['bob'] }), make(hub, 'bob', { clients: ['alice'] })];
    await Promise.all([alice.initialize(), bob.initialize()]);
  });

  describe('what is asked for wrongly', () => {
    it.each<[SendStreamOptions, new (message: string) => Error]>([
      [{ size: -1 }, RangeError],
      [{ size: 1.5 }, RangeError],
      [{ size: '1' as never }, TypeError],
      [{ name: 1 as never }, TypeError],
      [{ type: {} as never }, TypeError],
      [{ name: 'x'.repeat(1025) }, RangeError],
      [{ onProgress: 'x' as never }, TypeError],
      [{ msgId: 1 as never }, TypeError],
      [{ timeout: -1 }, RangeError],
      [{ signal: {} as never }, TypeError],
      [1 as never, TypeError],
    ])('is refused before anything is read: %o', async (options, kind) => {
      const stream = new ReadableStream<BufferSource>();
      await expect(alice.sendStream('bob', stream, options)).rejects.toThrow(kind);
      expect(stream.locked).toBe(false);
    });

    it('also to receivers', async () => {
      await expect(bob.recvStream('alice', { onProgress: 1 as never })).rejects.toThrow(TypeError);
      await expect(bob.recvStream('alice', { msgId: 'x', everyId: true })).rejects.toThrow(TypeError);
      await expect(bob.recvStream('')).rejects.toThrow(RangeError);
      expect(() => bob.streams({ from: 1 as never })).toThrow(TypeError);
    });

    it('the state is looked at first, then the recipient, then the source', async () => {
      const pool = make(hub, 'carol', { clients: [] });
      const stream = new ReadableStream<BufferSource>();
      expect((await failure(pool.sendStream('nobody', stream))).code).toBe('illegal-state');
      expect((await failure(pool.recvStream('nobody'))).code).toBe('illegal-state');
      await expect(alice.sendStream('nobody', 1 as never)).rejects.toMatchObject({ code: 'unknown-peer' });
      await expect(alice.sendStream(['bob', 'nobody'], new Blob([]))).rejects.toMatchObject({ code: 'unknown-peer' });
      await expect(alice.sendStream('bob', 1 as never)).rejects.toThrow(TypeError);
      await expect(alice.sendStream(['bob'], stream)).rejects.toThrow(TypeError);
      await expect(alice.sendStream(1 as never, new Blob([]))).rejects.toThrow(TypeError);
      expect(stream.locked).toBe(false);
      await alice.sendStream([], new Blob([]));
      await alice.shutdown();
      expect((await failure(alice.sendStream('bob', stream))).code).toBe('illegal-state');
      expect((await failure(alice.recvStream('bob'))).code).toBe('closed');
    });

    it('an aborted signal passes its reason through', async () => {
      const signal = AbortSignal.abort('no');
      await expect(alice.sendStream('bob', new Blob([]), { signal })).rejects.toBe('no');
      await expect(bob.recvStream('alice', { signal })).rejects.toBe('no');
    });
  });

  describe('time', () => {
    it('recvStream has the pool’s, sendStream none unless it is given', async () => {
      vi.useFakeTimers();
      const waiting = failure(bob.recvStream('alice', 'x'));
      const limited = failure(alice.sendStream('bob', stuck(), { msgId: 'limited', timeout: 5000 }));
      const untaken = failure(alice.sendStream('bob', stuck(), { msgId: 'untaken', timeout: 5000 }));
      let pending = true;
      const unlimited = alice.sendStream('bob', new Blob(['x']), 'unlimited').finally(() => (pending = false));
      const { stream } = await bob.recvStream('alice', 'limited');
      await vi.advanceTimersByTimeAsync(3000);
      expect(await waiting).toMatchObject({
        code: 'timeout',
        message: 'timeout: no stream "x" from alice within 3000 ms',
      });
      await vi.advanceTimersByTimeAsync(2000);
      expect(await limited).toMatchObject({ code: 'timeout', peer: 'bob', msgId: 'limited', delivery: 'unknown' });
      expect(await untaken).toMatchObject({ code: 'timeout', peer: 'bob', msgId: 'untaken', delivery: 'none' });
      await expect(read(stream)).rejects.toThrow('did not read the stream to its end within 5000 ms');
      await vi.advanceTimersByTimeAsync(1e9);
      expect(pending).toBe(true);
      await bob.recvStream('alice', { msgId: 'unlimited', timeout: 0 }).then(({ stream }) => read(stream));
      await unlimited;
      expect(await failure(bob.recvStream('alice', { timeout: 0, everyId: true }))).toMatchObject({ code: 'timeout' });
    });

    it('an aborted recvStream takes nothing, and aborts no stream', async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = bob.recvStream('alice', { signal });
      const caught = expect(waiting).rejects.toBe('never mind');
      controller.abort('never mind');
      await caught;
      const sent = alice.sendStream('bob', new Blob(['x']));
      const later = new AbortController();
      const { stream } = await bob.recvStream('alice', { signal: later.signal });
      later.abort();
      expect(await read(stream)).toEqual([120]);
      await sent;
    });
  });

  describe('streams()', () => {
    it('waits, takes what it is asked for and no more, and ends with the pool', async () => {
      const loop = bob.streams({ from: 'alice', everyId: true });
      const waiting = loop.next();
      const sends = ['one', 'two'].map((id) => alice.sendStream('bob', new Blob([id]), id));
      const first = await waiting;
      expect(first.value).toMatchObject({ sender: 'alice', senderInstance: alice.instance, msgId: 'one', size: 3 });
      await read(first.value?.stream ?? new ReadableStream());
      await loop.return?.();
      await read((await bob.recvStream('alice', 'two')).stream);
      await Promise.all(sends);
      const last = bob.streams('x').next();
      await bob.shutdown();
      expect(await last).toEqual({ done: true, value: undefined });
      await expect(bob.streams({ signal: AbortSignal.abort('no') }).next()).rejects.toBe('no');
    });

    it('of one who is lost rejects, of one who says goodbye ends', async () => {
      const next = bob.streams({ from: 'alice' }).next();
      await alice.shutdown();
      expect(await next).toEqual({ done: true, value: undefined });
    });
  });

  describe('ends', () => {
    it('a source that is stuck does not keep its stream from ending', async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const sent = alice.sendStream('bob', stuck(), { signal });
      const { stream } = await bob.recvStream('alice');
      const reader = stream.getReader();
      expect((await reader.read()).value).toEqual(Uint8Array.of(1));
      const caught = expect(sent).rejects.toBe('enough');
      controller.abort('enough');
      await caught;
      await expect(reader.read()).rejects.toMatchObject({ code: 'remote', peer: 'alice', reason: 'enough' });
    });

    it('what a source throws passes through untouched, a PoolError too; and one stream feeds another', async () => {
      const broken = new PoolError('remote', 'not ours');
      const source = new ReadableStream<BufferSource>({ pull: (controller) => controller.error(broken) });
      const sent = failure(alice.sendStream('bob', source));
      await expect(read((await bob.recvStream('alice')).stream)).rejects.toThrow('remote: not ours');
      expect(await sent).toBe(broken);
      const first = alice.sendStream('bob', new Blob(['on']), 'first');
      const second = bob.sendStream('alice', (await bob.recvStream('alice', 'first')).stream, 'second');
      expect(await read((await alice.recvStream('bob', 'second')).stream)).toEqual([111, 110]);
      await Promise.all([first, second]);
    });

    it('a reason that is too long for either side is left out', async () => {
      const carol = make(hub, 'carol', { clients: ['bob'], maxMessageSize: 200 });
      bob.addClient('carol');
      await carol.initialize();
      await bob.waitFor('carol');
      for (const [from, to] of [
        [carol, bob],
        [bob, carol],
      ] as const) {
        const controller = new AbortController();
        const { signal } = controller;
        const sent = from.sendStream(to.name, stuck(), { signal }).catch((error: unknown) => error);
        const reader = (await to.recvStream(from.name)).stream.getReader();
        await reader.read();
        controller.abort('x'.repeat(500));
        expect(await sent).toBe('x'.repeat(500));
        await expect(reader.read()).rejects.toMatchObject({ code: 'remote', reason: '' });
      }
    });

    it('what a source throws when it is ended is an event', async () => {
      const told = new Promise<Error>((resolve) => alice.on('error', ({ error }) => resolve(error)));
      const source = (async function* () {
        try {
          for (;;) yield new Uint8Array(1000);
        } finally {
          // oxlint-disable-next-line no-unsafe-finally
          throw new Error('can not stop');
        }
      })();
      const sent = failure(alice.sendStream('bob', source));
      const reader = (await bob.recvStream('alice')).stream.getReader();
      await reader.read();
      await reader.cancel();
      expect((await sent).code).toBe('remote');
      expect((await told).message).toBe('can not stop');
    });

    it('another life of a sender has nothing of the old one’s streams', async () => {
      const carol = make(hub, 'carol', { clients: ['bob'] });
      bob.addClient('carol');
      await carol.initialize();
      await bob.waitFor('carol');
      const old = [failure(carol.sendStream('bob', stuck(), 'taken')), failure(carol.sendStream('bob', stuck()))];
      const reader = (await bob.recvStream('carol', 'taken')).stream.getReader();
      expect((await reader.read()).value).toEqual(Uint8Array.of(1));
      const next = reader.read();
      next.catch(() => {});
      await carol.shutdown();
      expect((await Promise.all(old)).map(({ code }) => code)).toEqual(['closed', 'closed']);
      expect(await failure(next)).toMatchObject({ code: 'peer-left', peer: 'carol', msgId: 'taken' });
      const again = make(hub, 'carol', { clients: ['bob'] });
      await again.initialize();
      await bob.waitFor('carol');
      const sent = again.sendStream('bob', new Blob(['new']));
      expect(await read((await bob.recvStream('carol')).stream)).toEqual([...new TextEncoder().encode('new')]);
      await sent;
    });

    it('a removed client is one who left', async () => {
      const sent = failure(alice.sendStream('bob', stuck()));
      const untaken = failure(alice.sendStream('bob', stuck(), 'untaken'));
      const { stream } = await bob.recvStream('alice');
      const waiting = failure(bob.recvStream('alice', 'x'));
      bob.removeClient('alice');
      expect(await sent).toMatchObject({ code: 'peer-left', peer: 'bob', reason: 'removed' });
      expect((await untaken).code).toBe('peer-left');
      expect(await waiting).toMatchObject({ code: 'peer-left', msgId: 'x' });
      await expect(read(stream)).rejects.toThrow('peer-left');
    });
  });

  describe('strangers', () => {
    const packer = new MessagePackPacker();
    const text = (value: unknown): Uint8Array => packer.pack(value).head;
    let mallory: Bench;

    beforeEach(async () => {
      mallory = new Bench(new LocalCommunicator({ hub }), { name: 'mallory', packer: 'messagepack' }, () => {});
      bob.addClient('mallory');
      mallory.communicator.addConnection('bob');
      await mallory.start();
      await bob.waitFor('mallory');
      left.push(() => mallory.communicator.shutdown());
    });

    const say = (queue: string, head: Uint8Array, correlation?: number, ack: 'delivered' | 'consumed' = 'delivered') =>
      mallory.communicator.send('bob', { head, segments: [] }, { queue, ack, correlation, unmetered: true });
    const offer = (header: unknown, number?: number): Promise<void> => say('s', text(header), number);
    const bytes = (length: number): Uint8Array => new Uint8Array(length);

    it('hear what PROTOCOL.md says, and are heard', async () => {
      bob.removeClient('mallory');
      const carol = make(hub, 'carol', { clients: ['bench'] });
      const bench = new Bench(new LocalCommunicator({ hub }), { name: 'bench', packer: 'messagepack' }, () => {});
      bench.communicator.addConnection('carol');
      left.push(() => bench.communicator.shutdown());
      await Promise.all([carol.initialize(), bench.start()]);
      const heard: unknown[] = [];
      let next: () => void = () => {};
      bench.answer = ({ queue, head, segments, receipt }) => {
        const bytes =
          segments[0]?.length ?? (queue.startsWith('d') ? [...head] : packer.unpack({ head, segments: [] }));
        heard.push([queue, receipt.correlation, bytes]);
        // A reader that reads at once.
        receipt.consumed();
        next();
      };
      const source = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        yield Uint8Array.of(1, 2, 3);
        yield new Uint8Array(200_000);
      };
      await carol.sendStream('bench', source(), { msgId: 'x', name: 'n', type: 't', size: 200_003 });
      expect(heard.splice(0)).toEqual([
        ['smx', 1, { name: 'n', type: 't', size: 200_003 }],
        ['d1', 0, [1, 2, 3]],
        ['d1', 3, 131_072],
        ['d1', 131_075, 68_928],
        ['d1', 200_003, []],
      ]);
      const failing = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        await Promise.resolve();
        yield* [];
        throw new Error('why');
      };
      const given = new Promise<void>((resolve) => (next = () => heard.length === 2 && resolve()));
      await failure(carol.sendStream('bench', failing()));
      await given;
      expect(heard.splice(0)).toEqual([
        ['s', 2, { name: undefined, type: undefined, size: undefined }],
        ['x2', undefined, 'Error: why'],
      ]);
      const answer = (queue: string, head: Uint8Array, correlation?: number): Promise<void> =>
        bench.communicator.send('carol', { head, segments: [] }, { queue, ack: 'delivered', correlation });
      const sent = failure(carol.sendStream('bench', stuck()));
      await answer('y3', text('full'));
      expect(await sent).toMatchObject({ code: 'remote', reason: 'full' });
      heard.length = 0;
      await answer('smy', text({ size: 3, more: 'than is known' }), 9);
      const { stream } = await carol.recvStream('bench', 'y');
      await answer('d9', bytes(2), 0);
      await answer('d9', bytes(1), 2);
      await answer('d9', bytes(0), 3);
      expect(await read(stream)).toEqual([0, 0, 0]);
      await answer('s', text({}), 10);
      const refused = new Promise<void>((resolve) => (next = resolve));
      await (await carol.recvStream('bench')).stream.cancel('no room');
      await refused;
      expect(heard).toEqual([['y10', undefined, 'no room']]);
    });

    it('who offers what is no stream is refused', async () => {
      for (const header of [null, 'x', 1, { name: 1 }, { type: [] }, { size: -1 }, { size: 2 ** 60 }, { size: '1' }])
        expect((await failure(offer(header, 1))).code).toBe('malformed');
      expect((await failure(offer({ name: 'x'.repeat(2000) }, 1))).code).toBe('malformed');
      expect((await failure(offer({}))).code).toBe('malformed');
      expect((await failure(say('sx', text({}), 1))).code).toBe('malformed');
      expect((await failure(say('s', Uint8Array.of(0xc1), 1))).code).toBe('malformed');
      await offer({ name: 'real' }, 1);
      expect((await failure(offer({ name: 'twice' }, 1))).code).toBe('malformed');
      expect((await bob.recvStream('mallory')).name).toBe('real');
      expect((await failure(offer({ name: 'twice' }, 1))).code).toBe('malformed');
    });

    it('who sends what nobody reads is refused', async () => {
      await offer({}, 1);
      for (const queue of ['d1', 'd2']) expect((await failure(say(queue, bytes(1), 0))).code).toBe('refused');
      for (const queue of ['d', 'dx', 'd-', 'd1e3', 'd01', 'x', 'y1.5'])
        expect((await failure(say(queue, text('why'), 0))).code).toBe('malformed');
      const several = { head: bytes(1), segments: [bytes(65_536)] };
      const { stream } = await bob.recvStream('mallory');
      const torn = mallory.communicator.send('bob', several, { queue: 'd1', ack: 'delivered', correlation: 0 });
      expect((await failure(torn)).code).toBe('malformed');
      const gap = failure(say('d1', bytes(1), 7));
      await expect(read(stream)).rejects.toThrow('with a gap');
      expect((await gap).code).toBe('malformed');
      expect((await failure(say('d1', bytes(1), 0))).code).toBe('refused');
    });

    it('who gives up what is not there, or is another’s, changes nothing', async () => {
      const sent = alice.sendStream('bob', new Blob(['x']), 'one');
      const mine = bob.sendStream('alice', new Blob(['y']), 'two');
      for (const queue of ['x1', 'y1', 'x2', 'y2']) await say(queue, text('mine now'));
      expect((await failure(say('x1', text(1)))).code).toBe('malformed');
      expect((await failure(say('x1', text('x'.repeat(1001))))).code).toBe('malformed');
      expect(await read((await bob.recvStream('alice', 'one')).stream)).toEqual([120]);
      expect(await read((await alice.recvStream('bob', 'two')).stream)).toEqual([121]);
      await Promise.all([sent, mine]);
    });

    it('who floods with offers is bounded by inboxLimit, and who leaves takes them along', async () => {
      const small = make(hub, 'small', { clients: ['mallory'], inboxLimit: 10_000 });
      mallory.communicator.addConnection('small');
      await small.initialize();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 60 }, (_, number) =>
          mallory.communicator.send(
            'small',
            { head: text({}), segments: [] },
            { queue: 's', ack: 'delivered', correlation: number, unmetered: true },
          ),
        ),
      );
      const taken = outcomes.filter(({ status }) => status === 'fulfilled').length;
      expect(taken).toBeGreaterThan(10);
      expect(taken).toBeLessThan(50);
      const gone = new Promise((resolve) => small.on('leave', resolve));
      await mallory.communicator.shutdown();
      await gone;
      expect((await failure(small.recvStream('mallory'))).code).toBe('peer-left');
      expect(await failure(small.recvStream('mallory', { timeout: 0 }))).toMatchObject({ code: 'peer-left' });
    });
  });
});
