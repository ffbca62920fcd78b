import { createServer } from 'node:http';
import { JsonPacker, MessagePackPacker, Pool, PoolError, WebRTCCommunicator } from 'peerpool';
import { tabs } from 'peerpool/playwright';
import { attachSignaling } from 'peerpool/server';
import { createPools } from 'peerpool/testing';
import { peerpool } from 'peerpool/vite';

/** Compiled, never run: the types of every door, as an app meets them. */
export const doors = [
  JsonPacker,
  MessagePackPacker,
  PoolError,
  tabs,
  createPools,
  peerpool,
  () => attachSignaling(createServer()),
];

export async function types(): Promise<bigint> {
  const pool = new Pool('alice', new WebRTCCommunicator({ room: 'sums' }), { clients: ['bob'] });
  // @ts-expect-error -- a name is no number; were the types lost, this would be `any` and no error
  const wrong: number = pool.name;
  await pool.send('bob', { share: 17n, wrong }, 'round-1');
  const theirs = await pool.recv<{ share: bigint }>('bob', 'round-1');
  return theirs.share;
}
