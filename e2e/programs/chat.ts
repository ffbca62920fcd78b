import { BroadcastChannelCommunicator, Pool } from 'peerpool';

/** Everyone in the room reads what anyone writes, and sees who comes and goes. Returns what leaves the room. */
export async function chat(
  name: string,
  show: (line: string) => void,
): Promise<{ say(text: string): Promise<void>; leave(): Promise<void> }> {
  const pool = new Pool(name, new BroadcastChannelCommunicator({ room: 'chat' }), {
    on: {
      join: (who) => show(`${who.name} is here`),
      leave: (who) => show(`${who.name} has left (${who.reason})`),
      error: ({ error }) => show(error.message),
    },
  });
  pool.onMessage((message) => show(`${message.sender}: ${String(message.value)}`));
  await pool.initialize();
  return { say: (text) => pool.broadcast(text), leave: () => pool.shutdown() };
}
