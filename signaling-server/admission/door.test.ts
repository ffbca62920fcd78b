import { once } from 'node:events';
import { request as ask } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { SignalingOptions } from '../server.ts';
import { Events } from '../testing/events.ts';
import { Inn } from '../testing/guest.ts';
import { upgrade } from '../testing/upgrade.ts';

const HANDSHAKE = '/peerpool?EIO=4&transport=';
let inn: Inn;
let events: Events;
let sockets: Socket[];

async function open(options: SignalingOptions = {}): Promise<void> {
  events = new Events();
  sockets = [];
  inn = await Inn.open({ ...options, observe: events.observe });
}
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await inn.close();
  expect(events.of('fault')).toEqual([]);
});

const forwarded = (address: string) => ({ 'x-forwarded-for': address });
const polls = (headers: Record<string, string> = {}) => fetch(`${inn.url}${HANDSHAKE}polling`, { headers });
const turned = () => events.of('turned-away').map(({ address, code }) => `${address} ${code}`);

/** By a WebSocket: the status of the answer. */
async function dials(headers: Record<string, string> = {}): Promise<number> {
  const { status, socket } = await upgrade(`${inn.url}${HANDSHAKE}websocket`, headers);
  sockets.push(socket);
  return status;
}

describe('new connections of one address', () => {
  it('are so many at once: one more is told why and when, by polling and by WebSocket, and others come in', async () => {
    await open({ addressConnectionBurst: 3, addressConnectionsPerSecond: 0.01, trustProxy: 1 });
    const mallory = forwarded('203.0.113.7');
    expect([(await polls(mallory)).status, await dials(mallory), (await polls(mallory)).status]).toEqual([
      200, 101, 200,
    ]);
    const refused = await polls(mallory);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('100');
    expect(await refused.json()).toEqual({
      ok: false,
      code: 'rate-limited',
      message: 'an address has at most 0.01 new connections a second',
    });
    for (let again = 0; again < 20; again++) expect(await dials(mallory)).toBe(429);
    expect([(await polls(forwarded('203.0.113.8'))).status, await dials(forwarded('2001:db8::1'))]).toEqual([200, 101]);
    expect((await inn.signaling.counts()).refusals).toEqual({ 'rate-limited': 21 });
    // The operator hears of it once, so that a flood of connections is no flood of lines.
    expect(events.of('turned-away').filter(({ first }) => first)).toHaveLength(1);
  });

  it('open at the same time are so many, and one more comes in when one has gone', async () => {
    await open({ maxConnectionsPerAddress: 2 });
    const alice = await inn.member('alice');
    const bob = await inn.member('bob');
    expect(await dials()).toBe(429);
    expect((await polls()).status).toBe(429);
    expect(turned()).toEqual(['127.0.0.1 too-many-connections', '127.0.0.1 too-many-connections']);
    alice.say('leave');
    await alice.closed();
    expect(await inn.guest().join('alice')).toMatchObject({ ok: true });
    expect(bob.socket.connected).toBe(true);
  });

  it('are counted by the /64 of IPv6, and never by a header that nobody vouches for', async () => {
    await open({ maxConnectionsPerAddress: 1, trustProxy: 1 });
    expect(await dials(forwarded('2001:db8:0:1::1'))).toBe(101);
    expect(await dials(forwarded('2001:db8:0:1:ffff::2'))).toBe(429);
    expect(await dials(forwarded('2001:db8:0:2::1'))).toBe(101);
    await inn.close();
    await open({ maxConnectionsPerAddress: 1 });
    expect(await dials(forwarded('203.0.113.7'))).toBe(101);
    expect(await dials(forwarded('203.0.113.8'))).toBe(429);
  });

  it('from more addresses than can be remembered are refused while those are connected', async () => {
    await open({ maxAddresses: 2, trustProxy: 1 });
    expect([await dials(forwarded('203.0.113.1')), await dials(forwarded('203.0.113.2'))]).toEqual([101, 101]);
    expect(await dials(forwarded('203.0.113.3'))).toBe(503);
    expect(turned()).toEqual(['203.0.113.3 server-full']);
  });

  it.each(['&sid=x&sid=', '#&sid=x', '&sid='])('can not be dressed as a poll by the query %s', async (dress) => {
    await open({ maxConnectionsPerAddress: 1 });
    await inn.member('alice');
    expect(await raw(`GET ${HANDSHAKE}polling${dress} HTTP/1.1\r\nHost: x\r\n\r\n`)).toContain(' 429 ');
  });
});

describe('requests that are no new connections', () => {
  it('are charged to their address, whatever session they name', async () => {
    await open({ addressPacketBurst: 5, addressPacketsPerSecond: 0.001, trustProxy: 1 });
    const from = forwarded('203.0.113.7');
    const guess = async (): Promise<number> => {
      const answer = await fetch(`${inn.url}${HANDSHAKE}polling&sid=guess`, { headers: from });
      return answer.status;
    };
    const statuses = [];
    for (let guesses = 0; guesses < 12; guesses++) statuses.push(await guess());
    // Its burst, as much again in debt, and no more.
    expect([new Set(statuses.slice(0, 9)), new Set(statuses.slice(10))]).toEqual([new Set([400]), new Set([429])]);
    const beacon = { method: 'POST', body: '{}', headers: from };
    expect((await fetch(`${inn.url}/peerpool?leave`, beacon)).status).toBe(429);
    expect((await fetch(`${inn.url}/peerpool?leave`, { method: 'POST', body: '{}' })).status).toBe(400);
  });

  it('pass by the limits of those that are', async () => {
    await open({ addressConnectionBurst: 1, addressConnectionsPerSecond: 0.001 });
    const alice = inn.guest({ transports: ['polling'] });
    expect(await alice.join('alice')).toMatchObject({ ok: true });
    for (let round = 0; round < 10; round++) await alice.caughtUp();
  });
});

describe('origins', () => {
  it.each(['polling', 'websocket'])('that are not listed are told so, by %s', async (transport) => {
    await open({ origin: ['https://example.org'] });
    const comes = async (headers: Record<string, string>) =>
      transport === 'polling' ? (await polls(headers)).status : dials(headers);
    const good = transport === 'polling' ? 200 : 101;
    expect(await comes({ origin: 'https://example.com' })).toBe(403);
    expect(await comes({ origin: 'https://example.org.example.com' })).toBe(403);
    expect(await comes({ origin: 'null' })).toBe(403);
    expect(await comes({ origin: 'https://example.org' })).toBe(good);
    expect(await comes({})).toBe(good);
    expect((await inn.signaling.counts()).refusals).toEqual({ origin: 3 });
  });
});

describe('bodies', () => {
  it('whose length says too much are refused before they come', async () => {
    await open();
    const claim = `POST ${HANDSHAKE}polling&sid=x HTTP/1.1\r\nHost: x\r\nContent-Length: 52428800\r\n\r\n`;
    const answer = await raw(claim);
    expect(answer).toContain('HTTP/1.1 413 ');
    expect(answer).toContain('"code":"too-large"');
    expect(turned()).toEqual(['127.0.0.1 too-large']);
  });

  it('that go on after that are cut off', async () => {
    await open();
    const request = ask(`${inn.url}${HANDSHAKE}polling&sid=x`, {
      method: 'POST',
      headers: { 'content-length': 50 * 2 ** 20 },
    });
    request.write('x'.repeat(1000));
    const [response] = (await once(request, 'response')) as [{ statusCode: number; socket: Socket }];
    expect(response.statusCode).toBe(413);
    await once(response.socket, 'close');
    request.on('error', () => {});
    request.destroy();
  });

  it.each(['EIO=4&transport=polling', 'leave'])('that trickle in are cut off by the deadline (%s)', async (query) => {
    await open({ joinDeadline: 100 });
    let sid = '';
    if (query !== 'leave') sid = `&sid=${/"sid":"([^"]+)"/.exec(await (await polls()).text())?.[1]}`;
    const socket = dial();
    socket.write(`POST /peerpool?${query}${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4`);
    await once(socket, 'close');
  });
});

describe('who is in the way of nobody', () => {
  it('says nothing after opening a WebSocket, and is closed by the deadline', async () => {
    await open({ joinDeadline: 100 });
    const { status, socket } = await upgrade(`${inn.url}${HANDSHAKE}websocket`);
    expect(status).toBe(101);
    socket.resume();
    await once(socket, 'close');
    expect(await inn.signaling.counts()).toMatchObject({ peers: 0 });
  });

  it('neither reads nor closes, and is cut off a moment later', async () => {
    await open({ joinDeadline: 1500 });
    const { socket } = await upgrade(`${inn.url}${HANDSHAKE}websocket`);
    // It answers no closing handshake: its socket is not read, and its half stays open.
    socket.allowHalfOpen = true;
    socket.resume();
    await once(socket, 'end');
    expect(await inn.guest().join('alice')).toMatchObject({ ok: true });
  });

  it('opens a session by polling and says nothing more', async () => {
    await open({ joinDeadline: 50, maxConnectionsPerAddress: 1 });
    const first = await polls();
    expect(first.status).toBe(200);
    expect((await polls()).status).toBe(429);
    const poll = fetch(`${inn.url}${HANDSHAKE}polling&sid=${/"sid":"([^"]+)"/.exec(await first.text())?.[1]}`);
    // The close packet: its session is over, and its place is free.
    expect(await (await poll).text()).toMatch(/1$/);
    expect((await polls()).status).toBe(200);
  });
});

function dial(): Socket {
  const socket = connect(Number(new URL(inn.url).port), '127.0.0.1');
  socket.on('error', () => socket.destroy());
  sockets.push(socket);
  return socket;
}

/** What comes back, up to the end of the first answer's body. */
async function raw(text: string): Promise<string> {
  const socket = dial();
  socket.write(text);
  let answer = '';
  while (!answer.includes('}')) answer += String((await once(socket, 'data'))[0]);
  return answer;
}
