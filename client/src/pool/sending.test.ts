import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import { PoolError } from '../errors.ts';
import { MessagePackPacker } from '../packers/message-pack.ts';
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
    () => expect.fail('resolved'),
    (error: unknown) => error as PoolError,
  );

/** Reads anything as it was written, but can't read `bad` at all. */
class PickyPacker extends MessagePackPacker {
  packed = 0;

  override pack(value: unknown): ReturnType<MessagePackPacker['pack']> {
    this.packed++;
    return super.pack(value);
  }

  override unpack(packet: Parameters<MessagePackPacker['unpack']>[0]): unknown {
    const value = super.unpack(packet);
    if (value === 'bad') throw new PoolError('malformed', 'I do not read "bad"');
    if (value === 'worse') throw new RangeError('a bug of the packer');
    return value;
  }
}

describe('sending', () => {
  let hub: Hub;
  let alice: Pool;
  let bob: Pool;
  let carol: Pool;
  const packer = new PickyPacker();

  beforeEach(async () => {
    hub = new Hub('sending');
    packer.packed = 0;
    const clients = ['alice', 'bob', 'carol'];
    const options = (name: string) => ({
      clients: clients.filter((it) => it !== name),
      packer,
      maxMessageSize: 100_000,
    });
    [alice, bob, carol] = clients.map((name) => make(hub, name, options(name))) as [Pool, Pool, Pool];
    await Promise.all([alice.initialize(), bob.initialize(), carol.initialize()]);
  });

  it('S3 send_recv_single_msg, and the value is a copy from the moment send returned', async () => {
    const value = { list: [1, 2n, 'three'] };
    const sent = alice.send('bob', value);
    value.list.push('four');
    await sent;
    expect(await bob.recv('alice')).toEqual({ list: [1, 2n, 'three'] });
  });

  it('S4 send_recv_one: all six directed pairs at once', async () => {
    const pools = [alice, bob, carol];
    const pairs = pools.flatMap((from) => pools.filter((to) => to !== from).map((to) => ({ from, to })));
    await Promise.all(pairs.map(({ from, to }) => from.send(to.name, `${from.name} to ${to.name}`)));
    for (const { from, to } of pairs) expect(await to.recv(from.name)).toBe(`${from.name} to ${to.name}`);
  });

  it('S2 pool_no_handler_send: rejects for a name nobody knows, before the value is packed', async () => {
    await expect(alice.send('mallory', () => {})).rejects.toMatchObject({
      code: 'unknown-peer',
      peer: 'mallory',
      delivery: 'none',
    });
    await expect(alice.send('', 1)).rejects.toThrow(RangeError);
    await expect(alice.send(7 as never, 1)).rejects.toThrow(TypeError);
    expect(packer.packed).toBe(0);
  });

  it('takes a name in any normal form', async () => {
    alice.addClient('Ame\u0301lie');
    expect([...alice.clients]).toContain('Am\u00e9lie');
    const amelie = make(hub, 'Am\u00e9lie', { clients: ['alice'], packer });
    await amelie.initialize();
    await alice.send('Ame\u0301lie', 1);
    expect(await amelie.recv('alice')).toBe(1);
    await amelie.send('alice', 2);
    expect(await alice.recv('Ame\u0301lie')).toBe(2);
  });

  it('BR failed send keeps auto ids in step: what could not be packed, or is too large, consumes nothing', async () => {
    await alice.send('bob', 1);
    await expect(alice.send('bob', () => {})).rejects.toMatchObject({ code: 'unpackable' });
    await expect(alice.send('bob', new Uint8Array(200_000))).rejects.toMatchObject({
      code: 'too-large',
      delivery: 'none',
    });
    await expect(alice.send('mallory', 1)).rejects.toMatchObject({ code: 'unknown-peer' });
    await alice.send('bob', 2);
    expect([await bob.recv('alice'), await bob.recv('alice')]).toEqual([1, 2]);
    expect(alice.stats().total.messagesSent).toBe(2);
  });

  it("what the other side can't unpack rejects the very send that carried it, with the remote reason", async () => {
    const [one, bad, two, worse] = [1, 'bad', 2, 'worse'].map((value) => alice.send('bob', value)) as [
      Promise<void>,
      Promise<void>,
      Promise<void>,
      Promise<void>,
    ];
    const errors = [failure(bad), failure(worse)];
    await Promise.all([one, two]);
    expect(await errors[0]).toMatchObject({ code: 'malformed', peer: 'bob' });
    expect((await errors[0])?.message).toContain('I do not read "bad"');
    expect((await errors[1])?.message).toContain('a bug of the packer');
    expect([await bob.recv('alice'), await bob.recv('alice')]).toEqual([1, 2]);
    expect(bob.stats().total.unread).toBe(0);
  });

  it('BR send after peer loss: rejects at once', async () => {
    await bob.shutdown();
    await alice.send('carol', 'fence');
    await expect(alice.send('bob', 1)).rejects.toMatchObject({ code: 'peer-left', peer: 'bob' });
  });

  it('rejects wrong options, and never throws', async () => {
    for (const options of [5, null, { ack: 'maybe' }, { msgId: 5 }, { timeout: 'x' }]) {
      await expect(alice.send('bob', 1, options as never)).rejects.toThrow(TypeError);
      await expect(alice.broadcast(1, options as never)).rejects.toThrow(TypeError);
    }
    await expect(alice.send('bob', 1, { timeout: -1 })).rejects.toThrow(RangeError);
    await expect(alice.broadcast(1, { recipients: 'bob' })).rejects.toThrow(TypeError);
  });

  it('consumed resolves when a taker took it', async () => {
    const order: string[] = [];
    const sent = alice.send('bob', 1, { ack: 'consumed' }).then(() => order.push('consumed'));
    await alice.send('bob', 2);
    order.push('delivered');
    await bob.recv('alice');
    await sent;
    expect(order).toEqual(['delivered', 'consumed']);
  });

  describe('nobody awaits', () => {
    it('ack none resolves whatever happens, and tells one error per peer and second, counting the others', async () => {
      const errors: Error[] = [];
      alice.on('error', ({ error }) => errors.push(error));
      vi.useFakeTimers();
      for (let count = 0; count < 5; count++) await alice.send('bob', () => {}, { ack: 'none' });
      await alice.send('mallory', 1, { ack: 'none' });
      await alice.broadcast(() => {}, { ack: 'none', recipients: ['carol'] });
      expect(errors).toMatchObject([
        { code: 'unpackable', peer: 'bob' },
        { code: 'unknown-peer', peer: 'mallory' },
        { code: 'unpackable' },
      ]);
      vi.advanceTimersByTime(1000);
      await alice.send('bob', () => {}, { ack: 'none' });
      expect(errors[3]?.message).toContain('and 4 more');
      await expect(alice.send('bob', 1, { ack: 'none', timeout: -1 })).rejects.toThrow(RangeError);
    });

    it("ack may be the pool's", async () => {
      const dave = make(hub, 'dave', { ack: 'none' });
      expect(await dave.send('bob', 1)).toBeUndefined();
      await expect(dave.send('bob', 1, { ack: 'delivered' })).rejects.toMatchObject({ code: 'illegal-state' });
    });
  });

  describe('to oneself', () => {
    it('goes through the packer into the own mailbox', async () => {
      const value = { list: [1] };
      await alice.send('alice', value, 'x');
      value.list.push(2);
      const message = await alice.recvAny('x');
      expect(message).toMatchObject({
        sender: 'alice',
        msgId: 'x',
        value: { list: [1] },
        serial: 0,
        senderInstance: alice.instance,
      });
      await alice.send('alice', 2);
      expect(await alice.recv('alice')).toBe(2);
      expect([...alice.clients]).not.toContain('alice');
    });

    it("refuses what can't be unpacked", async () => {
      await expect(alice.send('alice', 'bad')).rejects.toMatchObject({ code: 'malformed' });
      await expect(alice.recv('alice', { timeout: 0 })).rejects.toMatchObject({ code: 'timeout' });
    });

    it('consumed waits for a taker, and for the end of the pool at most', async () => {
      const taken = alice.send('alice', 1, { ack: 'consumed' });
      expect(await alice.recv('alice')).toBe(1);
      await taken;
      await expect(alice.send('alice', 2, { ack: 'consumed', timeout: 1 })).rejects.toMatchObject({
        code: 'timeout',
        delivery: 'delivered',
      });
      const never = failure(alice.send('alice', 3, { ack: 'consumed' }));
      await alice.shutdown();
      expect(await never).toMatchObject({ code: 'closed', delivery: 'delivered' });
      expect([await alice.recv('alice'), await alice.recv('alice')]).toEqual([2, 3]);
    });
  });

  describe('broadcast', () => {
    it('S4 broadcast: packs once and reaches all clients, each sender under the same id', async () => {
      await Promise.all([alice.broadcast('a', 'Round1'), bob.broadcast('b', 'Round1'), carol.broadcast('c', 'Round1')]);
      expect(packer.packed).toBe(3);
      expect([...(await alice.recvAll('Round1'))]).toEqual([
        ['bob', 'b'],
        ['carol', 'c'],
      ]);
      expect([...(await carol.recvAll('Round1')).values()]).toEqual(['a', 'b']);
    });

    it('BR broadcast bytes counted, once per recipient', async () => {
      await alice.broadcast('four');
      const { total, peers } = alice.stats();
      expect(total.messagesSent).toBe(2);
      expect(total.bytesSent).toBe(2 * (peers.get('bob')?.bytesSent ?? 0));
      expect(total.bytesSent).toBeGreaterThan(0);
    });

    it('BR [] recipients: nobody', async () => {
      await alice.broadcast(1, { recipients: [] });
      expect(alice.stats().total.messagesSent).toBe(0);
    });

    it('S4 broadcast_subset; a name twice is sent to once, and oneself may be among them', async () => {
      await alice.broadcast(1, { recipients: ['carol', 'alice', 'carol'] });
      expect(await alice.recv('alice')).toBe(1);
      expect(await carol.recv('alice')).toBe(1);
      expect(alice.stats().total.messagesSent).toBe(1);
    });

    it('checks every name before it sends to any', async () => {
      const error = await failure(alice.broadcast(1, { recipients: ['bob', 'mallory', 'trudy'] }));
      expect(error).toMatchObject({ code: 'unknown-peer', missing: ['mallory', 'trudy'] });
      expect(alice.stats().total.messagesSent).toBe(0);
    });

    it('BR partial broadcast failure: settles all, then says whom it did not reach, with the common code', async () => {
      await bob.shutdown();
      await alice.send('carol', 'fence', 'fence');
      const error = await failure(alice.broadcast(1));
      expect(error).toMatchObject({ code: 'peer-left', missing: ['bob'] });
      expect(error.errors.get('bob')).toMatchObject({ code: 'peer-left', peer: 'bob' });
      expect(await carol.recv('alice')).toBe(1);
    });

    it('is partial when the reasons differ', async () => {
      const dave = make(hub, 'dave', { clients: ['alice'] });
      alice.addClient('dave');
      await dave.initialize();
      await expect(alice.send('dave', 1)).resolves.toBeUndefined();
      await bob.shutdown();
      await alice.send('carol', 'fence', 'fence');
      const error = await failure(alice.broadcast('bad'));
      expect(error).toMatchObject({ code: 'partial', missing: ['bob', 'carol'] });
      expect([...error.errors].map(([peer, { code }]) => [peer, code])).toEqual([
        ['bob', 'peer-left'],
        ['carol', 'malformed'],
      ]);
    });

    it('passes an abort reason through', async () => {
      const reason = { mine: true };
      await expect(alice.broadcast(1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });
});
