import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Presence, TransportListener } from '../transport.ts';
import { FakeLocks } from '../testing/fake-locks.ts';
import { BroadcastChannelTransport } from './broadcast-channel-transport.ts';

const leaving: BroadcastChannelTransport[] = [];
let rooms = 0;

afterEach(async () => {
  await Promise.all(leaving.splice(0).map((transport) => transport.leave()));
});

function party(room: string, locks: FakeLocks, name: string, instance = `${name}-1`) {
  const transport = new BroadcastChannelTransport({ room, locks: locks.manager });
  leaving.push(transport);
  const heard: string[] = [];
  const listener: TransportListener = {
    appeared: (peer: Presence) => heard.push(`appeared ${peer.instance}`),
    disappeared: (peer, how) => heard.push(`gone ${peer.instance} ${how === 'ended' ? 'for certain' : 'it seems'}`),
    signal: () => {},
    state: () => {},
    error: ({ message }) => heard.push(message),
    hasPeers: () => false,
    stopped: ({ code, reason }) => heard.push(`stopped ${code} ${reason}`),
  };
  return {
    transport,
    heard,
    join: (signal = new AbortController().signal) => transport.join({ name, instance }, listener, signal),
  };
}

describe('a name with a lock', () => {
  it('is refused while it is held, and free at once when its holder has left', async () => {
    const [room, locks] = [`locks-${++rooms}`, new FakeLocks()];
    const [alice, thief, heir] = ['1', '2', '3'].map((life) => party(room, locks, 'alice', life));
    await alice?.join();
    await expect(thief?.join()).rejects.toMatchObject({ code: 'duplicate-peer', peer: 'alice' });
    await alice?.transport.leave();
    expect(await heir?.join()).toEqual([]);
  });

  it('is not refused because the browser takes its time', async () => {
    const [room, locks] = [`locks-${++rooms}`, new FakeLocks()];
    locks.slowness = 200;
    expect(await party(room, locks, 'alice').join()).toEqual([]);
  });

  it('goes to exactly one of those who claim it in the same instant', async () => {
    const [room, locks] = [`locks-${++rooms}`, new FakeLocks()];
    const parties = ['3', '1', '2'].map((life) => party(room, locks, 'alice', life));
    const results = await Promise.allSettled(parties.map(({ join }) => join()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('passes to a reloaded page whose former life is just ending', async () => {
    const [room, locks] = [`locks-${++rooms}`, new FakeLocks()];
    const [before, after] = [party(room, locks, 'alice', 'before'), party(room, locks, 'alice', 'after')];
    await before.join();
    const joining = after.join();
    await vi.waitUntil(() => locks.open.filter((lock) => lock.endsWith('/name/alice')).length === 2);
    locks.kill('/before', '/alice');
    expect(Array.isArray(await joining)).toBe(true);
  });

  it('tells all others of a death at once and for certain', async () => {
    const [room, locks] = [`locks-${++rooms}`, new FakeLocks()];
    const [alice, bob, carol] = [party(room, locks, 'alice'), party(room, locks, 'bob'), party(room, locks, 'carol')];
    await alice.join();
    await bob.join();
    await carol.join();
    locks.kill('/alice-1', '/alice');
    await vi.waitUntil(() => bob.heard.length === 2 && carol.heard.length === 1);
    expect(bob.heard).toEqual(['appeared carol-1', 'gone alice-1 for certain']);
    expect(carol.heard).toEqual(['gone alice-1 for certain']);
  });

  it('is lost to whoever steals it', async () => {
    const [room, locks] = [`locks-${++rooms}`, new FakeLocks()];
    const alice = party(room, locks, 'alice');
    await alice.join();
    locks.steal(`peerpool/${room}/name/alice`);
    await vi.waitUntil(() => alice.heard.length > 0);
    expect(alice.heard).toEqual(['stopped duplicate-peer replaced']);
  });

  it('leaves no lock behind, after a leave, an abort and a refusal', async () => {
    const [room, locks] = [`locks-${++rooms}`, new FakeLocks()];
    const [alice, bob, thief] = [
      party(room, locks, 'alice'),
      party(room, locks, 'bob'),
      party(room, locks, 'alice', 'x'),
    ];
    await alice.join();
    await expect(thief.join()).rejects.toMatchObject({ code: 'duplicate-peer' });
    const abort = new AbortController();
    const joining = bob.join(abort.signal);
    abort.abort(new Error('enough'));
    await expect(joining).rejects.toThrow('enough');
    await party(room, locks, 'carol').join();
    await Promise.all(leaving.map((transport) => transport.leave()));
    await vi.waitUntil(() => locks.open.length === 0);
  });
});
