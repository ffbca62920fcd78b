import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { SendOptions } from '../communicators/communicator.ts';
import type { PoolError } from '../errors.ts';
import { encodeText, FLAG, FRAME, PacketWriter } from './frames.ts';
import { type End, PairOfSessions, type PairOptions } from './testing/pair-of-sessions.ts';

const MEBIBYTE = 2 ** 20;
const PACKET_BYTES = 16 * 1024;
const INBOX = 2 * MEBIBYTE;
const OUTBOX = 4 * MEBIBYTE;

/** What the process gains and loses besides, in bytes. */
const NOISE = MEBIBYTE;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of objects and of array buffers, when all that nobody refers to is gone. */
function held(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function up(options: PairOptions = {}): PairOfSessions {
  const pair = new PairOfSessions({
    packetBytes: PACKET_BYTES,
    laneBytes: 4 * PACKET_BYTES,
    ...options,
    alice: { outboxLimit: OUTBOX, ...options.alice },
    bob: { inboxLimit: INBOX, ...options.bob },
  });
  pair.open();
  pair.run();
  return pair;
}

/** One packet that nobody's session wrote: frames as long as there is room for another. */
function packet(bytes: number, frame: (writer: PacketWriter) => void): Uint8Array {
  const writer = new PacketWriter(PACKET_BYTES);
  do frame(writer);
  while (writer.room >= bytes);
  return writer.packet.slice();
}

/** Sends without waiting; what became of it, where something did. */
function send(end: End, bytes: number, options: Partial<SendOptions> = {}): void {
  const whole = { head: new Uint8Array(bytes), segments: [] };
  end.session.send(whole, { queue: '', ack: 'none', ...options }, (error?: PoolError) => {
    if (error !== undefined && error.reason !== 'outbox-full') throw error;
  });
}

/** Bytes of the messages that lie there, as the limit counts them. */
function unread({ heard }: End): number {
  return heard.reduce((sum, one) => sum + (one.type === 'message' ? one.packet.head.length + 256 : 0), 0);
}

/** Reads all there is, and what comes when it was read. */
function readAll(pair: PairOfSessions): void {
  for (let left = 1; left > 0;) {
    pair.run();
    const heard = pair.bob.heard.splice(0);
    left = heard.length;
    for (const one of heard) if (one.type === 'message') one.receipt.consumed();
  }
}

function end({ heard }: End): string {
  const last = heard.find(({ type }) => type === 'ended');
  return last?.type === 'ended' ? last.reason : 'up';
}

describe('what a session holds', () => {
  it('is bounded when a thousand messages are begun and not finished', () => {
    const pair = up();
    const whole = { head: new Uint8Array(100 * 1024), segments: [] };
    for (let id = 0; id < 1000; id++) {
      pair.alice.session.send(whole, { queue: `q${id}`, ack: 'none' }, () => {});
    }
    // One packet for each that may begin, so that all of them have begun and none is finished.
    const before = held();
    for (let packets = 0; packets < 18; packets++) {
      pair.alice.session.flush();
      const bytes = pair.alice.link.take(1);
      if (bytes !== undefined) pair.bob.listener.packet(1, bytes);
    }
    expect(unread(pair.bob)).toBe(0);
    const begun = held() - before;
    expect(begun).toBeGreaterThan(MEBIBYTE / 4);
    expect(begun).toBeLessThan(INBOX + NOISE);
    pair.run();
    expect(unread(pair.bob)).toBeGreaterThan(INBOX * 0.75);
    expect(unread(pair.bob)).toBeLessThanOrEqual(INBOX);
    expect(held() - before).toBeLessThan(INBOX + NOISE);
  });

  it('grows with what has come of a message and not with what was announced', () => {
    const pair = up({ bob: { inboxLimit: 64 * MEBIBYTE, maxMessageSize: 1024 * MEBIBYTE } });
    const before = held();
    for (let index = 0; index < 60; index++) {
      const writer = new PacketWriter(PACKET_BYTES);
      writer.byte(FRAME.first | FLAG.queue);
      writer.text(encodeText(`q${index}`));
      writer.varint(MEBIBYTE - 1024);
      writer.varint(1);
      writer.byte(7);
      pair.bob.listener.packet(1, writer.packet.slice());
    }
    expect(held() - before).toBeLessThan(60 * 64 * 1024 + NOISE);
    expect(end(pair.bob)).toBe('up');
  });

  it('is what has come, and not the packets it came in', () => {
    const pair = up();
    const before = held();
    for (let index = 0; index < 24; index++) {
      const writer = new PacketWriter(PACKET_BYTES);
      writer.byte(FRAME.first);
      writer.varint(80 * 1024);
      writer.varint(1);
      writer.byte(7);
      pair.bob.listener.packet(1, writer.packet.slice());
    }
    for (let round = 0; round < 40; round++) {
      for (let index = 0; index < 24; index++) {
        let first = true;
        const padded = packet(4, (writer) => {
          if (first) for (const byte of [FRAME.more, index, 1, 7]) writer.byte(byte);
          else for (const byte of [FRAME.ack, 0, 0]) writer.byte(byte);
          first = false;
        });
        pair.bob.listener.packet(1, padded);
      }
    }
    expect(held() - before).toBeLessThan(INBOX + NOISE);
    expect(end(pair.bob)).toBe('up');
  });

  it('is no answer for each ping of somebody who does not read them', () => {
    const pair = up();
    const before = held();
    const pings = packet(2, (writer) => {
      writer.byte(FRAME.ping);
      writer.varint(1);
    });
    for (let packets = 0; packets < 100; packets++) pair.bob.listener.packet(0, pings);
    expect(held() - before).toBeLessThan(NOISE);
    expect(end(pair.bob)).toBe('up');
  });

  it('is bounded when a peer does not say that it was told of refusals', () => {
    const pair = up();
    pair.bob.refuse = (queue) => {
      throw new Error(`${queue}${'x'.repeat(500)}`);
    };
    const before = held();
    const empty = packet(2, (writer) => {
      writer.byte(FRAME.message);
      writer.varint(0);
    });
    for (let packets = 0; packets < 20; packets++) pair.bob.listener.packet(0, empty);
    // A refusal is said in 500 characters, which the error may hold more than once, for each 256 bytes of the limit.
    expect(held() - before).toBeLessThan(10 * INBOX + NOISE);
    expect(end(pair.bob)).toBe('malformed');
  });

  it('is of a refusal what will be said of it, however much the error quotes', () => {
    const pair = up();
    pair.bob.refuse = () => {
      throw new Error(Array.from({ length: 10_000 }, (_, index) => index).join());
    };
    const before = held();
    const empty = packet(2, (writer) => {
      writer.byte(FRAME.message | FLAG.unmetered);
      writer.varint(0);
    });
    pair.bob.listener.packet(0, empty.subarray(0, 4_000));
    // Two thousand of them.
    expect(held() - before).toBeLessThan(2 * 2_500 * 1024);
    expect(end(pair.bob)).toBe('up');
  });

  it('is bounded when a peer does not say that it was told of receipts', () => {
    const pair = up();
    const before = held();
    const empty = packet(2, (writer) => {
      writer.byte(FRAME.message | FLAG.receipt);
      writer.varint(0);
    });
    for (let packets = 0; packets < 20; packets++) {
      pair.bob.listener.packet(0, empty);
      for (const one of pair.bob.heard) if (one.type === 'message') one.receipt.consumed();
      pair.bob.heard.splice(0, pair.bob.heard.length - 1);
    }
    expect(held() - before).toBeLessThan(2 * INBOX + NOISE);
    expect(end(pair.bob)).toBe('malformed');
  });

  it('is bounded when a peer takes everything and says of nothing that it was consumed', () => {
    const pair = up({ bob: { inboxLimit: 64 * MEBIBYTE } });
    let refused = 0;
    const before = held();
    for (let sent = 0; sent < 40_000; sent++) {
      pair.alice.session.send({ head: new Uint8Array(0), segments: [] }, { queue: '', ack: 'consumed' }, (error) => {
        refused += Number(error?.reason === 'outbox-full');
      });
      if (sent % 1000 === 0) pair.run();
    }
    pair.run();
    pair.bob.heard.length = 0;
    expect(refused).toBeGreaterThan(0);
    expect(held() - before).toBeLessThan(4 * OUTBOX + NOISE);
    expect(end(pair.alice)).toBe('up');
  });

  it('is nothing for those who waited and gave up, and their messages do not pass the limit', () => {
    const pair = up({ alice: { outboxLimit: 100 * MEBIBYTE } });
    for (let index = 0; index < 20; index++) send(pair.alice, MEBIBYTE / 4, { queue: 'flood' });
    pair.run();
    const before = held();
    for (let index = 0; index < 70_000; index++) {
      pair.bob.session.want(`q${index}`, true);
      pair.bob.session.want(`q${index}`, false);
      if (index % 1000 === 0) pair.run();
    }
    pair.run();
    expect(end(pair.bob)).toBe('up');
    expect(held() - before).toBeLessThan(NOISE);
    for (let index = 0; index < 40; index++) send(pair.alice, MEBIBYTE / 2, { queue: `q${index}` });
    pair.run();
    expect(unread(pair.bob)).toBeLessThanOrEqual(INBOX);
    pair.bob.session.want('q7', true);
    pair.run();
    expect(unread(pair.bob)).toBeGreaterThan(INBOX - MEBIBYTE / 2);
    expect(unread(pair.bob)).toBeLessThanOrEqual(INBOX + MEBIBYTE / 2 + 256);
    readAll(pair);
    expect(pair.alice.session.idle).toBe(true);
  });

  it('is nothing for a message that was refused because the outbox is full', () => {
    const pair = up();
    send(pair.alice, OUTBOX);
    pair.run();
    send(pair.alice, OUTBOX);
    const before = held();
    for (let index = 0; index < 20_000; index++) send(pair.alice, 8, { queue: `q${index}`, ack: 'delivered' });
    expect(held() - before).toBeLessThan(NOISE);
    readAll(pair);
    expect(pair.alice.session.idle).toBe(true);
  });

  it('is bounded whatever a peer says takes no room', () => {
    const pair = up();
    const empty = packet(2, (writer) => {
      writer.byte(FRAME.message | FLAG.unmetered);
      writer.varint(0);
    });
    for (let packets = 0; packets < 20; packets++) pair.bob.listener.packet(0, empty);
    expect(unread(pair.bob)).toBeLessThanOrEqual(INBOX + 256);
  });

  it('is nothing when all was read', () => {
    const pair = up();
    const before = held();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 8_000; index++) send(pair.alice, 100, { queue: `${round}-${index}` });
      expect(held() - before).toBeGreaterThan(NOISE);
      readAll(pair);
      expect(pair.alice.session.idle).toBe(true);
    }
    expect(held() - before).toBeLessThan(NOISE);
  });
});
