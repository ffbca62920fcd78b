// @ts-check
/**
 * A process that does to a signaling server what it should not, from an address of its own: 127.0.0.2. Run by
 * `hostile-clients.spec.ts`: `node attacker.mjs URL`. It tells its parent every second what was done to it so far.
 *
 * Paced to what is clearly above the limits, and takes a fraction of a core: on a machine of two, a flood as fast as it goes would
 * measure the scheduler and nothing else.
 */
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';

const url = new URL(process.argv[2] ?? '');
const FROM = '127.0.0.2';
const HANDSHAKE = '/peerpool?EIO=4&transport=';

/** New connections a second; an address has 16. */
const CONNECTIONS = 60;
/** Joins a second of each of four sockets; a socket has 1, after 16 at once. */
const JOINS = 10;
/** Signals a second, of 300 bytes, of each of two sockets; a socket has 128, after 2048 at once. */
const SIGNALS = 800;
/** Payloads a second that are larger than allowed: 50 MB announced, and up to a megabyte of them sent. */
const PAYLOADS = 2;
/** Sockets that say their headers byte by byte, all the time. */
const TRICKLING = 40;

/** What became of it. */
const done = {
  open: 0,
  turnedAway: 0,
  dropped: 0,
  joins: 0,
  joinsRefused: 0,
  signals: 0,
  payloads: 0,
  cut: 0,
  trickling: 0,
};

/** @typedef {import('node:stream').Duplex} Duplex */

/**
 * @param {(socket: Duplex) => void} [opened]
 */
function webSocket(opened) {
  const asked = request(new URL(`${HANDSHAKE}websocket`, url), {
    localAddress: FROM,
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
    },
  });
  asked.once('upgrade', (_, socket) => {
    done.open++;
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      done.open--;
      done.dropped++;
    });
    if (opened === undefined) socket.resume();
    else opened(socket);
  });
  asked.once('response', (response) => {
    done.turnedAway++;
    response.resume();
  });
  asked.once('error', () => done.turnedAway++);
  asked.end();
}

/**
 * A masked frame of text, under a mask of zeros.
 * @param {string} text
 */
function frame(text) {
  const body = Buffer.from(text);
  const length =
    body.length < 126 ? Buffer.from([0x80 | body.length]) : Buffer.from([0xfe, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([0x81]), length, Buffer.alloc(4), body]);
}

/**
 * Does something on a socket of socket.io, some a second, for as long as that lasts, then on the next.
 * @param {number} perSecond
 * @param {(socket: Duplex) => void} begin
 * @param {(socket: Duplex, count: number) => void} act ten times a second
 * @param {(text: string) => void} [heard]
 */
function again(perSecond, begin, act, heard = () => {}) {
  webSocket((socket) => {
    socket.on('data', (data) => heard(String(data)));
    socket.write(frame('40'));
    let begun = false;
    const timer = setInterval(() => {
      if (begun) act(socket, perSecond / 10);
      else begin(socket);
      begun = true;
    }, 100);
    socket.once('close', () => {
      clearInterval(timer);
      setTimeout(() => again(perSecond, begin, act, heard), 1000);
    });
  });
}

/** @param {string} name @param {string} room */
const join = (name, room) => {
  const key = randomUUID();
  return frame(`421["join",${JSON.stringify({ version: 1, room, name, instance: key, key })}]`);
};

setInterval(() => {
  for (let count = 0; count < CONNECTIONS / 10; count++) webSocket();
}, 100);

for (let socket = 0; socket < 4; socket++) {
  again(
    JOINS,
    () => {},
    (way, count) => {
      for (let index = 0; index < count; index++) way.write(join(`guess-${index}`, `room-${randomUUID()}`));
      done.joins += count;
    },
    (text) => {
      if (/rate-limited|already-joined/.test(text)) done.joinsRefused++;
    },
  );
}

const signal = frame(`42["signal",{"name":"nobody","instance":"1"},"${'x'.repeat(300)}"]`);
for (let socket = 0; socket < 2; socket++) {
  again(
    SIGNALS,
    (way) => way.write(join(`flood-${randomUUID()}`, 'flood')),
    (way, count) => {
      way.write(Buffer.concat(Array.from({ length: count }, () => signal)));
      done.signals += count;
    },
  );
}

const megabyte = Buffer.alloc(2 ** 20, 'x');
setInterval(() => {
  done.payloads++;
  // Once announced in a frame, once in a header, in turns.
  if (done.payloads % 2 === 0) {
    webSocket((socket) => {
      const header = Buffer.alloc(14);
      header.set([0x81, 0xff]);
      header.writeBigUInt64BE(50n * 2n ** 20n, 2);
      socket.resume();
      socket.write(Buffer.concat([header, megabyte]));
      socket.once('close', () => done.cut++);
    });
    return;
  }
  const posted = request(new URL(`${HANDSHAKE}polling&sid=x`, url), {
    localAddress: FROM,
    method: 'POST',
    headers: { 'content-length': 50 * 2 ** 20 },
  });
  posted.on('error', () => posted.destroy());
  posted.once('response', (response) => response.resume());
  posted.once('close', () => done.cut++);
  posted.write(megabyte);
}, 1000 / PAYLOADS);

function trickle() {
  const socket = connect({ port: Number(url.port), host: url.hostname, localAddress: FROM });
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.write('GET /peerpool?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nX: ');
  done.trickling++;
  const timer = setInterval(() => socket.write('y'), 500);
  socket.once('close', () => {
    clearInterval(timer);
    done.trickling--;
    setTimeout(trickle, 1000);
  });
}
for (let count = 0; count < TRICKLING; count++) trickle();

setInterval(() => process.send?.(done), 1000);
process.once('disconnect', () => process.exit());
