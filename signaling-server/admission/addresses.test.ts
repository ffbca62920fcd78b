import { beforeEach, describe, expect, it } from 'vitest';
import { Addresses } from './addresses.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/** A connection a second, two at once; the rest is earned sooner. */
const limits = {
  ...DEFAULT_LIMITS,
  maxAddresses: 3,
  addressConnectionBurst: 2,
  addressConnectionsPerSecond: 1,
  addressJoinBurst: 1,
  addressPacketBurst: 1,
  addressByteBurst: 1,
};
let now: number;
let addresses: Addresses;
beforeEach(() => {
  now = 0;
  addresses = new Addresses(limits, () => now);
});

describe('addresses', () => {
  it('are remembered until they have earned everything anew, counted from when they were heard last', () => {
    const alice = addresses.find('alice');
    expect([alice?.arrivals.take(1), alice?.arrivals.take(1), alice?.arrivals.take(1)]).toEqual([true, true, false]);
    now = 1999;
    expect(addresses.find('alice')).toBe(alice);
    now = 3998;
    expect(addresses.find('alice')).toBe(alice);
    now = 5998;
    expect(addresses.find('alice')).not.toBe(alice);
    expect(addresses.size).toBe(1);
  });

  it('are remembered while they are connected, and a while longer', () => {
    const alice = addresses.find('alice');
    if (alice === undefined) throw new Error('there is room');
    addresses.connected(alice);
    addresses.connected(alice);
    now = 1e9;
    addresses.disconnected(alice);
    now = 2e9;
    expect(addresses.find('alice')).toBe(alice);
    addresses.disconnected(alice);
    now += 1999;
    addresses.find('bob');
    expect(addresses.size).toBe(2);
    now += 1;
    addresses.find('bob');
    expect(addresses.size).toBe(1);
  });

  it('are no more than so many: the one heard least lately gives way, those that are connected do not', () => {
    const alice = addresses.find('alice');
    if (alice === undefined) throw new Error('there is room');
    addresses.connected(alice);
    const bob = addresses.find('bob');
    const carol = addresses.find('carol');
    addresses.find('bob');
    addresses.find('dave');
    expect(addresses.size).toBe(3);
    expect(addresses.find('alice')).toBe(alice);
    expect(addresses.find('bob')).toBe(bob);
    expect(addresses.find('carol')).not.toBe(carol);
    for (let stranger = 0; stranger < 10_000; stranger++) addresses.find(`stranger ${stranger}`);
    expect(addresses.size).toBe(3);
    expect(addresses.find('alice')).toBe(alice);
  });

  it('are refused when all that fit are connected, and found again when one has gone', () => {
    const connected = ['alice', 'bob', 'carol'].map((name) => {
      const address = addresses.find(name);
      if (address === undefined) throw new Error('there is room');
      addresses.connected(address);
      return address;
    });
    expect(addresses.find('dave')).toBeUndefined();
    expect(addresses.find('alice')).toBe(connected[0]);
    if (connected[1] !== undefined) addresses.disconnected(connected[1]);
    expect(addresses.find('dave')?.name).toBe('dave');
  });

  it('may be called __proto__', () => {
    expect(addresses.find('__proto__')?.name).toBe('__proto__');
    expect(addresses.find('constructor')?.connections).toBe(0);
  });
});
