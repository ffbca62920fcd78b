import type { Endpoint, Open } from '../endpoint.ts';
import { connectRelay, enterRelay } from '../relay.ts';

/** No peer to peer at all: everything goes through the server. */
export const openSocketIO: Open = async ({ name, others, room, relay, received }) => {
  const socket = await connectRelay(relay);
  const here = new Set<string>();
  socket.on('said', (from, value) => received(from, value instanceof ArrayBuffer ? new Uint8Array(value) : value));
  await new Promise<void>((resolve) => {
    enterRelay(socket, room, name, (other) => {
      here.add(other);
      if (others.every((one) => here.has(one))) resolve();
    });
    if (others.length === 0) resolve();
  });
  return {
    send: (to, bytes) => {
      // It keeps what it is given until it is written.
      socket.emit('say', to, bytes.slice());
    },
    sendValue: (to, value) => {
      socket.emit('say', to, value);
    },
    broadcast: (bytes) => {
      socket.emit('sayAll', bytes.slice());
    },
    close: () => {
      socket.disconnect();
    },
  } satisfies Endpoint;
};
