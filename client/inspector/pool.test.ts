/** The inspector's parts that need no page, over real pools in this process. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { getHub, LocalCommunicator, Pool } from '../src/index.ts';
import { defineInspector, inspect } from './index.ts';
import { Journal } from './journal.ts';
import { Observation } from './observation.ts';
import { peerFigures } from './peer-figures.ts';
import { parseLinks, shareLinks } from './shared-links.ts';
import { takeSnapshot } from './snapshot.ts';

const pools: Pool[] = [];
const ends: (() => void)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  for (const end of ends.splice(0)) end();
  await Promise.all(pools.splice(0).map((pool) => pool[Symbol.asyncDispose]()));
});

let hubs = 0;
async function meet(...names: readonly string[]): Promise<Pool[]> {
  const hub = getHub(`inspected-${++hubs}`);
  const made = names.map((name) => new Pool(name, new LocalCommunicator({ hub })));
  pools.push(...made);
  await Promise.all(made.map((pool) => pool.initialize()));
  await Promise.all(made.map((pool) => pool.waitFor(names.length - 1)));
  return made;
}

function journalOf(pool: Pool): Journal {
  const journal = new Journal(pool);
  ends.push(() => journal.end());
  return journal;
}

function observe(pool: Pool, journal: Journal, share = false): Observation {
  const observation = new Observation(pool, journal, share, () => {});
  ends.push(() => observation.end());
  return observation;
}

describe('a journal', () => {
  it('tells of a pool from before its beginning to after its end', async () => {
    const hub = getHub('whole');
    const alice = new Pool('alice', new LocalCommunicator({ hub }));
    const bob = new Pool('bob', new LocalCommunicator({ hub }));
    pools.push(alice, bob);
    const journal = journalOf(alice);
    await Promise.all([alice.initialize(), bob.initialize()]);
    await alice.waitFor('bob');
    await bob.shutdown();
    await vi.waitFor(() => expect(journal.departed).toEqual(new Map([['bob', 'goodbye']])));
    await alice.shutdown();
    const told = journal.log.entries.map(({ kind, peer, text }) => `${kind} ${peer ?? '-'} ${text}`);
    expect(told[0]).toBe('state - pool started, signaling connecting');
    expect(told).toContain('link bob connected, local');
    expect(told).toContain(`join bob is here as ${bob.instance}`);
    expect(told).toContain('leave bob goodbye');
    expect(told.at(-1)).toMatch(/^state - pool stopped/);
    expect(journal.takeNews()).toEqual(['bob joined', 'bob left, goodbye']);
    expect(journal.takeNews()).toEqual([]);
  });

  it('hears errors, with what they know, and keeps none from the page', async () => {
    const reported: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    const [alice, bob] = await meet('alice', 'bob');
    const journal = journalOf(alice as Pool);
    alice?.onMessage(() => {
      throw new RangeError('a bug of the app');
    });
    await bob?.send('alice', 1, { ack: 'consumed' });
    await vi.waitFor(() => expect(journal.log.entries).toHaveLength(1));
    expect(journal.log.entries[0]).toMatchObject({
      kind: 'error',
      text: 'a bug of the app',
      details: { name: 'RangeError' },
    });
    expect(reported).toHaveLength(1);
  });

  it('hears nothing more when it has ended', async () => {
    const [alice, bob] = await meet('alice', 'bob');
    const journal = new Journal(alice as Pool);
    journal.end();
    await bob?.shutdown();
    await alice?.shutdown();
    expect(journal.log.total).toBe(0);
  });
});

describe('figures of peers', () => {
  it('say who is here, who is awaited, and who left and why', async () => {
    const [alice, bob] = (await meet('alice', 'bob', 'carol')) as [Pool, Pool, Pool];
    const journal = journalOf(alice);
    alice.addClient('dave');
    await bob.shutdown();
    await vi.waitFor(() => expect(journal.departed.has('bob')).toBe(true));
    const said = peerFigures(alice, journal.departed).map(({ name, state, reason, kind }) => [
      name,
      state,
      reason,
      kind,
    ]);
    expect(said).toEqual([
      ['carol', 'connected', undefined, 'local'],
      ['dave', expect.stringMatching(/^(awaited|connecting)$/), undefined, undefined],
      ['bob', 'left', 'goodbye', undefined],
    ]);
  });
});

describe('an observation', () => {
  it('counts from its beginning to its end, measures, and leaves no timer and no tap', async () => {
    const [alice, bob] = (await meet('alice', 'bob')) as [Pool, Pool];
    const taps = vi.spyOn(alice, 'tap');
    const journal = journalOf(alice);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const observation = new Observation(alice, journal, false, () => {});
    expect(vi.getTimerCount()).toBe(1);
    await bob.send('alice', new Uint8Array(1000), 'bulk');
    await alice.send('bob', 'a word');
    expect(
      observation.tally.rows.map(({ msgId, messagesSent, messagesReceived }) => [
        msgId,
        messagesSent,
        messagesReceived,
      ]),
    ).toEqual([
      ['bulk', 0, 1],
      [undefined, 1, 0],
    ]);
    vi.advanceTimersByTime(500);
    await vi.waitFor(() => expect(alice.stats().peers.get('bob')?.roundTripTime).toBeDefined());
    observation.end();
    expect(vi.getTimerCount()).toBe(0);
    await alice.send('bob', 'more');
    expect(observation.tally.rows.reduce((sum, { messagesSent }) => sum + messagesSent, 0)).toBe(1);
    expect(taps).toHaveBeenCalledTimes(2);
  });

  it('is told once a second', async () => {
    const [alice] = (await meet('alice', 'bob')) as [Pool, Pool];
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const looked = vi.fn();
    const observation = new Observation(alice, journalOf(alice), false, looked);
    ends.push(() => observation.end());
    vi.advanceTimersByTime(10_000);
    expect(looked).toHaveBeenCalledTimes(10);
  });
});

describe('sharing', () => {
  it('shows links among others where both sides share, and nothing where one does not', async () => {
    const [alice, bob] = (await meet('alice', 'bob', 'carol')) as [Pool, Pool, Pool];
    ends.push(shareLinks(bob));
    const deaf = observe(alice, journalOf(alice));
    const curious = observe(alice, journalOf(alice), true);
    await vi.waitFor(
      () => expect(curious.far).toEqual([expect.objectContaining({ between: ['bob', 'carol'], kind: 'local' })]),
      {
        timeout: 5000,
      },
    );
    expect(deaf.far).toEqual([]);
  });

  it('exposes once for several inspectors of a pool, and nothing when the last has gone', async () => {
    const [alice, bob] = (await meet('alice', 'bob')) as [Pool, Pool];
    const [one, other] = [shareLinks(bob), shareLinks(bob)];
    const ask = (): Promise<unknown> => alice.call('bob', 'peerpool.inspector.links');
    one();
    one();
    expect(await ask()).toEqual([expect.objectContaining({ name: 'alice', state: 'connected', kind: 'local' })]);
    other();
    await expect(ask()).rejects.toMatchObject({ code: 'remote', reason: 'unknown-method' });
    shareLinks(bob)();
  });

  it('believes nothing that makes no sense', () => {
    const good = { name: 'bob', state: 'connected', kind: 'relay', roundTripTime: 3 };
    const odd = { name: 'eve', state: 'connecting', kind: 'smoke signals', roundTripTime: Number.NaN };
    const bad = [null, 7, 'bob', {}, { name: 7, state: 'connected' }, { name: 'bob', state: 'fine' }];
    expect(parseLinks([good, odd, ...bad])).toEqual([
      good,
      { name: 'eve', state: 'connecting', kind: undefined, roundTripTime: undefined },
    ]);
    for (const value of [undefined, null, 7, 'links', {}, new Map()]) expect(parseLinks(value)).toEqual([]);
    expect(parseLinks(Array.from({ length: 100_000 }, () => good)).length).toBeLessThanOrEqual(512);
  });
});

describe('a snapshot', () => {
  it('is whole, survives JSON, and knows what there is also when nobody looked', async () => {
    const [alice, bob] = (await meet('alice', 'bob')) as [Pool, Pool];
    const journal = journalOf(alice);
    const closed = takeSnapshot(alice, journal, undefined);
    expect(closed).toMatchObject({ messages: undefined, peers: [{ name: 'bob', state: 'connected', history: [] }] });
    const observation = observe(alice, journal);
    await alice.send('bob', 'there', 'id');
    await bob.shutdown();
    await vi.waitFor(() => expect(journal.log.total).toBeGreaterThan(0));
    const open = takeSnapshot(alice, journal, observation);
    const read = JSON.parse(JSON.stringify(open)) as typeof open;
    expect(read).toMatchObject({
      format: 'peerpool-inspector',
      version: 1,
      pool: { name: 'alice', instance: alice.instance, state: 'started', total: { messagesSent: 1 } },
      messages: { rows: [{ kind: 'message', msgId: 'id', messagesSent: 1 }] },
      peers: [{ name: 'bob', state: 'left', reason: 'goodbye' }],
    });
    expect(read.events.entries.map(({ kind }) => kind)).toContain('leave');
    expect(Number.isNaN(Date.parse(read.events.entries[0]?.time ?? ''))).toBe(false);
    expect(JSON.parse(JSON.stringify(takeSnapshot(undefined, undefined, undefined)))).toMatchObject({ peers: [] });
  });
});

describe('without a page', () => {
  it('is imported and defined without effect, and says that there is nothing to show it in', async () => {
    const [alice] = (await meet('alice')) as [Pool];
    expect(() => defineInspector()).not.toThrow();
    expect(() => inspect(alice)).toThrow('an inspector is shown in a page');
    expect(() => inspect(alice, { shortcut: 'Alt' })).toThrow(TypeError);
  });
});
