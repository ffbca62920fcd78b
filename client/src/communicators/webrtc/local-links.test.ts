import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Link, LinkListener } from '../../links/link.ts';
import { FakeLocks } from '../testing/fake-locks.ts';
import type { Attempt, Presence, TransportListener } from '../transport.ts';
import { LocalLinks } from './local-links.ts';

const ending: LocalLinks[] = [];
let rooms = 0;

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(ending.splice(0).map((links) => links.leave()));
});

const presence = (name: string): Presence => ({ name, instance: `${name}-1` });

function party(room: string, locks: FakeLocks, name: string) {
  const links = new LocalLinks({ room, locks: locks.manager });
  ending.push(links);
  const heard: string[] = [];
  const listener: TransportListener = {
    appeared: () => {},
    disappeared: ({ instance }, how) => heard.push(`${instance} ${how}`),
    signal: () => {},
    state: () => {},
    error: ({ message }) => heard.push(message),
    hasPeers: () => false,
    stopped: () => {},
  };
  return { links, heard, join: () => links.join(presence(name), listener) };
}

/** What becomes of an attempt. */
function listening() {
  const told: string[] = [];
  let link: Link | undefined;
  const listener: LinkListener = {
    opened: (open) => {
      link = open;
      told.push(`opened ${open.kind}`);
    },
    packet: (lane, bytes) => told.push(`packet ${lane} ${bytes.join()}`),
    drained: () => {},
    closed: (error) => told.push(`closed ${error?.message}`),
  };
  return { told, listener, link: () => link };
}

/** Two instances in one browser, and a link between them. */
async function couple() {
  const [room, locks] = [`local-${++rooms}`, new FakeLocks()];
  const [alice, bob] = [party(room, locks, 'alice'), party(room, locks, 'bob')];
  await Promise.all([alice.join(), bob.join()]);
  const [near, far] = [listening(), listening()];
  const answer = bob.links.dial(presence('alice'), 'responder', () => {}, far.listener);
  const offer = alice.links.dial(
    presence('bob'),
    'initiator',
    (data) => queueMicrotask(() => answer.negotiate(data)),
    near.listener,
  );
  await vi.waitUntil(() => near.told.length > 0 && far.told.length > 0);
  expect([near.told, far.told]).toEqual([['opened broadcast-channel'], ['opened broadcast-channel']]);
  return { room, locks, alice, bob, near, far, offer, answer };
}

/** An offer of a link that nobody answers. */
function unanswered(of: { readonly links: LocalLinks }, to: string): Attempt & ReturnType<typeof listening> {
  const heard = listening();
  const attempt = of.links.dial(presence(to), 'initiator', () => {}, heard.listener);
  return { ...heard, negotiate: (data) => attempt.negotiate(data), close: () => attempt.close() };
}

describe('links within one browser', () => {
  it('are for those who hold the lock of their instance there, and for nobody else', async () => {
    const [room, locks] = [`local-${++rooms}`, new FakeLocks()];
    const [alice, bob] = [party(room, locks, 'alice'), party(room, locks, 'bob')];
    await alice.join();
    expect(await alice.links.reaches(presence('bob'))).toBe(false);
    await bob.join();
    expect(locks.open).toEqual([`peerpool/${room}/local/alice-1`, `peerpool/${room}/local/bob-1`]);
    expect(await alice.links.reaches(presence('bob'))).toBe(true);
    expect(await bob.links.reaches(presence('alice'))).toBe(true);
    expect(await party(room, locks, 'carol').links.reaches(presence('bob'))).toBe(false);
    await bob.links.leave();
    expect(await alice.links.reaches(presence('bob'))).toBe(false);
  });

  it('carry packets under a key that both ends know', async () => {
    const { near, far } = await couple();
    near.link()?.send(1, new Uint8Array([1, 2, 3]));
    await vi.waitUntil(() => far.told.length > 1);
    expect(far.told[1]).toBe('packet 1 1,2,3');
    expect(near.link()?.binding).toEqual(far.link()?.binding);
  });

  it('tell of a death at once and for certain, and of it only', async () => {
    const { locks, alice, bob } = await couple();
    locks.kill('/bob-1');
    await vi.waitUntil(() => alice.heard.length > 0);
    expect(alice.heard).toEqual(['bob-1 ended']);
    expect(bob.heard).toEqual([]);
  });

  it('leave no lock when they end, and none that waits', async () => {
    const { room, locks, alice, bob, near, far, offer } = await couple();
    expect(locks.open).toHaveLength(4);
    offer.close();
    await vi.waitUntil(() => far.told.length > 1);
    expect(far.told[1]).toBe('closed undefined');
    expect(near.told).toHaveLength(1);
    expect(locks.open).toEqual([`peerpool/${room}/local/alice-1`, `peerpool/${room}/local/bob-1`]);
    await Promise.all([alice.links.leave(), bob.links.leave()]);
    await vi.waitUntil(() => locks.open.length === 0);
    expect([alice.heard, bob.heard]).toEqual([[], []]);
  });

  it('take turns with other ways while they do not come about', async () => {
    const { alice, offer } = await couple();
    offer.close();
    const reaches = (): Promise<boolean> => alice.links.reaches(presence('bob'));
    expect(await reaches()).toBe(true);
    unanswered(alice, 'bob').close();
    expect(await reaches()).toBe(false);
    expect(await reaches()).toBe(true);
  });

  it('are given up when no channel opens in time, with a sentence', async () => {
    const { alice, offer } = await couple();
    offer.close();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { told } = unanswered(alice, 'bob');
    vi.advanceTimersByTime(4_999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['closed bob did not open a channel within 5000 ms, though it is in this browser']);
    expect(await alice.links.reaches(presence('bob'))).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do not begin behind a leave', async () => {
    const { room, alice } = await couple();
    await alice.links.leave();
    const said: unknown[] = [];
    alice.links.dial(presence('bob'), 'initiator', (data) => said.push(data), listening().listener);
    const attempt = alice.links.dial(presence('bob'), 'responder', () => {}, listening().listener);
    const key = 'a'.repeat(32);
    const channel = new BroadcastChannel(`peerpool/${room}/link/${key}`);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => said.push(data);
    attempt.negotiate({ key });
    const other = new BroadcastChannel(`peerpool/${room}/link/${key}`);
    other.postMessage('last');
    await vi.waitUntil(() => said.includes('last'));
    expect(said).toEqual(['last']);
    channel.close();
    other.close();
  });

  it('are done without where the browser grants no lock in time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [room, locks] = [`local-${++rooms}`, new FakeLocks()];
    locks.slowness = 10_000;
    const alice = party(room, locks, 'alice');
    const joined = alice.join();
    vi.advanceTimersByTime(3_000);
    await joined;
    expect(await alice.links.reaches(presence('bob'))).toBe(false);
    await alice.links.leave();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(locks.open).toEqual([]);
    expect(alice.heard).toEqual([]);
  });

  it('are done without, and it is said, when our lock is stolen', async () => {
    const { room, locks, alice } = await couple();
    locks.steal(`peerpool/${room}/local/alice-1`);
    await vi.waitUntil(() => alice.heard.length > 0);
    expect(alice.heard).toEqual(['unsupported: another page of this origin took the lock that says that we are here']);
    expect(await alice.links.reaches(presence('bob'))).toBe(false);
  });
});
