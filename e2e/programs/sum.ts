import { Pool, WebRTCCommunicator } from 'peerpool';

/** Three parties learn the sum of their secrets, and nobody learns a secret: each sends the others random shares of its own. */
export async function sum(name: string, others: readonly string[], secret: bigint): Promise<bigint> {
  const MODULUS = 2n ** 61n - 1n;
  const pool = await Pool.open(name, new WebRTCCommunicator({ room: 'sums' }), { clients: others });
  try {
    let rest = secret;
    for (const other of others) {
      const share = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
      rest -= share;
      await pool.send(other, share, 'share');
    }
    let partial = rest;
    for (const share of (await pool.recvAll<bigint>('share')).values()) partial += share;

    await pool.broadcast(partial, 'partial');
    let total = partial;
    for (const [, theirs] of await pool.recvAll<bigint>('partial')) total += theirs;
    return ((total % MODULUS) + MODULUS) % MODULUS;
  } finally {
    await pool.shutdown();
  }
}
