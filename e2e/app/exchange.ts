import { type Communicator, Pool } from 'peerpool';

/** Two pools meet, alice sends a value to bob, both leave. Resolves with what bob received. */
export async function exchange(communicator: () => Communicator, value: unknown): Promise<unknown> {
  const alice = new Pool('alice', communicator());
  const bob = new Pool('bob', communicator());
  alice.addClient('bob');
  bob.addClient('alice');
  try {
    await Promise.all([alice.initialize({ timeout: 30_000 }), bob.initialize({ timeout: 30_000 })]);
    const [received] = await Promise.all([bob.recv('alice'), alice.send('bob', value)]);
    return received;
  } finally {
    await Promise.all([alice.shutdown(), bob.shutdown()]);
  }
}
