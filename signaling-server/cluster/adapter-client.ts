import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './store.ts';

/** Milliseconds before a reading that failed is tried again. */
const RETRY = 250;

/**
 * A client as the adapter of socket.io can use it while Redis is away. The adapter (0.3) does not wait between two
 * readings that fail, publishes without looking whether that worked, so that the process ends of it, and begins to read
 * at `$`, which between two readings means another place.
 *
 * `opened` hears of each further client that the adapter takes, which the adapter itself would close only when its last
 * reading is over; `reading` is called when what others publish is read from then on.
 */
export function adapterClient(client: Client, opened: (client: Client) => void, reading: () => void): Client {
  const original = {
    connect: client.connect.bind(client),
    duplicate: client.duplicate.bind(client),
    xRead: client.xRead.bind(client),
    publish: client.publish.bind(client),
    sendCommand: client.sendCommand.bind(client),
    subscribe: client.subscribe.bind(client),
  };
  let start: string | undefined;
  const beginning = async (key: string): Promise<string> => {
    if (start === undefined) {
      const last = await client.xRevRange(key, '+', '-', { COUNT: 1 });
      start = last?.[0]?.id ?? '0-0';
      reading();
    }
    return start;
  };
  const xRead = async ([stream]: readonly [{ key: string; id: string }], options: object): Promise<unknown> => {
    try {
      const id = stream.id === '$' ? await beginning(stream.key) : stream.id;
      return await original.xRead([{ ...stream, id }], options);
    } catch {
      await pause(RETRY);
      return null;
    }
  };
  const subscribe = async (...call: Parameters<typeof original.subscribe>): Promise<void> => {
    while (client.isOpen) {
      try {
        return await original.subscribe(...call);
      } catch {
        await pause(RETRY);
      }
    }
  };
  return Object.assign(client, {
    duplicate: () => {
      const another = original.duplicate();
      opened(another);
      return adapterClient(another, opened, reading);
    },
    // It tries until it is closed, and the adapter, which waits for it and looks at no failure, has nothing more to do then.
    connect: () => original.connect().catch(() => new Promise<never>(() => undefined)),
    // The adapter closes what may be closed already, and looks at nothing that comes of it.
    disconnect: async () => (client.isOpen ? client.destroy() : undefined),
    xRead,
    subscribe,
    // Who asks the other nodes something waits for an answer, and bears that none comes.
    publish: (...call: Parameters<typeof original.publish>) => original.publish(...call).catch(() => 0),
    sendCommand: (...call: Parameters<typeof original.sendCommand>) => {
      const asked = original.sendCommand(...call);
      return call[0][0] === 'PUBSUB' ? asked.catch(() => ['', '1']) : asked;
    },
  }) as Client;
}
