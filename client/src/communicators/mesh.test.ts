import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PoolError } from '../errors.ts';
import type { LinkListener } from '../links/link.ts';
import type { Packet } from '../packers/packer.ts';
import type { CommunicatorListener, Self, SendOptions } from './communicator.ts';
import { getHub, type Hub } from './local/hub.ts';
import { LocalCommunicator } from './local/local-communicator.ts';
import { LocalTransport } from './local/local-transport.ts';
import { MeshCommunicator } from './mesh.ts';
import { BLOCKED } from './testing/blocked.ts';
import { diagnose } from './webrtc/verdict.ts';
import type { Attempt, Presence, Transport, TransportListener } from './transport.ts';

const DELIVERED: SendOptions = { queue: '', ack: 'delivered' };

function self(name: string, over: Partial<Self> = {}): Self {
  const limits = { inboxLimit: 2 ** 26, outboxLimit: 2 ** 28, maxMessageSize: 2 ** 28 };
  return { name, instance: `${name}-1`, discover: true, packer: 'test', ...limits, ...over };
}

function packet(length: number, ...segments: number[]): Packet {
  return { head: new Uint8Array(length), segments: segments.map((size) => new Uint8Array(size)) };
}

/** Writes down what it hears; takes every message at once. */
function recorder(): { readonly heard: string[]; readonly listener: CommunicatorListener } {
  const heard: string[] = [];
  const listener: CommunicatorListener = {
    joined: (peer, instance) => heard.push(`joined ${peer} ${instance}`),
    message: (from, queue, { head, segments }, receipt) => {
      heard.push(`message ${from} ${queue} ${[head, ...segments].map((part) => part.length).join('+')}`);
      receipt.consumed();
    },
    left: (peer, instance, reason) => heard.push(`left ${peer} ${instance} ${reason}`),
    link: (peer, state, kind) => heard.push(`link ${peer} ${state} ${kind ?? ''}`.trim()),
    signaling: (state) => heard.push(`signaling ${state}`),
    failed: (peer, error) => heard.push(`failed ${peer} ${error.code}`),
    error: (error) => heard.push(`error ${error.code}`),
    stopped: (error) => heard.push(`stopped ${error?.code ?? ''}`.trim()),
  };
  return { heard, listener };
}

/** A hub whose links can be cut. */
class CuttableTransport extends LocalTransport {
  readonly #links: { readonly listener: LinkListener; readonly attempt: Attempt }[] = [];

  hears: TransportListener | undefined;

  override join(self: Presence, listener: TransportListener): Promise<readonly Presence[]> {
    this.hears = listener;
    return super.join(self, listener);
  }

  override dial(...[peer, role, negotiate, listener]: Parameters<Transport['dial']>): Attempt {
    const attempt = super.dial(peer, role, negotiate, listener);
    this.#links.push({ listener, attempt });
    return attempt;
  }

  cut(): void {
    for (const { listener, attempt } of this.#links.splice(0)) {
      attempt.close();
      listener.closed(new Error('cut'));
    }
  }
}

describe('a mesh', () => {
  let hub: Hub;
  let rooms = 0;
  beforeEach(() => {
    hub = getHub(`mesh-${rooms++}`);
  });

  async function join(name: string, over?: Partial<Self>) {
    const communicator = new LocalCommunicator({ hub });
    const { heard, listener } = recorder();
    await communicator.initialize(self(name, over), listener);
    return { communicator, heard };
  }

  it('tells the whole life of a peer in order, and says goodbye on both sides', async () => {
    const alice = await join('alice');
    const bob = await join('bob');
    await alice.communicator.send('bob', packet(10), DELIVERED);
    await alice.communicator.send('bob', packet(1, 2 ** 20, 70_000), { queue: 'x', ack: 'consumed' });
    expect(await bob.communicator.ping('alice')).toBeGreaterThanOrEqual(0);
    await alice.communicator.shutdown();
    await bob.communicator.shutdown();
    expect(alice.heard).toEqual([
      'signaling connected',
      'link bob connecting',
      'joined bob bob-1',
      'link bob connected local',
      'left bob bob-1 goodbye',
      'stopped',
    ]);
    expect(bob.heard).toEqual([
      'signaling connected',
      'link alice connecting',
      'joined alice alice-1',
      'link alice connected local',
      'message alice  10',
      'message alice x 1+1048576+70000',
      'left alice alice-1 goodbye',
      'stopped',
    ]);
    expect(bob.communicator.peer('alice')).toMatchObject({
      messagesReceived: 2,
      bytesReceived: 1_118_587,
      inFlight: 0,
    });
    expect(alice.communicator.peer('bob')).toMatchObject({ messagesSent: 2, bytesSent: 1_118_587, link: undefined });
  });

  it('refuses a stranger with words on both sides, and takes it once it is named', async () => {
    const alice = await join('alice', { discover: false });
    const bob = new LocalCommunicator({ hub });
    const hears = recorder();
    bob.addConnection('alice');
    await expect(bob.initialize(self('bob', { discover: false }), hears.listener)).rejects.toMatchObject({
      code: 'refused',
      peer: 'alice',
      message: 'refused: alice refused: alice has no client named bob',
    });
    expect(bob.state).toBe('stopped');
    expect(alice.heard).toContain('error refused');
    alice.communicator.addConnection('carol');
    const carol = new LocalCommunicator({ hub });
    carol.addConnection('alice');
    await carol.initialize(self('carol', { discover: false }), recorder().listener);
    expect(carol.connected('alice')).toBe(true);
  });

  it('can be asked by the same instance again after addConnection', async () => {
    const alice = await join('alice', { discover: false });
    const bob = await join('bob', { discover: false });
    bob.communicator.addConnection('alice');
    const lost = bob.communicator.send('alice', packet(1), DELIVERED);
    await expect(lost).rejects.toMatchObject({ code: 'refused', delivery: 'none' });
    alice.communicator.addConnection('bob');
    await alice.communicator.send('bob', packet(2), DELIVERED);
    await bob.communicator.send('alice', packet(3), DELIVERED);
    expect(alice.heard).toContain('message bob  3');
  });

  it('answers `none` at once, and tells failures', async () => {
    const { communicator, heard } = await join('alice');
    await communicator.send('nobody', packet(1), { queue: '', ack: 'none' });
    expect(heard).toContain('error unknown-peer');
    await expect(communicator.send('nobody', packet(1), DELIVERED)).rejects.toMatchObject({ code: 'unknown-peer' });
  });

  it('ends an initialize that waits for people by its timeout, its signal, or shutdown', async () => {
    const waiting = async (begin: (communicator: LocalCommunicator) => Promise<unknown>): Promise<unknown> => {
      const communicator = new LocalCommunicator({ hub });
      communicator.addConnection('nobody');
      const error: unknown = await begin(communicator).catch((cause: unknown) => cause);
      expect(communicator.state).toBe('stopped');
      return error;
    };
    const { listener } = recorder();
    expect(await waiting((bob) => bob.initialize(self('bob'), listener, { timeout: 5 }))).toMatchObject({
      code: 'timeout',
      missing: ['nobody'],
    });
    const signal = AbortSignal.abort('enough');
    expect(await waiting((bob) => bob.initialize(self('bob'), listener, { signal }))).toBe('enough');
    const stop = async (bob: LocalCommunicator): Promise<unknown> => {
      const started = bob.initialize(self('bob'), listener).catch((cause: unknown) => cause);
      await Promise.resolve();
      await bob.shutdown();
      return started;
    };
    expect(await waiting(stop)).toBeInstanceOf(PoolError);
    expect(hub.join({ name: 'bob', instance: 'later' }, {} as never)).toEqual([]);
  });

  it('loses nothing when a link breaks, and says what becomes of the link', async () => {
    const transport = new CuttableTransport(hub);
    const alice = new MeshCommunicator({ transport: () => transport, eager: true });
    const hears = recorder();
    await alice.initialize(self('alice'), hears.listener);
    const bob = await join('bob');
    await alice.send('bob', packet(1), DELIVERED);
    const sends: Promise<void>[] = [];
    for (let round = 0; round < 5; round++) {
      sends.push(alice.send('bob', packet(10 + round), DELIVERED));
      sends.push(alice.send('bob', packet(1, 300_000), { queue: 'bulk', ack: 'consumed' }));
      sends.push(bob.communicator.send('alice', packet(20 + round), DELIVERED));
      await Promise.resolve();
      transport.cut();
      expect(alice.connected('bob')).toBe(false);
      while (!alice.connected('bob') || !bob.communicator.connected('alice')) await new Promise(setImmediate);
    }
    await Promise.all(sends);
    const numbers = (heard: readonly string[], from: string): string[] =>
      heard
        .filter((line) => line.startsWith(`message ${from}  `))
        .map((line) => line.slice(`message ${from}  `.length));
    expect(numbers(bob.heard, 'alice')).toEqual(['1', '10', '11', '12', '13', '14']);
    expect(numbers(hears.heard, 'bob')).toEqual(['20', '21', '22', '23', '24']);
    expect(bob.heard.filter((line) => line.includes('bulk'))).toHaveLength(5);
    expect(hears.heard.filter((line) => /^(joined|left)/.test(line))).toEqual(['joined bob bob-1']);
    expect(hears.heard.filter((line) => line.startsWith('link'))).toEqual(
      Array.from({ length: 6 }, () => ['link bob connecting', 'link bob connected local']).flat(),
    );
    expect(alice.peer('bob')?.reconnects).toBe(5);
    await alice.shutdown();
  });

  it('gives a peer up that stays without a link', async () => {
    vi.useFakeTimers();
    try {
      const transport = new CuttableTransport(hub);
      const alice = new MeshCommunicator({ transport: () => transport, reconnectTimeout: 20_000 });
      const hears = recorder();
      await alice.initialize(self('alice'), hears.listener);
      const bob = await join('bob');
      while (!alice.connected('bob')) await vi.advanceTimersByTimeAsync(1);
      // Every later link breaks as soon as it is made.
      const pending = alice.send('bob', packet(1), DELIVERED).catch((error: unknown) => error);
      hub.signal = () => {};
      transport.cut();
      await vi.advanceTimersByTimeAsync(19_999);
      expect(hears.heard.at(-1)).toBe('link bob connecting');
      await vi.advanceTimersByTimeAsync(2);
      expect(hears.heard).toContain('left bob bob-1 lost');
      expect(await pending).toMatchObject({ code: 'peer-left', reason: 'lost' });
      void bob;
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['stays away', false, 5_000, 'left bob bob-1 killed'],
    ['comes back', true, 20_000, 'left bob bob-1 lost'],
  ])('waits for a peer without a link whose socket closed and %s', async (_what, back, patience, last) => {
    vi.useFakeTimers();
    try {
      const transport = new CuttableTransport(hub);
      const alice = new MeshCommunicator({ transport: () => transport, reconnectTimeout: 20_000 });
      const hears = recorder();
      await alice.initialize(self('alice'), hears.listener);
      await join('bob');
      while (!alice.connected('bob')) await vi.advanceTimersByTimeAsync(1);
      hub.signal = () => {};
      transport.cut();
      const bob = { name: 'bob', instance: 'bob-1' };
      transport.hears?.disappeared(bob, 'closed');
      if (back) transport.hears?.appeared(bob);
      await vi.advanceTimersByTimeAsync(patience - 1);
      expect(hears.heard.some((line) => line.startsWith('left'))).toBe(false);
      await vi.advanceTimersByTimeAsync(2);
      expect(hears.heard).toContain(last);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says goodbye when it is put away, and comes back as another instance of its name', async () => {
    const alice = await join('alice');
    const bob = await join('bob');
    alice.communicator.addConnection('carol');
    const unsent = alice.communicator.send('carol', packet(1), DELIVERED).catch((error: unknown) => error);
    alice.communicator.suspend();
    alice.communicator.suspend();
    expect(alice.communicator.state).toBe('started');
    expect(await unsent).toMatchObject({ code: 'closed', delivery: 'none' });
    while (!bob.heard.includes('left alice alice-1 goodbye')) await Promise.resolve();
    expect(alice.heard.at(-1)).toBe('left bob bob-1 goodbye');
    const carol = await join('carol');
    alice.communicator.rejoin('alice-2');
    alice.communicator.rejoin('alice-3');
    const sent = alice.communicator.send('carol', packet(2), DELIVERED);
    await sent;
    expect(carol.heard).toContain('message alice  2');
    while (!bob.communicator.connected('alice') || !alice.communicator.connected('bob')) await Promise.resolve();
    expect(bob.heard).toContain('joined alice alice-2');
    await alice.communicator.send('bob', packet(3), DELIVERED);
    expect(alice.communicator.peer('bob')?.messagesSent).toBe(1);
    await alice.communicator.shutdown();
    expect(alice.heard.at(-1)).toBe('stopped');
    await Promise.all([bob.communicator.shutdown(), carol.communicator.shutdown()]);
  });

  it('stops when its name is taken by the time it comes back', async () => {
    const alice = await join('alice');
    alice.communicator.suspend();
    const other = new LocalCommunicator({ hub });
    while (other.state === 'uninitialized') {
      await other.initialize(self('alice', { instance: 'alice-9' }), recorder().listener);
    }
    alice.communicator.rejoin('alice-2');
    while (alice.communicator.state === 'started') await Promise.resolve();
    while (!alice.heard.at(-1)?.startsWith('stopped')) await Promise.resolve();
    expect(alice.heard.at(-1)).toBe('stopped duplicate-peer');
    await alice.communicator.shutdown();
    await other.shutdown();
  });

  it('says why a peer can not be connected, wherever that makes something fail', async () => {
    const diagnosis = diagnose(BLOCKED);
    class Blocked extends LocalTransport {
      override dial(): Attempt {
        return { negotiate: () => {}, close: () => {}, diagnosis };
      }
    }
    const blocked = (connectTimeout: number): MeshCommunicator =>
      new MeshCommunicator({ transport: () => new Blocked(hub), connectTimeout });
    const why = { diagnosis, message: expect.stringContaining(diagnosis.verdict) as string };
    await join('bob');

    const named = blocked(50);
    named.addConnection('bob');
    const unreachable = { code: 'unreachable', peer: 'bob', ...why };
    await expect(named.initialize(self('alice'), recorder().listener)).rejects.toMatchObject(unreachable);

    const hurried = blocked(10_000);
    hurried.addConnection('bob');
    const late = { code: 'timeout', missing: ['bob'], ...why };
    await expect(hurried.initialize(self('alice'), recorder().listener, { timeout: 50 })).rejects.toMatchObject(late);

    const open = blocked(50);
    const { heard, listener } = recorder();
    await open.initialize(self('alice'), listener);
    expect(heard).toContain('failed bob unreachable');
    await expect(open.send('bob', packet(1), DELIVERED)).rejects.toMatchObject({ ...unreachable, delivery: 'none' });
    await open.shutdown();
  });

  it('tries to come back for as long as the room is out of reach', async () => {
    let reachable: boolean | undefined = true;
    class Far extends LocalTransport {
      override join(...args: Parameters<LocalTransport['join']>): ReturnType<LocalTransport['join']> {
        if (reachable === undefined) return new Promise(() => {});
        return reachable ? super.join(...args) : Promise.reject(new PoolError('unreachable', 'nobody answers'));
      }
    }
    const alice = new MeshCommunicator({ transport: () => new Far(hub) });
    await alice.initialize(self('alice'), recorder().listener);
    const bob = await join('bob');
    alice.suspend();
    vi.useFakeTimers();
    try {
      reachable = false;
      alice.rejoin('alice-2');
      await vi.advanceTimersByTimeAsync(60_000);
      expect(alice.state).toBe('started');
      reachable = undefined;
      await vi.advanceTimersByTimeAsync(20_000);
      reachable = true;
      await vi.advanceTimersByTimeAsync(20_000);
      expect(alice.connected('bob')).toBe(true);
      alice.suspend();
      reachable = false;
      alice.rejoin('alice-3');
      await vi.advanceTimersByTimeAsync(100);
      await alice.shutdown();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    await bob.communicator.shutdown();
  });

  it('hears why it was refused although the other is gone by then, as far as the transport knows', async () => {
    let hears: TransportListener | undefined;
    const dialed: LinkListener[] = [];
    const transport: Transport = {
      join: async (_self, listener) => {
        hears = listener;
        return [{ name: 'bob', instance: 'bob-1' }];
      },
      signal: () => {},
      dial: (_peer, _role, _negotiate, listener) => {
        dialed.push(listener);
        return { negotiate: () => {}, close: () => {} };
      },
      wake: () => {},
      leave: async () => {},
    };
    const alice = new MeshCommunicator({ transport: () => transport });
    alice.addConnection('bob');
    const started = alice.initialize(self('alice'), recorder().listener).catch((cause: unknown) => cause);
    while (dialed.length === 0) await Promise.resolve();
    hears?.disappeared({ name: 'bob', instance: 'bob-1' }, 'closed');
    dialed[0]?.packet(0, Uint8Array.from([0x03, 1, 0x78, 2, 0x6e, 0x6f]));
    expect(await started).toMatchObject({ code: 'refused', peer: 'bob', reason: 'x' });
  });

  it('goes on counting links with an instance that was gone and comes back, for it has not forgotten the last', async () => {
    let hears: TransportListener | undefined;
    const links: number[] = [];
    const dialed: LinkListener[] = [];
    const bob = { name: 'bob', instance: 'bob-1' };
    const transport: Transport = {
      join: async (_self, listener) => {
        hears = listener;
        return [bob];
      },
      signal: (_to, { link }) => links.push(link),
      dial: (_peer, _role, negotiate, listener) => {
        negotiate('offer');
        dialed.push(listener);
        return { negotiate: () => {}, close: () => {} };
      },
      wake: () => {},
      leave: async () => {},
    };
    const alice = new MeshCommunicator({ transport: () => transport });
    await Promise.all([
      alice.initialize(self('alice'), recorder().listener),
      (async () => {
        while (dialed.length === 0) await Promise.resolve();
        hears?.disappeared(bob, 'closed');
        dialed[0]?.closed(new Error('nobody there'));
        expect(alice.peer('bob')?.link).toBe(undefined);
      })(),
    ]);
    hears?.appeared(bob);
    expect(links).toEqual([1, 2]);
    await alice.shutdown();
  });

  it('tries somebody who is in the room and could not be connected again, a few times and ever later', async () => {
    vi.useFakeTimers();
    try {
      const dialed: number[] = [];
      const began = performance.now();
      const transport: Transport = {
        join: async () => [{ name: 'bob', instance: 'bob-1' }],
        signal: () => {},
        dial: () => {
          dialed.push(Math.round((performance.now() - began) / 1000));
          return { negotiate: () => {}, close: () => {} };
        },
        wake: () => {},
        leave: async () => {},
      };
      const alice = new MeshCommunicator({ transport: () => transport });
      const { heard, listener } = recorder();
      await Promise.all([alice.initialize(self('alice'), listener), vi.advanceTimersByTimeAsync(15_000)]);
      await vi.advanceTimersByTimeAsync(1_000_000);
      expect(dialed).toEqual([0, 45, 120, 255, 510]);
      expect(heard.filter((line) => line === 'failed bob unreachable')).toHaveLength(5);
      await alice.shutdown();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('answers the calls of an instance that came while the old one was still asked for a sign of life', async () => {
    vi.useFakeTimers();
    try {
      const answered: unknown[] = [];
      const transport = new (class extends CuttableTransport {
        override dial(...[peer, role, negotiate, listener]: Parameters<Transport['dial']>): Attempt {
          if (peer.instance !== 'bob-2') return super.dial(peer, role, negotiate, listener);
          return { negotiate: (data) => answered.push(data), close: () => {} };
        }
      })(hub);
      const alice = new MeshCommunicator({ transport: () => transport });
      const hears = recorder();
      await alice.initialize(self('alice', { instance: 'z-alice' }), hears.listener);
      await join('bob');
      while (!alice.connected('bob')) await vi.advanceTimersByTimeAsync(1);
      const [old, next] = ['bob-1', 'bob-2'].map((instance) => ({ name: 'bob', instance })) as [Presence, Presence];
      hub.signal = () => {};
      transport.cut();
      const call = { type: 'negotiate', to: 'z-alice' } as const;
      transport.hears?.appeared(next);
      for (const [link, data] of [
        [1, 'lost'],
        [2, 'offer'],
        [2, 'candidate'],
      ] as const)
        transport.hears?.signal(next, { ...call, link, data });
      expect(answered).toEqual([]);
      transport.hears?.disappeared(old, 'closed');
      expect(hears.heard.at(-2)).toBe('left bob bob-1 killed');
      expect(answered).toEqual(['offer', 'candidate']);
      await alice.shutdown();
    } finally {
      vi.useRealTimers();
    }
  });

  it('rejects a send that is late, and says that it never left', async () => {
    const alice = new LocalCommunicator({ hub });
    alice.addConnection('bob');
    const started = alice.initialize(self('alice'), recorder().listener);
    while (alice.state !== 'started') await Promise.resolve();
    const late = alice.send('bob', packet(1), { ...DELIVERED, timeout: 5 });
    await expect(late).rejects.toMatchObject({ code: 'timeout', peer: 'bob', delivery: 'none' });
    const bob = await join('bob');
    await started;
    expect(bob.heard.filter((line) => line.startsWith('message'))).toEqual([]);
  });
});
