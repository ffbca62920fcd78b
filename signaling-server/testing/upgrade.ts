import { once } from 'node:events';
import { request as ask } from 'node:http';
import type { Socket } from 'node:net';

/** A WebSocket handshake by hand, for what no client library does. */
export async function upgrade(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; socket: Socket }> {
  const request = ask(url, {
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
      ...headers,
    },
  });
  request.end();
  return new Promise((resolve, reject) => {
    request.once('upgrade', ({ statusCode = 0 }, socket, head) => {
      socket.unshift(head);
      resolve({ status: statusCode, socket });
    });
    request.once('response', ({ statusCode = 0, socket }) => resolve({ status: statusCode, socket }));
    request.once('error', reject);
  });
}

/** What the server said when it had said that. Its frames are not masked, so their text can be read as it is. */
export async function said(socket: Socket, text: string): Promise<string> {
  let all = '';
  while (!all.includes(text)) all += String((await once(socket, 'data'))[0]);
  return all;
}
