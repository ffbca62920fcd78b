import { createClient } from 'redis';
import { SCRIPTS } from '../cluster/scripts.ts';

/** What a node could ask of the Redis of a cluster. */
export async function script(
  url: string,
  prefix: string,
  name: keyof typeof SCRIPTS,
  ...values: readonly (string | number)[]
): Promise<unknown> {
  const client = await createClient({ url }).connect();
  try {
    return await client.eval(SCRIPTS[name], { keys: [prefix], arguments: values.map(String) });
  } finally {
    client.destroy();
  }
}

/** Puts the clock of a cluster forward. */
export async function advance(url: string, prefix: string, milliseconds: number): Promise<void> {
  const client = await createClient({ url }).connect();
  await client.hIncrBy(`${prefix}:clock`, 'value', milliseconds);
  client.destroy();
}
