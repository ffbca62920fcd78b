import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpServer } from './http-server.ts';
import { attachSignaling, type Signaling } from '../server.ts';
import { Guest } from '../testing/guest.ts';

const times = { headersTimeout: 150, requestTimeout: 300, connectionsCheckingInterval: 20 };
let server: Server;
let signaling: Signaling;
let port: number;
const sockets: Socket[] = [];
const refused: string[] = [];

async function open(options: { maxSockets?: number; hops?: number } = {}): Promise<void> {
  refused.length = 0;
  server = httpServer({ maxSockets: 100, hops: 0, ...options }, (address) => refused.push(address), times);
  signaling = attachSignaling(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await signaling.close();
  server.close();
  server.closeAllConnections();
});

function dial(): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.resume();
  sockets.push(socket);
  return socket;
}

/** Says that byte by byte, as slowly as it may last for ever, until the other side has enough. */
function trickle(socket: Socket, text: string): Promise<unknown> {
  let said = 0;
  const timer = setInterval(() => {
    if (said < text.length && socket.writable) socket.write(text.charAt(said++));
  }, 5);
  return once(socket, 'close').finally(() => clearInterval(timer));
}

describe('a server for signaling alone', () => {
  it('ends who opens a socket and says nothing, while others go on', async () => {
    await open();
    const alice = new Guest(`http://127.0.0.1:${port}`);
    await alice.join('alice');
    await Promise.all(Array.from({ length: 20 }, () => once(dial(), 'close')));
    await alice.caughtUp();
    alice.socket.disconnect();
  });

  it('ends who says its headers byte by byte', async () => {
    await open();
    await trickle(dial(), `GET /peerpool?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(1000)}`);
  });

  it('ends who says its body byte by byte, also where no signaling is', async () => {
    await open();
    const head = 'POST /elsewhere HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n';
    const socket = dial();
    socket.write(head);
    await trickle(socket, 'x'.repeat(9999));
  });

  it('refuses headers without end', async () => {
    await open();
    const socket = dial();
    const answer = once(socket, 'data');
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(64 * 1024)}`);
    expect(String((await answer)[0])).toContain(' 431 ');
  });

  it('has so many sockets of one address, and takes the next when one has gone', async () => {
    await open({ maxSockets: 2 });
    const [first, second, third] = [dial(), dial(), dial()];
    await once(third, 'close');
    expect(refused).toEqual(['127.0.0.1']);
    expect([first.destroyed, second.destroyed]).toEqual([false, false]);
    first.destroy();
    await once(first, 'close');
    const answer = await fetch(`http://127.0.0.1:${port}/peerpool?EIO=4&transport=polling`).catch(() => undefined);
    expect(answer === undefined || answer.status === 200).toBe(true);
  });

  it('leaves counting to the proxy, where there is one', async () => {
    await open({ maxSockets: 1, hops: 1 });
    const all = Array.from({ length: 5 }, dial);
    await Promise.all(all.map((socket) => once(socket, 'connect')));
    expect(refused).toEqual([]);
  });
});
