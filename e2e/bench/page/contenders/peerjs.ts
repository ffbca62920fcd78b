import { type DataConnection, Peer } from 'peerjs';
import { all, type Endpoint, type Open, type Wait } from '../endpoint.ts';

/** Its default serialization, over its own server; reliable, which is not its default. */
export const openPeerJS: Open = async (setup) => {
  const { name, others, room, received, failed } = setup;
  const id = (one: string): string => `${room}-${one}`;
  const peer = new Peer(id(name), {
    host: '127.0.0.1',
    port: setup.peerServerPort,
    path: '/',
    config: { iceServers: [] },
  });
  const connections = new Map<string, DataConnection>();
  let closing = false;
  let look = (): void => {};
  const complete = new Promise<void>((resolve) => {
    look = () => {
      if (others.every((other) => connections.has(other))) resolve();
    };
  });
  const hold = (other: string, connection: DataConnection): void => {
    connection.on('data', (value) => received(other, value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    connection.on('error', failed);
    connection.on('open', () => {
      connections.set(other, connection);
      look();
    });
  };
  peer.on('connection', (connection) => hold(connection.peer.slice(room.length + 1), connection));
  await new Promise<void>((resolve, reject) => {
    peer.on('open', () => resolve());
    peer.on('error', reject);
  });
  // Who is not there yet is called again.
  const call = (other: string): void => {
    if (closing || connections.has(other)) return;
    hold(other, peer.connect(id(other), { reliable: true }));
  };
  peer.on('error', (error) => {
    const missing = others.find((other) => error.message.includes(id(other)));
    if (error.type === 'peer-unavailable' && missing !== undefined) setTimeout(() => call(missing), 20);
    else if (!closing) failed(error);
  });
  for (const other of others) if (name < other) call(other);
  await complete;
  const send = (to: string, value: unknown): Wait => connections.get(to)?.send(value) ?? undefined;
  return {
    send: (to, bytes) => send(to, bytes),
    sendValue: send,
    broadcast: (bytes) => all(others.map((other) => send(other, bytes))),
    close: () => {
      closing = true;
      peer.destroy();
    },
  } satisfies Endpoint;
};
