import { type Pool, PoolError } from 'peerpool';

interface Sent {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A picked file to one peer. Resolves when the peer has it. */
export async function sendFile(pool: Pool, to: string, file: File, signal?: AbortSignal): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  await pool.send(to, { name: file.name, type: file.type, bytes }, { msgId: 'file', signal });
}

/** The files that come, until the loop is left. What is not a file is told and passed over. */
export async function* files(
  pool: Pool,
  onStranger: (error: PoolError) => void,
): AsyncGenerator<[sender: string, file: File]> {
  for await (const { sender, value } of pool.messages({ msgId: 'file' })) {
    if (isSent(value)) yield [sender, new File([value.bytes], value.name, { type: value.type })];
    else onStranger(new PoolError('malformed', `${sender} sent something that is no file`, { peer: sender }));
  }
}

function isSent(value: unknown): value is Sent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'type' in value &&
    typeof value.type === 'string' &&
    'bytes' in value &&
    value.bytes instanceof Uint8Array
  );
}
