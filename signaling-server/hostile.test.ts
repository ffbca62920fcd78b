import * as fc from 'fast-check';
import { once } from 'node:events';
import { request as ask } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SignalingOptions } from './server.ts';
import { Events } from './testing/events.ts';
import { type Guest, Inn } from './testing/guest.ts';
import { leaveUncaught, uncaught, watchUncaught } from './testing/uncaught.ts';
import { said, upgrade } from './testing/upgrade.ts';

const HANDSHAKE = '/peerpool?EIO=4&transport=';
/** For an honest newcomer on a busy machine, in ms. */
const LONG_ENOUGH = 1500;
const MALLORY = { 'x-forwarded-for': '203.0.113.7' };

beforeAll(watchUncaught);
afterAll(leaveUncaught);

let inn: Inn;
let events: Events;
let alice: Guest;
let bob: Guest;

/** Two honest members at an address of their own, who must go on as if nothing had happened. */
async function open(options: SignalingOptions = {}): Promise<void> {
  events = new Events();
  inn = await Inn.open({ ...options, trustProxy: 1, observe: events.observe });
  alice = await inn.member('alice');
  bob = await inn.member('bob');
}

afterEach(async () => {
  alice.say('signal', { name: 'bob', instance: 'bob-1' }, 'still here');
  await bob.until(() => bob.all('signal').some(([, , signal]) => signal === 'still here'));
  await alice.caughtUp();
  expect([alice.all('disconnect'), bob.all('disconnect')]).toEqual([[], []]);
  expect(await inn.guest().join('newcomer')).toMatchObject({ ok: true });
  await inn.close();
  expect(events.of('fault')).toEqual([]);
  expect(uncaught).toEqual([]);
});

const mallory = (transport = 'websocket') => inn.guest({ transports: [transport], extraHeaders: MALLORY });

describe('a flood', () => {
  it('of joins from many sockets of one address is slowed down, for that address', async () => {
    await open({ addressJoinBurst: 8, addressJoinsPerSecond: 0.001 });
    const guesses = await Promise.all(
      Array.from({ length: 20 }, (_, index) => mallory().join(`guess-${index}`, `room-${index}`)),
    );
    const codes = guesses.map((reply) => (reply.ok ? 'ok' : reply.code));
    expect(codes.filter((code) => code === 'ok')).toHaveLength(8);
    expect(codes.filter((code) => code === 'rate-limited')).toHaveLength(12);
    expect((await inn.signaling.counts()).refusals).toEqual({ 'rate-limited': 12 });
  });

  it('of signals from many sockets, each within its own limits, ends those sockets', async () => {
    await open({ addressPacketBurst: 200, addressPacketsPerSecond: 0.001 });
    const flood = Array.from({ length: 8 }, () => mallory());
    await Promise.all(flood.map((guest, index) => guest.join(`mallory-${index}`)));
    for (const guest of flood) {
      for (let index = 0; index < 200; index++) guest.say('signal', { name: 'dave', instance: 'dave-1' }, index);
    }
    await bob.until(() => bob.all('left').length > 0);
    // Whoever got all of its own through before there was nothing left.
    for (const guest of flood) guest.say('one more');
    expect(await Promise.all(flood.map((guest) => guest.closed()))).toEqual(flood.map(() => 'io server disconnect'));
    const sentences = events.of('refused').map(({ refusal }) => refusal.message);
    expect(sentences.some((sentence) => sentence.startsWith('its address went on'))).toBe(true);
    await bob.until(() => bob.all('left').length === flood.length);
  });

  it('of bytes from many sockets likewise', async () => {
    await open({ addressByteBurst: 100_000, addressBytesPerSecond: 1 });
    const flood = Array.from({ length: 4 }, () => mallory());
    await Promise.all(flood.map((guest, index) => guest.join(`mallory-${index}`)));
    for (const guest of flood) {
      for (let index = 0; index < 5; index++) {
        guest.say('signal', { name: 'dave', instance: 'dave-1' }, 'x'.repeat(50_000));
      }
    }
    expect(await Promise.all(flood.map((guest) => guest.closed()))).toEqual(flood.map(() => 'io server disconnect'));
  });

  it('of packets before there is a socket ends the connection', async () => {
    await open({ packetBurst: 50 });
    const { socket } = await upgrade(`${inn.url}${HANDSHAKE}websocket`, MALLORY);
    socket.resume();
    // CONNECT to a namespace that is not there, each answered by an error.
    const packet = frame('40/elsewhere,');
    socket.write(Buffer.concat(Array.from({ length: 200 }, () => packet)));
    await once(socket, 'close');
    expect(events.of('turned-away')).toMatchObject([{ address: '203.0.113.7', code: 'rate-limited', first: true }]);
  });

  it('of signals to who does not read them ends the one who does not read', async () => {
    await open({ maxUnreadBytes: 200_000, byteBurst: 2 ** 30, packetBurst: 2 ** 20, addressByteBurst: 2 ** 30 });
    const { socket } = await upgrade(`${inn.url}${HANDSHAKE}websocket`, MALLORY);
    const request = { version: 1, room: 'sums', name: 'deaf', instance: 'deaf-1', key: 'k'.repeat(26) };
    socket.write(frame('40'));
    await said(socket, '40{"sid"');
    socket.write(frame(`420["join",${JSON.stringify(request)}]`));
    await said(socket, '430[');
    // From here on it does not read.
    socket.pause();
    const left = (): boolean => alice.all('left').some(([, { name }]) => name === 'deaf');
    while (!left()) {
      for (let index = 0; index < 20; index++) {
        alice.say('signal', { name: 'deaf', instance: 'deaf-1' }, 'x'.repeat(50_000));
      }
      await alice.caughtUp();
    }
    expect(events.of('refused').some(({ refusal }) => /has not read/.test(refusal.message))).toBe(true);
    socket.destroy();
  });
});

describe('50 MB', () => {
  it('that a WebSocket frame claims end the connection before they come', async () => {
    await open();
    const { socket } = await upgrade(`${inn.url}${HANDSHAKE}websocket`, MALLORY);
    socket.resume();
    const header = Buffer.alloc(14);
    header.set([0x81, 0xff]);
    header.writeBigUInt64BE(50n * 2n ** 20n, 2);
    socket.write(header);
    await once(socket, 'close');
  });

  it('that come in many small frames of one message end it too', async () => {
    await open();
    const { socket } = await upgrade(`${inn.url}${HANDSHAKE}websocket`, MALLORY);
    socket.on('error', () => socket.destroy());
    socket.resume();
    const closed = once(socket, 'close');
    let sent = 0;
    for (let part = 0; !socket.destroyed && sent < 50 * 2 ** 20; part++) {
      const piece = frame('x'.repeat(60_000), part === 0 ? 0x01 : 0x00);
      sent += piece.length;
      if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), closed]);
    }
    await closed;
    expect(sent).toBeLessThan(20 * 2 ** 20);
  });

  it('by polling, of no length that was said, are answered by 413 and cut off', async () => {
    await open();
    const handshake = await fetch(`${inn.url}${HANDSHAKE}polling`, { headers: MALLORY });
    const sid = /"sid":"([^"]+)"/.exec(await handshake.text())?.[1];
    const request = ask(`${inn.url}${HANDSHAKE}polling&sid=${sid}`, { method: 'POST', headers: MALLORY });
    request.on('error', () => request.destroy());
    const answered = once(request, 'response') as Promise<[{ statusCode: number; socket: Socket }]>;
    const outcome = { status: 0 };
    const gone = answered.then(async ([response]) => {
      outcome.status = response.statusCode;
      await once(response.socket, 'close');
    });
    for (let sent = 0; outcome.status === 0 && sent < 50 * 2 ** 20; sent += 64 * 1024) {
      request.write('4'.repeat(64 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await gone;
    expect(outcome.status).toBe(413);
    request.destroy();
  });
});

describe('what makes no sense', () => {
  it.each<[string, Buffer]>([
    ['a frame without a mask', Buffer.from([0x81, 0x02, 0x34, 0x30])],
    ['reserved bits', Buffer.from([0xf1, 0x82, 0, 0, 0, 0, 0x34, 0x30])],
    ['an opcode that is none', frame('40', 0x83)],
    ['a ping that is too long', frame('x'.repeat(126), 0x89)],
    ['a part of no message', frame('40', 0x80)],
    ['text that is no UTF-8', frame(Buffer.from([0x34, 0xc3, 0x28]))],
    ['a close with a code that is none', frame(Buffer.from([0x00, 0x01]), 0x88)],
    ['a compressed frame', frame('40', 0xc1)],
    ['a packet of engine.io that is none', frame('9')],
    ['an empty packet', frame('')],
    ['a ping, which is the server’s', frame('2')],
    ['an upgrade of nothing', frame('5')],
    ['binary before there is a socket', frame(Buffer.from([1, 2, 3]), 0x82)],
    ['an event before there is a socket', frame('42["join",{}]')],
    ['a CONNECT that carries no object', frame('407')],
    ['a CONNECT that carries a broken one', frame('40{"a":')],
    ['a CONNECT that carries a prototype', frame('40{"__proto__":{"polluted":true}}')],
    ['a namespace of control characters', frame('40/\u0000\u001b[2J\n,')],
    ['a namespace without end', frame(`40/${'n'.repeat(100_000)}`)],
    ['a thousand attachments', frame('451000-["join"]')],
  ])('%s hurts nobody', async (_what, bytes) => {
    await open({ joinDeadline: LONG_ENOUGH });
    const { socket } = await upgrade(`${inn.url}${HANDSHAKE}websocket`, MALLORY);
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.write(bytes);
    await once(socket, 'close');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    for (const { message } of events.of('unreadable')) expect(printed(message)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a separator', '\u001e'],
    ['packets without an end', '4\u001e4\u001e'],
    ['a packet that is none', '9'],
    ['base64 that is none', 'b!!!!'],
    ['three thousand packets', `4${'\u001e4'.repeat(3000)}`],
    ['half an event', '40\u001e42["join",'],
    ['a goodbye, and more', '1\u001e40'],
  ])('%s by polling hurts nobody', async (_what, body) => {
    await open({ joinDeadline: LONG_ENOUGH });
    const handshake = await fetch(`${inn.url}${HANDSHAKE}polling`, { headers: MALLORY });
    const sid = /"sid":"([^"]+)"/.exec(await handshake.text())?.[1];
    const sent = await fetch(`${inn.url}${HANDSHAKE}polling&sid=${sid}`, { method: 'POST', body, headers: MALLORY });
    expect([200, 400]).toContain(sent.status);
  });

  it('by chance, in two thousand packets of a seed, hurts nobody', { timeout: 60_000 }, async () => {
    await open({ joinBurst: 1e6, joinsPerSecond: 1e6, addressConnectionBurst: 1e4, addressPacketBurst: 1e6 });
    const seed = Number(process.env['PEERPOOL_SEED'] ?? 20_261_122);
    const words = 'join signal leave renew __proto__ num'.split(' ').map((word) => JSON.stringify(word));
    const values = ['null', '1e999', '"\\u0000"', '\u0000', 'é', '😀', '"_placeholder":true'];
    const parts = [...'0 1 2 3 4 5 6 9 - , / [ ] { } :'.split(' '), ...words, ...values];
    const packet = fc.tuple(fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 12 }), fc.nat(9));
    let stranger = mallory();
    for (const [count, [pieces, kind]] of fc.sample(packet, { seed, numRuns: 2000 }).entries()) {
      if (stranger.all('disconnect').length > 0) stranger = mallory();
      await stranger.until(() => stranger.all('connect').length > 0);
      stranger.raw(kind === 0 ? Buffer.from(pieces.join('')) : pieces.join(''));
      if (count % 20 === 0) stranger.say('fence');
      // So that an end is seen where it happened, and not a thousand packets later.
      if (count % 5 === 0) await alice.caughtUp();
    }
    for (const event of events.all) {
      const message =
        event.type === 'unreadable' ? event.message : event.type === 'refused' ? event.refusal.message : '';
      expect(printed(message), `seed ${seed}: ${JSON.stringify(message)}`).toBe(true);
    }
    expect(Object.keys((await inn.signaling.counts()).refusals).every((code) => /^[a-z-]+$/.test(code))).toBe(true);
  });
});

describe('what a log shows', () => {
  it.each<[string, unknown[]]>([
    ['the name of an event', ['\u001b[2J\nalice joined', 1]],
    ['a name of an event without end', ['x'.repeat(100_000)]],
    ['__proto__', ['__proto__', {}]],
    ['a name', ['join', { version: 1, room: 'r', name: '\n\u001b[2J', instance: 'i', key: 'k'.repeat(26) }]],
    ['a room', ['join', { version: 1, room: `${'/'.repeat(200)}\u2028`, name: 'n' }]],
    ['a version', ['join', { version: '\n'.repeat(1000) }]],
    ['a version that is a number', ['join', { version: 1e300 }]],
    ['a token', ['renew', `\u001b[2J${'t'.repeat(9000)}`]],
  ])('of %s that a stranger chose is short, and has no control characters', async (_what, said) => {
    await open();
    const stranger = mallory();
    await stranger.until(() => stranger.all('connect').length > 0);
    (stranger.socket as { emit(...event: unknown[]): unknown }).emit(...said, () => undefined);
    await stranger.caughtUp();
    expect(events.of('refused').length).toBeGreaterThan(0);
    for (const { refusal } of events.of('refused')) expect(printed(refusal.message)).toBe(true);
  });

  it('of a forwarded address is an address', async () => {
    await open();
    const headers = { 'x-forwarded-for': 'a", "b": "\t' };
    const body = 'x'.repeat(1_000_000);
    const refused = await fetch(`${inn.url}${HANDSHAKE}polling&sid=x`, { method: 'POST', body, headers });
    expect(refused.status).toBe(413);
    expect(events.of('turned-away')).toMatchObject([{ address: '127.0.0.1', code: 'too-large' }]);
  });
});

/** Short, on one line, and in its order. */
function printed(message: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return message.length < 310 && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(message);
}

/** A masked frame, as a browser sends it; the mask is zero, so the text stays readable. */
function frame(payload: string | Buffer, first = 0x81): Buffer {
  const body = Buffer.from(payload);
  const { length } = body;
  const size = Buffer.alloc(length < 126 ? 1 : length < 65_536 ? 3 : 9);
  size[0] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (size.length === 3) size.writeUInt16BE(length, 1);
  if (size.length === 9) size.writeBigUInt64BE(BigInt(length), 1);
  return Buffer.concat([Buffer.from([first]), size, Buffer.alloc(4), body]);
}
