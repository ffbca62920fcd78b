import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import { Pool } from './pool.ts';
import type { Passage } from './tap.ts';

describe('a tap', () => {
  let alice: Pool;
  let bob: Pool;
  const told: string[] = [];
  const line = (way: string, { peer, kind, msgId, bytes }: Passage): number =>
    told.push(`${way} ${peer} ${kind} ${String(msgId)}${bytes > 0 ? '' : ' of no bytes'}`);
  const whole = {
    sent: (passage: Passage) => line('to', passage),
    received: (passage: Passage) => line('from', passage),
  };

  beforeEach(async () => {
    told.length = 0;
    const hub = new Hub('tap');
    [alice, bob] = [
      ['alice', 'bob'],
      ['bob', 'alice'],
    ].map(([name = '', client = '']) => new Pool(name, new LocalCommunicator({ hub }), { clients: [client] })) as [
      Pool,
      Pool,
    ];
    await Promise.all([alice.initialize(), bob.initialize()]);
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await Promise.all([alice.shutdown(), bob.shutdown()]);
  });

  it('hears what leaves and what comes, of every kind, with its id', async () => {
    bob.onRequest(() => 'fine', 'ask');
    bob.expose({ add: (one: number, other: number) => one + other });
    alice.tap(whole);
    const steps: (readonly [() => Promise<unknown>, readonly string[]])[] = [
      [() => alice.send('bob', 1, 'sum'), ['to bob message sum']],
      [() => alice.send('bob', 1), ['to bob message undefined']],
      [() => bob.send('alice', 1, ''), ['from bob message ']],
      [() => alice.request('bob', 'how', 'ask'), ['to bob request ask', 'from bob answer undefined']],
      [() => alice.call('bob', 'add', [1, 2]), ['to bob call add', 'from bob answer undefined']],
      [
        () => Promise.all([alice.barrier('round'), bob.barrier('round')]),
        ['to bob barrier round of no bytes', 'from bob barrier round of no bytes'],
      ],
    ];
    for (const [act, expected] of steps) {
      told.length = 0;
      await act();
      expect([...told].sort()).toEqual([...expected].sort());
    }
  });

  it('hears a stream: its offer by its id, its bytes without', async () => {
    bob.tap(whole);
    const reading = bob.recvStream('alice', 'file');
    const sent = alice.sendStream('bob', new Uint8Array(100), 'file');
    expect(await new Response((await reading).stream).arrayBuffer()).toHaveProperty('byteLength', 100);
    await sent;
    expect(told.slice(0, 1)).toEqual(['from alice stream file']);
    expect(told.filter((line) => line === 'from alice stream undefined').length).toBeGreaterThan(0);
  });

  it('counts bytes as the statistics do, and nothing of what one sends to oneself', async () => {
    let bytes = 0;
    alice.tap({ sent: (passage) => (bytes += passage.bytes), received: () => expect.fail('nothing came') });
    await alice.send('bob', new Uint8Array(200_000), 'bulk');
    await alice.send('bob', 'a word');
    await alice.send('alice', 'to myself');
    await alice.recv('alice');
    expect(bytes).toBe(alice.stats().total.bytesSent);
  });

  it('hears each recipient of a broadcast, and nothing when it was taken off', async () => {
    const off = alice.tap(whole);
    const again = alice.tap(whole);
    await alice.broadcast('all', 'news');
    expect(told).toEqual(['to bob message news', 'to bob message news']);
    off();
    off();
    await alice.broadcast('all', 'news');
    expect(told).toHaveLength(3);
    again();
    await alice.broadcast('all', 'news');
    expect(told).toHaveLength(3);
  });

  it('that throws keeps no message from anybody', async () => {
    const reported: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    const fault = new Error('a bug of the tool');
    const bad = (): never => {
      throw fault;
    };
    alice.tap({ sent: bad });
    bob.tap({ received: bad });
    bob.tap(whole);
    await alice.send('bob', 'there', 'id');
    expect(await bob.recv('alice', 'id')).toBe('there');
    expect(reported).toEqual([fault, fault]);
    expect(told).toEqual(['from alice message id']);
  });

  it('hears errors, and keeps none from reportError that nobody listens to', async () => {
    const [reported, heard]: [unknown[], Error[]] = [[], []];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    bob.tap({ error: (error) => heard.push(error) });
    const fault = new Error('a bug of the app');
    bob.onMessage(
      () => {
        throw fault;
      },
      { msgId: 'bug' },
    );
    await alice.send('bob', 1, { msgId: 'bug', ack: 'consumed' });
    await vi.waitFor(() => expect(heard).toEqual([fault]));
    expect(reported).toEqual([fault]);
    bob.on('error', () => {});
    await alice.send('bob', 2, { msgId: 'bug', ack: 'consumed' });
    await vi.waitFor(() => expect(heard).toEqual([fault, fault]));
    expect(reported).toEqual([fault]);
  });

  it('is an object', () => {
    expect(() => alice.tap(undefined as never)).toThrow(TypeError);
  });
});
