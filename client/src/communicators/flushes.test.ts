import { afterEach, describe, expect, it, vi } from 'vitest';
import { Pool } from '../pool/pool.ts';
import type { Session } from '../session/session.ts';
import { Flushes } from './flushes.ts';
import { Hub } from './local/hub.ts';
import { LocalLink } from './local/local-link.ts';
import { LocalTransport } from './local/local-transport.ts';
import { MeshCommunicator } from './mesh.ts';

afterEach(() => vi.restoreAllMocks());

async function microtasks(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve();
}

describe('what a session has to say', () => {
  const session = (): Session & { flush: ReturnType<typeof vi.fn> } =>
    ({ flush: vi.fn() }) as unknown as Session & { flush: ReturnType<typeof vi.fn> };

  it('leaves once, at the end of the turn', async () => {
    const [flushes, one, other] = [new Flushes(false), session(), session()];
    for (const each of [one, one, other, one]) flushes.soon(each);
    expect(one.flush).not.toHaveBeenCalled();
    await microtasks(2);
    for (const each of [one, other]) expect(each.flush).toHaveBeenCalledTimes(1);
  });

  it('leaves a little later when it is an acknowledgement, within the same task', async () => {
    const [flushes, one] = [new Flushes(false), session()];
    flushes.acknowledge(one);
    flushes.acknowledge(one);
    await microtasks(10);
    expect(one.flush).not.toHaveBeenCalled();
    await microtasks(20);
    expect(one.flush).toHaveBeenCalledTimes(1);
  });

  it('leaves in the very call where the order of everything is to be known', () => {
    const [flushes, one] = [new Flushes(true), session()];
    flushes.soon(one);
    flushes.acknowledge(one);
    expect(one.flush).toHaveBeenCalledTimes(2);
  });

  it('is not asked of a session that is over', async () => {
    const [flushes, one] = [new Flushes(false), session()];
    flushes.soon(one);
    flushes.acknowledge(one);
    flushes.drop(one);
    await microtasks(40);
    expect(one.flush).not.toHaveBeenCalled();
  });
});

describe('an acknowledgement', () => {
  const TRIPS = 50;
  const sent: Promise<void>[] = [];
  const echoes: Record<string, (pool: Pool) => unknown> = {
    'a handler': (pool) => pool.onMessage(({ sender, value }) => void sent.push(pool.send(sender, value))),
    'who awaits `recv`': async (pool) => {
      for (let left = TRIPS; left > 0; left--) await pool.send('alice', await pool.recv('alice'));
    },
    'a loop over `messages`': async (pool) => {
      for await (const { sender, value } of pool.messages()) sent.push(pool.send(sender, value));
    },
  };

  it.each(Object.keys(echoes))('costs no packet where it can go with the answer of %s', async (who) => {
    const hub = new Hub('sums');
    const [alice, bob] = ['alice', 'bob'].map(
      (name) => new Pool(name, new MeshCommunicator({ transport: () => new LocalTransport(hub) })),
    ) as [Pool, Pool];
    await Promise.all([alice.initialize(), bob.initialize()]);
    await Promise.all([alice.waitFor(['bob']), bob.waitFor(['alice'])]);
    const packets = vi.spyOn(LocalLink.prototype, 'send');
    echoes[who]?.(bob);
    for (let trip = 0; trip < TRIPS; trip++) {
      sent.push(alice.send('bob', trip));
      expect(await alice.recv('bob')).toBe(trip);
    }
    // The last acknowledgement has nothing to go with.
    expect(packets.mock.calls.length).toBeLessThanOrEqual(2 * TRIPS + 1);
    await Promise.all(sent.splice(0));
    await Promise.all([alice.shutdown(), bob.shutdown()]);
  });
});
