import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PoolError } from '../../errors.ts';
import type { Lane, Link, LinkListener } from '../../links/link.ts';
import type { Presence, Signal, TransportListener } from '../transport.ts';
import { BroadcastChannelTransport } from './broadcast-channel-transport.ts';

type Heard =
  | readonly ['appeared' | 'gone', string]
  | readonly ['signal', string, Signal]
  | readonly ['error', string]
  | readonly ['stopped', string];

const MiB = 1024 * 1024;
const leaving: BroadcastChannelTransport[] = [];
const channels: BroadcastChannel[] = [];
let rooms = 0;

afterEach(async () => {
  await Promise.all(leaving.splice(0).map((transport) => transport.leave()));
  for (const channel of channels.splice(0)) channel.close();
});

function newRoom(): string {
  return `room-${++rooms}`;
}

class Party implements TransportListener {
  readonly heard: Heard[] = [];
  readonly transport: BroadcastChannelTransport;
  readonly presence: Presence;

  constructor(room: string, name: string, instance = `${name}-1`) {
    this.transport = new BroadcastChannelTransport({ room });
    this.presence = { name, instance };
    leaving.push(this.transport);
  }

  join(signal = new AbortController().signal): Promise<readonly Presence[]> {
    return this.transport.join(this.presence, this, signal);
  }

  appeared({ instance }: Presence): void {
    this.heard.push(['appeared', instance]);
  }
  disappeared({ instance }: Presence): void {
    this.heard.push(['gone', instance]);
  }
  signal({ instance }: Presence, signal: Signal): void {
    this.heard.push(['signal', instance, signal]);
  }
  state(): void {}
  error({ code }: PoolError): void {
    this.heard.push(['error', code]);
  }
  hasPeers(): boolean {
    return false;
  }
  stopped({ code, reason }: PoolError): void {
    this.heard.push(['stopped', `${code} ${reason}`]);
  }
}

function stranger(name: string): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  channels.push(channel);
  return channel;
}

describe('a room of one origin', () => {
  it('tells the newcomer who was there, in the order in which they came, and them of the newcomer', async () => {
    const room = newRoom();
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => new Party(room, name)) as [Party, Party, Party];
    expect(await carol.join()).toEqual([]);
    expect(await alice.join()).toEqual([carol.presence]);
    expect(await bob.join()).toEqual([carol.presence, alice.presence]);
    await vi.waitUntil(() => carol.heard.length === 2 && alice.heard.length === 1);
    expect(carol.heard).toEqual([
      ['appeared', 'alice-1'],
      ['appeared', 'bob-1'],
    ]);
    expect(alice.heard).toEqual([['appeared', 'bob-1']]);
  });

  it('lets all who join in the same instant know of each other', async () => {
    const room = newRoom();
    const parties = ['a', 'b', 'c', 'd', 'e'].map((name) => new Party(room, name));
    const known = await Promise.all(parties.map((party) => party.join()));
    await vi.waitUntil(() =>
      parties.every((party, i) => (known[i]?.length ?? 0) + party.heard.length === parties.length - 1),
    );
  });

  it('keeps rooms apart', async () => {
    const [here, there] = [new Party(newRoom(), 'alice'), new Party(newRoom(), 'alice')];
    expect(await Promise.all([here.join(), there.join()])).toEqual([[], []]);
  });

  it('says who left', async () => {
    const room = newRoom();
    const [alice, bob] = [new Party(room, 'alice'), new Party(room, 'bob')];
    await alice.join();
    await bob.join();
    await bob.transport.leave();
    await vi.waitUntil(() => alice.heard.length === 2);
    expect(alice.heard).toEqual([
      ['appeared', 'bob-1'],
      ['gone', 'bob-1'],
    ]);
  });

  it('carries signals in order, from the very end of join on', async () => {
    const room = newRoom();
    const [alice, bob] = [new Party(room, 'alice'), new Party(room, 'bob')];
    await alice.join();
    await bob.join();
    for (let link = 0; link < 20; link++) bob.transport.signal(alice.presence, { type: 'ring', to: 'alice-1', link });
    await vi.waitUntil(() => alice.heard.length === 21);
    expect(alice.heard[0]).toEqual(['appeared', 'bob-1']);
    expect(alice.heard.slice(1).map((heard) => (heard[2] as Signal).link)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
  });

  it('is left without a trace when the join is aborted, with the very reason', async () => {
    const room = newRoom();
    const [alice, again] = [new Party(room, 'alice'), new Party(room, 'alice', 'alice-2')];
    const abort = new AbortController();
    const joining = alice.join(abort.signal);
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(joining).rejects.toBe(reason);
    expect(await again.join()).toEqual([]);
    await expect(alice.join()).rejects.toMatchObject({ code: 'illegal-state' });
  });

  it('can be left while joining, and twice', async () => {
    const alice = new Party(newRoom(), 'alice');
    const joining = alice.join();
    await Promise.all([
      expect(joining).rejects.toMatchObject({ code: 'closed' }),
      alice.transport.leave(),
      alice.transport.leave(),
    ]);
  });
});

describe('a name', () => {
  it('is refused while somebody has it, and free at once when they have left', async () => {
    const room = newRoom();
    const [alice, thief, heir] = ['1', '2', '3'].map((life) => new Party(room, 'alice', life)) as [Party, Party, Party];
    await alice.join();
    await expect(thief.join()).rejects.toMatchObject({ code: 'duplicate-peer', peer: 'alice' });
    await alice.transport.leave();
    expect(await heir.join()).toEqual([]);
    expect(alice.heard).toEqual([]);
  });

  it('goes to exactly one of those who claim it in the same instant', async () => {
    const room = newRoom();
    const parties = ['3', '1', '2'].map((life) => new Party(room, 'alice', life));
    const results = await Promise.allSettled(parties.map((party) => party.join()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(parties.flatMap((party) => party.heard)).toEqual([]);
  });

  it('is left by the younger of two who find out late', async () => {
    const room = newRoom();
    const [alice, bob] = [new Party(room, 'alice'), new Party(room, 'bob')];
    await alice.join();
    await bob.join();
    stranger(`peerpool/${room}`).postMessage({ type: 'here', from: { name: 'alice', instance: 'elder', since: 1 } });
    await vi.waitUntil(() => alice.heard.some(([type]) => type === 'stopped'));
    expect(alice.heard.at(-1)).toEqual(['stopped', 'duplicate-peer replaced']);
    // The elder stands, and bob hears who is gone and who is there.
    await vi.waitUntil(() => bob.heard.length === 2);
    expect(new Set(bob.heard)).toEqual(
      new Set([
        ['gone', 'alice-1'],
        ['appeared', 'elder'],
      ]),
    );
  });

  it('stays with the elder of two who find out late', async () => {
    const room = newRoom();
    const alice = new Party(room, 'alice');
    await alice.join();
    const younger = stranger(`peerpool/${room}/younger`);
    const told = new Promise((resolve) => (younger.onmessage = ({ data }) => resolve(data)));
    const since = Date.now() + 60_000;
    stranger(`peerpool/${room}`).postMessage({ type: 'here', from: { name: 'alice', instance: 'younger', since } });
    expect(await told).toMatchObject({ type: 'taken', from: alice.presence, held: true });
    expect(alice.heard).toEqual([]);
  });

  it('passes on from somebody who died in silence', async () => {
    const room = newRoom();
    const bob = new Party(room, 'bob');
    await bob.join();
    const dead = { name: 'alice', instance: 'dead', since: 1 };
    stranger(`peerpool/${room}`).postMessage({ type: 'here', from: dead });
    await vi.waitUntil(() => bob.heard.length === 1);
    await new Party(room, 'alice').join();
    await vi.waitUntil(() => bob.heard.length === 3);
    expect(bob.heard).toEqual([
      ['appeared', 'dead'],
      ['gone', 'dead'],
      ['appeared', 'alice-1'],
    ]);
  });
});

describe('a stranger of the same origin', () => {
  it.each([
    ['nothing', undefined],
    ['text', 'hello'],
    ['an unknown type', { type: 'party' }],
    ['nobody', { type: 'here', from: null }],
    ['no time', { type: 'here', from: { name: 'x', instance: 'x' } }],
    ['an empty name', { type: 'gone', from: { name: '', instance: 'x' } }],
    ['a broken signal', { type: 'signal', from: { name: 'x', instance: 'x' }, signal: { type: 'ring' } }],
  ])('is an error event when it posts %s, and nothing more', async (_, garbage) => {
    const room = newRoom();
    const alice = new Party(room, 'alice');
    await alice.join();
    stranger(`peerpool/${room}`).postMessage(garbage);
    stranger(`peerpool/${room}/alice-1`).postMessage(garbage);
    await vi.waitUntil(() => alice.heard.length === 2);
    expect(alice.heard).toEqual([
      ['error', 'malformed'],
      ['error', 'malformed'],
    ]);
  });

  it('is not heard after its goodbye: a late signal brings nobody back', async () => {
    const room = newRoom();
    const alice = new Party(room, 'alice');
    await alice.join();
    const from = { name: 'bob', instance: 'bob-1', since: 1 };
    const everyone = stranger(`peerpool/${room}`);
    everyone.postMessage({ type: 'here', from });
    everyone.postMessage({ type: 'gone', from });
    await vi.waitUntil(() => alice.heard.length === 2);
    const own = stranger(`peerpool/${room}/alice-1`);
    own.postMessage({ type: 'signal', from, signal: { type: 'ring', to: 'alice-1', link: 0 } });
    own.postMessage('fence');
    await vi.waitUntil(() => alice.heard.some(([type]) => type === 'error'));
    expect(alice.heard.map(([type]) => type)).toEqual(['appeared', 'gone', 'error']);
  });
});

class End implements LinkListener {
  link: Link | undefined;
  readonly packets: Uint8Array[] = [];
  readonly lanes: Lane[] = [];
  readonly drains: Lane[] = [];
  end: 'open' | 'closed' | Error = 'open';

  opened(link: Link): void {
    this.link = link;
  }
  packet(lane: Lane, bytes: Uint8Array): void {
    this.lanes.push(lane);
    this.packets.push(bytes);
  }
  drained(lane: Lane): void {
    this.drains.push(lane);
  }
  closed(error?: Error): void {
    this.end = error ?? 'closed';
  }
}

/** Two ends; what they negotiate passes by hand, so that a test can get hold of it. */
function dial(): {
  readonly ends: readonly [End, End];
  readonly attempts: readonly ReturnType<typeof open>[];
  readonly said: unknown[];
} {
  const room = newRoom();
  const [alice, bob] = [new Party(room, 'alice'), new Party(room, 'bob')];
  const ends = [new End(), new End()] as const;
  const said: unknown[] = [];
  const responder = open(bob, alice.presence, 'responder', () => {}, ends[1]);
  const initiator = open(
    alice,
    bob.presence,
    'initiator',
    (data) => {
      said.push(data);
      responder.negotiate(structuredClone(data));
    },
    ends[0],
  );
  return { ends, attempts: [initiator, responder], said };
}

function open(
  { transport }: Party,
  ...[peer, role, negotiate, listener]: Parameters<BroadcastChannelTransport['dial']>
) {
  return transport.dial(peer, role, negotiate, listener);
}

async function connect() {
  const { ends, ...rest } = dial();
  await vi.waitUntil(() => ends.every(({ link }) => link));
  return { ends, links: ends.map(({ link }) => link as Link) as [Link, Link], ...rest };
}

describe('a link between two pages of one origin', () => {
  it('opens at both ends and carries what is sent at once, each lane in order', async () => {
    const { ends, links } = await connect();
    for (let i = 0; i < 100; i++) links[i % 2 ? 0 : 1].send(i % 3 ? 0 : 1, Uint8Array.of(i));
    await vi.waitUntil(() => ends[0].packets.length + ends[1].packets.length === 100);
    expect(ends[1].packets.map(([byte]) => byte)).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i + 1));
    expect(ends[1].lanes).toEqual(Array.from({ length: 50 }, (_, i) => ((2 * i + 1) % 3 ? 0 : 1)));
    expect(links.map(({ kind }) => kind)).toEqual(['broadcast-channel', 'broadcast-channel']);
  });

  it('copies a packet, and only what the view shows', async () => {
    const { ends, links } = await connect();
    const whole = Uint8Array.of(1, 2, 3, 4);
    links[0].send(0, whole.subarray(1, 3));
    whole.fill(9);
    await vi.waitUntil(() => ends[1].packets.length === 1);
    expect(ends[1].packets).toEqual([Uint8Array.of(2, 3)]);
    expect(ends[1].packets[0]?.buffer.byteLength).toBe(2);
  });

  it('takes at most 4 MiB that nobody has taken, and drains when they are', async () => {
    const { ends, links } = await connect();
    const packet = new Uint8Array(links[0].packetBytes);
    let sent = 0;
    for (const lane of [0, 1] as const) for (; links[0].ready(lane); sent++) links[0].send(lane, packet);
    expect(sent * packet.byteLength).toBeGreaterThan(3 * MiB);
    expect(sent * packet.byteLength).toBeLessThanOrEqual(4 * MiB);
    await vi.waitUntil(() => ends[1].packets.length === sent && ends[0].drains.length === 2);
    expect(new Set(ends[0].drains)).toEqual(new Set([0, 1]));
    expect([links[0].ready(0), links[0].ready(1)]).toEqual([true, true]);
  });

  it('never stays full: whatever the sizes, a taken lane is ready', async () => {
    const { ends, links } = await connect();
    let sent = 0;
    for (const size of [0, 1, 300_000, 262_144, 17]) {
      for (; links[0].ready(0); sent++) links[0].send(0, new Uint8Array(Math.min(size, links[0].packetBytes)));
      await vi.waitUntil(() => ends[1].packets.length === sent && links[0].ready(0));
    }
    expect(ends[0].end).toBe('open');
  });

  it('is closed for the other end when one closes, after all that was sent before', async () => {
    const { ends, links, attempts } = await connect();
    links[0].send(0, Uint8Array.of(7));
    links[0].close();
    attempts[0]?.close();
    await vi.waitUntil(() => ends[1].end === 'closed');
    expect(ends[1].packets).toHaveLength(1);
    expect(ends[0].end).toBe('open');
    links[0].send(0, Uint8Array.of(8));
    expect(links[0].ready(0)).toBe(false);
  });

  it('can be abandoned before it is open', async () => {
    const { ends, attempts } = dial();
    attempts[0]?.close();
    attempts[1]?.negotiate({ key: 'f'.repeat(32) });
    attempts[1]?.close();
    attempts[1]?.negotiate({ key: 'f'.repeat(32) });
    await connect();
    expect(ends.map(({ end, link }) => [end, link])).toEqual([
      ['open', undefined],
      ['open', undefined],
    ]);
  });

  it.each([[undefined], [{}], [{ key: 7 }], [{ key: 'short' }]])(
    'is closed by a stranger who negotiates %j',
    async (data) => {
      const end = new End();
      const attempt = open(new Party(newRoom(), 'alice'), { name: 'bob', instance: 'b' }, 'responder', () => {}, end);
      attempt.negotiate(data);
      await vi.waitUntil(() => end.end !== 'open');
      expect(end.end).toBeInstanceOf(TypeError);
    },
  );

  it.each([
    ['text', 'hello'],
    ['a third lane', { type: 'packet', lane: 2, bytes: new ArrayBuffer(1) }],
    ['a view', { type: 'packet', lane: 0, bytes: new Uint8Array(1) }],
    ['more taken than sent', { type: 'taken', lane: 0, total: 1 }],
    ['no number', { type: 'taken', lane: 0, total: NaN }],
  ])('is closed when a stranger posts %s into it', async (_, garbage) => {
    const { ends, said } = await connect();
    const { key } = said[0] as { key: string };
    stranger(`peerpool/room-${rooms}/link/${key}`).postMessage(garbage);
    await vi.waitUntil(() => ends.every(({ end }) => end !== 'open'));
    expect(ends.some(({ end }) => end instanceof Error)).toBe(true);
  });

  it('is closed without an error at the other end when its transport leaves', async () => {
    const { ends } = await connect();
    await leaving[0]?.leave();
    await vi.waitUntil(() => ends[1].end === 'closed');
    expect(ends[0].end).toBe('open');
  });
});
