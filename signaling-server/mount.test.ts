import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createServer2 } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { Server as AppSockets } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attachSignaling } from './server.ts';
import { Guest, Inn } from './testing/guest.ts';
import { said, upgrade } from './testing/upgrade.ts';

const EVENTS = ['request', 'upgrade', 'close', 'listening', 'error', 'connection', 'checkContinue', 'clientError'];
const listeners = (server: Server) => EVENTS.map((event) => server.listenerCount(event));

let server: Server;
let url: string;
let guests: Guest[];

beforeEach(async () => {
  guests = [];
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const { socket } of guests) socket.disconnect();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function guest(path?: string): Guest {
  const made = new Guest(url, path === undefined ? {} : { path });
  guests.push(made);
  return made;
}

async function get(path: string): Promise<string> {
  return (await fetch(`${url}${path}`)).text();
}

describe('signaling on a server that has other things to do', () => {
  it('leaves other routes alone, those added later and those on its own path too', async () => {
    server.on('request', ({ url: path }, response) => path === '/before' && response.end('before'));
    const signaling = attachSignaling(server);
    server.on('request', ({ url: path }, response) => path !== '/before' && response.end(`after ${path}`));
    expect(await get('/before')).toBe('before');
    expect(await get('/later')).toBe('after /later');
    expect(await get('/peerpool/')).toBe('after /peerpool/');
    expect(await get('/peerpool/docs?EIO=4')).toBe('after /peerpool/docs?EIO=4');
    expect(await get('/peerpools?EIO=4')).toBe('after /peerpools?EIO=4');
    // Were the later route asked as well, it would answer this.
    expect(JSON.parse(await get('/peerpool/?EIO=4&transport=smoke'))).toMatchObject({ message: 'Transport unknown' });
    for (const addTrailingSlash of [true, false]) {
      const polling = new Guest(url, { transports: ['polling', 'websocket'], addTrailingSlash });
      guests.push(polling);
      expect(await polling.join(`with slash: ${addTrailingSlash}`)).toMatchObject({ ok: true });
      polling.socket.disconnect();
    }
    await signaling.close();
    expect(await get('/peerpool/?EIO=4')).toBe('after /peerpool/?EIO=4');
  });

  it.each(['before', 'after'])("stands beside the app's own socket.io, attached %s it", async (when) => {
    const app = new AppSockets({ serveClient: false });
    app.on('connection', (socket) => socket.emit('signal', { name: 'app', instance: '1' }, 'welcome'));
    if (when === 'before') app.attach(server);
    const signaling = attachSignaling(server);
    if (when === 'after') app.attach(server);
    const visitor = guest('/socket.io');
    await visitor.until(() => visitor.all('signal').length > 0);
    expect(await guest().join('alice')).toMatchObject({ ok: true });
    await signaling.close();
    visitor.say('still there?');
    expect(visitor.socket.connected).toBe(true);
    visitor.socket.disconnect();
    await app.close();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  it("leaves other WebSockets to their server, and ends those that nobody's is", async () => {
    const signaling = attachSignaling(server);
    const second = attachSignaling(server, { path: '/second' });
    expect((await upgrade(`${url}/elsewhere`)).status).toBe(404);
    expect((await upgrade(`${url}/peerpool/`)).status).toBe(404);
    server.on('upgrade', ({ url: path }, socket: Socket) => {
      if (path === '/own') socket.end('HTTP/1.1 418 Mine\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    expect((await upgrade(`${url}/own`)).status).toBe(418);
    await Promise.all([signaling.close(), second.close()]);
  });

  it('serves the compatible side of HTTP/2', async () => {
    const second = createServer2();
    second.on('request', (_request, response) => response.end('app'));
    const signaling = attachSignaling(second);
    second.listen(0, '127.0.0.1');
    await once(second, 'listening');
    const session = connect(`http://127.0.0.1:${(second.address() as AddressInfo).port}`);
    const read = async (path: string) => {
      const stream = session.request({ ':path': path });
      let text = '';
      for await (const chunk of stream.setEncoding('utf8')) text += chunk;
      return text;
    };
    expect(await read('/')).toBe('app');
    expect(await read('/peerpool/?EIO=4&transport=polling')).toMatch(/^0\{"sid":/);
    await signaling.close();
    session.close();
    second.close();
    await once(second, 'close');
  });

  it('refuses a second one on the same path, until the first has gone', async () => {
    const first = attachSignaling(server);
    expect(() => attachSignaling(server)).toThrow('signaling is attached to /peerpool of this server already');
    const beside = attachSignaling(server, { path: '/other/room' });
    expect(await guest().join('alice')).toEqual({ ok: true, members: [] });
    expect(await guest('/other/room').join('bob')).toEqual({ ok: true, members: [] });
    await first.close();
    const again = attachSignaling(server);
    expect(await guest().join('carol')).toEqual({ ok: true, members: [] });
    await Promise.all([again.close(), beside.close()]);
  });

  it.each(['', '/', 'peerpool', '/peerpool/', '//host/path', '/a?b', '/a b'])('refuses the path %j', (path) => {
    expect(() => attachSignaling(server, { path })).toThrow(RangeError);
    expect(listeners(server)).toEqual(listeners(createServer()));
  });

  it('refuses a limit that is none, and leaves no trace', async () => {
    expect(() => attachSignaling(server, { maxRooms: 0 })).toThrow(RangeError);
    await attachSignaling(server).close();
  });
});

describe('closing', () => {
  it('leaves the server as it was, whoever wrapped it meanwhile', async () => {
    const bare = listeners(server);
    const signaling = attachSignaling(server);
    await guest().join('alice');
    await signaling.close();
    await signaling.close();
    expect(listeners(server)).toEqual(bare);
    expect(Object.hasOwn(server, 'emit')).toBe(false);

    const first = attachSignaling(server);
    const second = attachSignaling(server, { path: '/second' });
    await first.close();
    expect(await guest('/second').join('bob')).toMatchObject({ ok: true });
    await second.close();
    server.once('request', (_request, response) => response.end('app'));
    expect(await get('/peerpool/?EIO=4')).toBe('app');
  });

  it('tells every client, in such a way that it comes back, and nobody that somebody left', async () => {
    // Who comes back too early is not kept waiting.
    server.on('request', (_request, response) => response.writeHead(404).end());
    const signaling = attachSignaling(server);
    const stays = new Guest(url, { reconnection: true, reconnectionDelay: 1 });
    guests.push(stays);
    await stays.join('alice');
    const polling = new Guest(url, { transports: ['polling'] });
    guests.push(polling);
    await polling.join('bob');
    await signaling.close();
    expect(await stays.closed()).toBe('transport close');
    expect(await polling.closed()).toBe('transport close');
    expect([stays.all('refused'), polling.all('refused')]).toEqual([
      [['refused', 'shutting-down']],
      [['refused', 'shutting-down']],
    ]);
    expect(stays.all('left')).toEqual([]);
    const again = attachSignaling(server);
    await stays.until(() => stays.all('connect').length === 2);
    expect(await stays.join('alice')).toEqual({ ok: true, members: [] });
    stays.socket.disconnect();
    await again.close();
  });

  it('cuts who does not answer', async () => {
    const signaling = attachSignaling(server);
    const { status, socket } = await upgrade(`${url}/peerpool/?EIO=4&transport=websocket`);
    expect(status).toBe(101);
    // A masked text frame that says `40`: socket.io's CONNECT.
    socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]));
    await said(socket, '40{"sid"');
    // From here on it never reads, and never answers the farewell of its WebSocket.
    socket.pause();
    const ended = once(socket, 'close');
    await signaling.close();
    socket.resume();
    await ended;
    expect(await connections(server)).toBe(0);
  });

  it('comes by itself when the http server closes', async () => {
    const inn = await Inn.open();
    const member = await inn.member('alice');
    member.socket.disconnect();
    await member.closed();
    const closed = once(inn.http, 'close');
    inn.http.close();
    inn.http.closeAllConnections();
    await closed;
    await inn.signaling.close();
    expect(listeners(inn.http)).toEqual(listeners(createServer()));
  });
});

function connections(of: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    of.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
