import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FaultyTransport } from '../testing/faulty-transport.ts';
import type { CommunicatorListener, Self, SendOptions } from './communicator.ts';
import { getHub, type Hub } from './local/hub.ts';
import { LocalTransport } from './local/local-transport.ts';
import type { MeshTimes } from './mesh-times.ts';
import { MeshCommunicator } from './mesh.ts';

const DELIVERED: SendOptions = { queue: '', ack: 'delivered' };
const BOB = { name: 'bob', instance: 'bob-1' };

/** One party: what it hears, with the second in which it was heard. */
class Guest {
  readonly heard: string[] = [];
  readonly transport: FaultyTransport;
  readonly communicator: MeshCommunicator;
  readonly #self: Self;
  readonly #begin = performance.now();

  constructor(hub: Hub, name: string, times: MeshTimes = {}, instance = `${name}-1`) {
    const limits = { inboxLimit: 2 ** 26, outboxLimit: 2 ** 28, maxMessageSize: 2 ** 28 };
    this.transport = new FaultyTransport(new LocalTransport(hub));
    this.communicator = new MeshCommunicator({ transport: () => this.transport, eager: true, ...times });
    this.#self = { name, instance, discover: true, packer: 'test', ...limits };
  }

  join(): Promise<void> {
    return this.communicator.initialize(this.#self, this.#listener());
  }

  /** Departures and states of links, since the first link stood. */
  get story(): string[] {
    const first = this.heard.findIndex((line) => line.endsWith('link bob connected'));
    return this.heard.slice(first + 1).filter((line) => /left|link|failed/.test(line));
  }

  #listener(): CommunicatorListener {
    const hear = (line: string): void => {
      this.heard.push(`${((performance.now() - this.#begin) / 1_000).toFixed(2)} ${line}`);
    };
    return {
      joined: (peer, instance) => hear(`joined ${peer} ${instance}`),
      message: (from, _queue, { head }) => hear(`message ${from} ${head.length}`),
      left: (peer, instance, reason) => hear(`left ${peer} ${instance} ${reason}`),
      link: (peer, state) => hear(`link ${peer} ${state}`),
      signaling: (state) => hear(`signaling ${state}`),
      failed: (peer, error) => hear(`failed ${peer} ${error.message}`),
      error: (error) => hear(`error ${error.message}`),
      stopped: (error) => hear(`stopped ${error?.code ?? ''}`),
    };
  }
}

async function meet(alice: Guest, bob: Guest): Promise<void> {
  await alice.join();
  await bob.join();
  while (!alice.communicator.connected('bob')) await Promise.resolve();
}

/** Time passes in small steps, so that no timer is late. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) await vi.advanceTimersByTimeAsync(Math.min(10, left));
}

describe('a silent peer', () => {
  let hub: Hub;
  let rooms = 0;
  beforeEach(() => {
    vi.useFakeTimers();
    hub = getHub(`silence-${rooms++}`);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Alice and bob, connected; from then on alice hears nothing of bob. */
  async function silence(times?: MeshTimes): Promise<readonly [Guest, Guest]> {
    const alice = new Guest(hub, 'alice', times);
    const bob = new Guest(hub, 'bob', { heartbeatInterval: 1e6 });
    await meet(alice, bob);
    alice.transport.deafen();
    return [alice, bob];
  }

  it('M4 is declared dead at the computed instant, by the rule of the seed', async () => {
    const [alice] = await silence({
      heartbeatInterval: [15_000, 15_000, 18_750, 25_000, 37_500, 75_000],
      unresponsiveTimeout: 0,
    });
    await pass(190_000);
    expect(alice.story).toEqual(['186.25 left bob bob-1 unresponsive']);
  });

  it('M5 any traffic defers its death', async () => {
    const [alice, bob] = await silence({ unresponsiveTimeout: 0 });
    await pass(7_000);
    alice.transport.deafen(false);
    await bob.communicator.send('alice', { head: new Uint8Array(1), segments: [] }, DELIVERED);
    alice.transport.deafen();
    await pass(7_990);
    expect(alice.story).toEqual([]);
    await pass(10);
    expect(alice.story).toEqual(['15.00 left bob bob-1 unresponsive']);
  });

  it('is unresponsive while its link stands, no departure; loses nothing; and leaves after its time', async () => {
    const [alice] = await silence();
    const sent = alice.communicator.send('bob', { head: new Uint8Array(7), segments: [] }, DELIVERED);
    await pass(30_000);
    expect(alice.story).toEqual(['8.00 link bob unresponsive']);
    alice.transport.deafen(false);
    await pass(2_000);
    await sent;
    expect(alice.story.slice(1)).toEqual(['32.00 link bob connected']);
    alice.transport.deafen();
    await pass(120_000);
    expect(alice.story.slice(2).map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([
      'link bob unresponsive',
      'left bob bob-1 unresponsive',
    ]);
  });

  it('behind a link that has lost it is looked for over another, and loses nothing', async () => {
    const [alice, bob] = await silence();
    alice.transport.reachable = false;
    const sent = alice.communicator.send('bob', { head: new Uint8Array(7), segments: [] }, DELIVERED);
    await pass(8_500);
    await sent;
    expect(alice.story.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([
      'link bob connecting',
      'link bob connected',
    ]);
    expect(bob.heard.filter((line) => line.includes('message'))).toHaveLength(1);
    expect(alice.communicator.peer('bob')?.reconnects).toBe(1);
  });

  it('whose socket closed five seconds before its last chance is dead', async () => {
    const [alice] = await silence();
    await pass(1_000);
    alice.transport.hears?.disappeared(BOB, 'closed');
    await pass(10_000);
    expect(alice.story[0]).toEqual('8.00 left bob bob-1 killed');
  });

  it('whose socket closed just now is given five seconds', async () => {
    const [alice] = await silence();
    await pass(6_000);
    alice.transport.hears?.disappeared(BOB, 'closed');
    alice.transport.mute = true;
    await pass(10_000);
    expect(alice.story.slice(0, 2)).toEqual(['8.00 link bob connecting', '11.00 left bob bob-1 killed']);
  });

  it('that answers is there, whatever the server says', async () => {
    const [alice] = await silence();
    alice.transport.deafen(false);
    alice.transport.hears?.disappeared(BOB, 'closed');
    await pass(60_000);
    expect(alice.story).toEqual([]);
  });

  it('that said goodbye to the server alone has left within a tenth of a second', async () => {
    const [alice] = await silence();
    await pass(1_000);
    alice.transport.hears?.disappeared(BOB, 'left');
    await pass(100);
    expect(alice.story[0]).toBe('1.05 left bob bob-1 goodbye');
  });

  it('that said goodbye as the server says, and still answers, stays', async () => {
    const [alice] = await silence();
    alice.transport.deafen(false);
    alice.transport.hears?.disappeared(BOB, 'left');
    await pass(10_000);
    expect(alice.story).toEqual([]);
  });

  it('whose link is down and who said goodbye to the server has left at once', async () => {
    const [alice] = await silence();
    alice.transport.mute = true;
    alice.transport.cut();
    await pass(1_000);
    alice.transport.hears?.disappeared(BOB, 'left');
    expect(alice.story).toEqual(['0.00 link bob connecting', '1.00 left bob bob-1 goodbye']);
  });

  it('is waited for anew when we slept while it was', async () => {
    const [alice] = await silence();
    alice.transport.deafen(false);
    alice.transport.mute = true;
    alice.transport.cut();
    await pass(10_000);
    // As after the end of a sleep: all that is due comes at once.
    const clock = performance.now.bind(performance);
    const later = vi.spyOn(performance, 'now').mockImplementation(() => clock() + 60_000);
    await pass(10_000);
    alice.transport.mute = false;
    alice.transport.hears?.state('connected');
    await pass(10_000);
    expect(alice.story.filter((line) => line.includes('left'))).toEqual([]);
    expect(alice.story.at(-1)).toContain('link bob connected');
    later.mockRestore();
  });
});

describe('a first link that broke when only one side knew that it stood', () => {
  /** Bob has heard hello and no welcome; alice has, and sends. Then there is no link for so many ms. */
  async function half(apart: number): Promise<{ alice: Guest; bob: Guest; sent: Promise<unknown> }> {
    const hub = getHub(`half-${apart}`);
    const alice = new Guest(hub, 'alice');
    const bob = new Guest(hub, 'bob');
    await bob.join();
    bob.transport.hearing = 2;
    await alice.join();
    expect(bob.communicator.connected('alice')).toBe(false);
    const sent = alice.communicator.send('bob', { head: new Uint8Array(7), segments: [] }, DELIVERED);
    sent.catch(() => {});
    bob.transport.hearing = Number.POSITIVE_INFINITY;
    for (const { transport } of [alice, bob]) {
      transport.mute = true;
      transport.cut();
    }
    await pass(apart);
    for (const { transport } of [alice, bob]) {
      transport.mute = false;
      transport.hears?.state('connected');
    }
    await pass(15_000);
    return { alice, bob, sent };
  }

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is followed by another within `reconnectTimeout`, and what was sent arrives', async () => {
    const { alice, bob, sent } = await half(25_000);
    await sent;
    expect(alice.story.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([
      'link bob connecting',
      'link bob connected',
    ]);
    expect(
      bob.heard.filter((line) => /message|joined|left|failed/.test(line)).map((line) => line.split(' ')[1]),
    ).toEqual(['joined', 'message']);
  });

  it('fails when there is none for so long, and both begin anew', async () => {
    const { alice, bob, sent } = await half(40_000);
    await expect(sent).rejects.toMatchObject({ code: 'peer-left' });
    expect(alice.story.filter((line) => /left/.test(line))).toEqual(['30.00 left bob bob-1 lost']);
    expect(bob.heard.filter((line) => /joined|left|failed/.test(line)).map((line) => line.split(' ')[1])).toEqual([
      'failed',
      'joined',
    ]);
    await bob.communicator.send('alice', { head: new Uint8Array(3), segments: [] }, DELIVERED);
  });
  it('is waited for no longer when the other left, and who is named may still come', async () => {
    const hub = getHub('half and gone');
    const alice = new Guest(hub, 'alice');
    const bob = new Guest(hub, 'bob');
    await bob.join();
    bob.communicator.addConnection('alice');
    bob.transport.hearing = 2;
    await alice.join();
    bob.transport.hearing = Number.POSITIVE_INFINITY;
    bob.transport.mute = true;
    bob.transport.cut();
    const sent = bob.communicator.send('alice', { head: new Uint8Array(7), segments: [] }, DELIVERED);
    await alice.communicator.shutdown();
    await pass(60_000);
    expect(bob.heard.filter((line) => line.includes('failed'))).toEqual([]);
    bob.transport.mute = false;
    const again = new Guest(hub, 'alice', {}, 'alice-2');
    await again.join();
    await pass(5_000);
    await sent;
  });
});

describe('a name that somebody else claims', () => {
  it('stays with the instance whose link answers; the other is told so', async () => {
    const hub = getHub('claims');
    const alice = new Guest(hub, 'alice');
    const bob = new Guest(hub, 'bob');
    await meet(alice, bob);
    // Another house that knows nothing of bob, as a server that forgot, and lets somebody in under that name.
    const impostor = { name: 'bob', instance: 'bob-0' };
    const answers: unknown[] = [];
    const said = vi.spyOn(hub, 'signal').mockImplementation((_from, to, signal) => {
      if (to.instance === impostor.instance) answers.push(signal);
    });
    alice.transport.hears?.appeared(impostor);
    alice.transport.hears?.signal(impostor, { type: 'ring', to: 'alice-1', link: 0 });
    await vi.waitUntil(() => answers.length > 0);
    said.mockRestore();
    expect(answers).toEqual([
      {
        type: 'refuse',
        to: 'bob-0',
        link: 0,
        code: 'duplicate-peer',
        message: 'alice is connected to another instance of bob, which answers',
      },
    ]);
    expect(alice.story).toEqual([]);
    await bob.communicator.send('alice', { head: new Uint8Array(3), segments: [] }, DELIVERED);
    await alice.communicator.shutdown();
    await bob.communicator.shutdown();
  });

  it('goes to the next instance when the old one is gone and answers no more', async () => {
    vi.useFakeTimers();
    try {
      const hub = getHub('heirs');
      const alice = new Guest(hub, 'alice');
      const bob = new Guest(hub, 'bob');
      await meet(alice, bob);
      alice.transport.deafen();
      alice.transport.hears?.disappeared(BOB, 'closed');
      alice.transport.hears?.appeared({ name: 'bob', instance: 'bob-2' });
      await pass(1_000);
      expect(alice.story[0]).toBe('0.50 left bob bob-1 killed');
    } finally {
      vi.useRealTimers();
    }
  });
});
