import { afterEach, beforeEach, expect, it } from 'vitest';
import { BroadcastChannelCommunicator } from '../communicators/broadcast-channel/broadcast-channel-communicator.ts';
import { getHub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import { Pool } from './pool.ts';

let rooms = 0;
let alice: Pool;
let bob: Pool;

beforeEach(async () => {
  const hub = getHub(`misuse-${rooms++}`);
  [alice, bob] = ['alice', 'bob'].map((name) => new Pool(name, new LocalCommunicator({ hub }))) as [Pool, Pool];
  await alice.initialize();
  await bob.initialize();
});

afterEach(async () => {
  await Promise.all([alice.shutdown(), bob.shutdown()]);
});

it('a wrong timeout of shutdown is refused, and the pool goes on', async () => {
  for (const timeout of [-1, Number.NaN]) await expect(alice.shutdown({ timeout })).rejects.toThrow(RangeError);
  await expect(alice.shutdown({ timeout: 'x' as never })).rejects.toThrow(TypeError);
  expect(alice.state).toBe('started');
  await bob.send('alice', 'still there');
  expect(await alice.recv('bob')).toBe('still there');
});

it('a failed send says which message it was, to whom, and that it never left', async () => {
  const late = alice.send('bob', 1, { msgId: 'c', ack: 'consumed', timeout: 5 });
  await expect(late).rejects.toMatchObject({ code: 'timeout', peer: 'bob', msgId: 'c', delivery: 'delivered' });
  const unpackable = alice.send('bob', () => 1, 'f');
  await expect(unpackable).rejects.toMatchObject({ code: 'unpackable', peer: 'bob', msgId: 'f', delivery: 'none' });
});

it('a signal that is none is refused before anything is sent', async () => {
  const signal = {} as AbortSignal;
  await expect(alice.send('bob', 1, { signal })).rejects.toThrow('signal is an AbortSignal');
  await expect(alice.broadcast(1, { signal })).rejects.toThrow('signal is an AbortSignal');
  expect(alice.stats().total.messagesSent).toBe(0);
});

it('a pool knows itself by any form of its name', async () => {
  const pool = new Pool('e\u0301', new LocalCommunicator({ hub: getHub(`misuse-${rooms++}`) }));
  await pool.initialize();
  expect([pool.connected('e\u0301'), pool.connected('\u00e9')]).toEqual([true, true]);
  await pool.shutdown();
});

it('what is no communicator, packer, hub or room is a TypeError that says so', () => {
  expect(() => new Pool('carol', {} as never)).toThrow('a pool needs a communicator');
  expect(() => new Pool('carol', undefined as never)).toThrow('a pool needs a communicator');
  const communicator = new LocalCommunicator({ hub: getHub('misuse') });
  expect(() => new Pool('carol', communicator, { packer: null as never })).toThrow('packer is a Packer');
  expect(() => new LocalCommunicator(undefined as never)).toThrow('needs a hub');
  expect(() => new BroadcastChannelCommunicator(undefined as never)).toThrow('a room name is a string');
  expect(() => new LocalCommunicator({ hub: getHub('misuse'), connectTimeout: -5 })).toThrow(RangeError);
});
