import { expect, it } from 'vitest';
import { BroadcastChannelCommunicator } from '../communicators/broadcast-channel/broadcast-channel-communicator.ts';
import type { Communicator } from '../communicators/communicator.ts';
import { getHub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import { Pool } from './pool.ts';

/** What keeps this process from ending. */
function active(): readonly string[] {
  return process.getActiveResourcesInfo();
}

/** What is there beyond what was; the runner's own timers come and go. */
function added(before: readonly string[]): readonly string[] {
  const rest = [...before];
  return active().filter((kind) => !rest.includes(kind) || rest.splice(rest.indexOf(kind), 1).length === 0);
}

const kinds: readonly [string, (room: string) => Communicator][] = [
  ['LocalCommunicator', (room) => new LocalCommunicator({ hub: getHub(room) })],
  ['BroadcastChannelCommunicator', (room) => new BroadcastChannelCommunicator({ room })],
];

it.each(kinds)('C10 no timer, channel or port is left after stop: %s', async (_kind, communicator) => {
  const before = active();
  const pools = ['alice', 'bob', 'carol'].map((name) => new Pool(name, communicator('leaks')));
  await Promise.all(pools.map((pool) => pool.initialize()));
  await Promise.all(pools.map((pool) => pool.waitFor(2)));
  expect(added(before)).not.toEqual([]);
  for (const pool of pools) await pool.broadcast(new Uint8Array(100_000), 'bulk');
  const waiting = pools.map((pool) => pool.recvAny({ msgId: 'never', timeout: 60_000 }).catch(() => 'ended'));
  await Promise.all(pools.map((pool) => pool.shutdown()));
  expect(await Promise.all(waiting)).toEqual(['ended', 'ended', 'ended']);
  // A closed port is gone with the task after next.
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(added(before)).toEqual([]);
});
