import { type Communicator, Pool, PoolError } from 'peerpool';

/** Squares what it is given, until the owner leaves. */
export async function work(name: string, owner: string, communicator: Communicator): Promise<void> {
  const pool = await Pool.open(name, communicator, { clients: [owner] });
  try {
    for (;;) {
      const task = await pool.recv<number>(owner, { msgId: 'task', timeout: Infinity });
      await pool.send(owner, task * task, 'result');
    }
  } catch (error) {
    if (!(error instanceof PoolError && error.code === 'peer-left')) throw error;
  } finally {
    await pool.shutdown();
  }
}

/** Spreads tasks over whoever works; the tasks of one who leaves go to the others. Rejects when nobody is left. */
export async function spread(pool: Pool, tasks: readonly number[]): Promise<number[]> {
  const results = new Map<number, number>();
  const open = tasks.map((_, index) => index);
  const serve = async (worker: string): Promise<void> => {
    for (let index = open.shift(); index !== undefined; index = open.shift()) {
      try {
        await pool.send(worker, tasks[index], 'task');
        results.set(index, await pool.recv<number>(worker, { msgId: 'result', timeout: 60_000 }));
      } catch (error) {
        open.unshift(index);
        if (error instanceof PoolError && (error.code === 'peer-left' || error.code === 'unreachable')) return;
        throw error;
      }
    }
  };
  await Promise.all([...pool.clients].map(serve));
  return tasks.map((_, index) => {
    const result = results.get(index);
    if (result === undefined) throw new Error('nobody is left to do the work');
    return result;
  });
}
