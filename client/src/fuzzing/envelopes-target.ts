import type { Receipt } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import { MessagePackPacker } from '../packers/message-pack.ts';
import type { Packet } from '../packers/packer.ts';
import { Pool } from '../pool/pool.ts';
import type { Random } from '../session/testing/random.ts';
import { LonelyCommunicator } from './lonely-communicator.ts';
import { bytesOf, mutate, number } from './mutation.ts';
import { allowed, check, type Target } from './target.ts';
import { name, value } from './values.ts';

const packer = new MessagePackPacker();

/** A whole pool that asks, is asked, waits and reads, and one of its members who says what nobody could mean. */
export class EnvelopesTarget implements Target {
  async input(random: Random, note: (given: Uint8Array | string) => void): Promise<void> {
    const communicator = new LonelyCommunicator(['mallory', 'carol']);
    const errors: Error[] = [];
    const pool = new Pool('bob', communicator, {
      clients: ['mallory', 'carol'],
      inboxLimit: 100_000,
      timeout: Infinity,
      leaveOnPageHide: false,
      on: { error: ({ error }) => errors.push(error) },
    });
    await pool.initialize();
    const answer = pool.call('carol', 'ask');
    const waiting = Promise.allSettled([answer, ...busy(pool, random)]);
    const receipts: Kept[] = [];
    for (let packets = 1 + random.below(8); packets > 0; packets--) {
      const { queue, packet, correlation } = envelope(random);
      note(`${JSON.stringify(queue)} ${String(correlation)} ${packet.segments.length}`);
      note(packet.head);
      const kept = new Kept(correlation);
      receipts.push(kept);
      allowed([PoolError], () => communicator.receive('mallory', queue, packet, kept));
      if (random.chance(1 / 3)) await turns(random.below(20));
    }
    const heard = pool.recv('carol', 'still there');
    communicator.receive('carol', 'mstill there', packer.pack('yes'), new Kept(undefined));
    check((await heard) === 'yes', 'carol is not heard any more');
    await turns(20);
    communicator.receive('carol', 'a1', packer.pack(7), new Kept(undefined));
    check((await answer) === 7, 'what carol answers is not heard any more');
    for (const { to, options } of communicator.posted)
      check(!/^[ae]/.test(options.queue) || to !== 'carol', 'carol is told what mallory asked');
    communicator.listener.left('mallory', 'mallory-1', 'goodbye');
    communicator.listener.left('carol', 'carol-1', 'goodbye');
    await pool.shutdown();
    await waiting;
    for (const error of errors) check(error.message.length < 5_000, `an error is long: ${error.message.slice(0, 100)}`);
  }
}

/** What the pool is busy with, of which everything settles once all have left. */
function busy(pool: Pool, random: Random): Promise<unknown>[] {
  pool.expose({
    add: (one: never, other: never) => one + other,
    fail: () => Promise.reject(new Error('no')),
    late: () => new Promise(() => {}),
  });
  pool.onRequest(({ value }) => value, 'echo');
  return [
    pool.call('mallory', 'theirs', [1]),
    pool.request('mallory', 'why', 'x'),
    pool.barrier('b'),
    pool.recv('mallory', 'x'),
    pool.sendStream('mallory', new Blob(['bytes'])),
    ...(random.chance(1 / 2) ? [read(pool), read(pool)] : []),
  ];
}

async function read(pool: Pool): Promise<unknown> {
  const { stream } = await pool.recvStream('mallory');
  return new Response(stream).arrayBuffer();
}

class Kept implements Receipt {
  readonly identity = 'mallory-1/1';
  readonly serial = 1;
  readonly correlation: number | undefined;

  constructor(correlation: number | undefined) {
    this.correlation = correlation;
  }

  consumed(): void {}
}

interface Envelope {
  readonly queue: string;
  readonly packet: Packet;
  readonly correlation: number | undefined;
}

const NOTHING: Packet = { head: new Uint8Array(0), segments: [] };

function envelope(random: Random): Envelope {
  const own = random.chance(3 / 4) ? 1 + random.below(3) : number(random);
  const kind = random.pick(['', 'm', 'a', 'e', 'c', 'b', 's', 'sm', 'd', 'x', 'y', 'z']);
  const queue = random.chance(1 / 12) ? kind + name(random) : kind + key(kind, own, random);
  const correlation = random.chance(1 / 4) ? undefined : kind === 'd' ? random.pick([0, 0, 1, 5, own]) : own;
  return { queue, packet: packetOf(kind, random), correlation };
}

function key(kind: string, own: number, random: Random): string {
  switch (kind) {
    case '':
    case 's':
      return '';
    case 'c':
      return random.pick(['add', 'fail', 'late', 'constructor', '__proto__', 'toString', name(random)]);
    case 'm':
    case 'sm':
    case 'b':
      return random.pick(['x', 'b', 'echo', name(random)]);
    default:
      return String(own);
  }
}

function packetOf(kind: string, random: Random): Packet {
  if (random.chance(1 / 10)) return NOTHING;
  if (random.chance(1 / 10))
    return { head: bytesOf(random, random.below(30)), segments: random.chance(1 / 4) ? [new Uint8Array(65_536)] : [] };
  const packet = packer.pack(content(kind, random));
  return random.chance(1 / 5) ? { ...packet, head: mutate(packet.head, random) } : packet;
}

function content(kind: string, random: Random): unknown {
  if (random.chance(1 / 6)) return value(random);
  switch (kind) {
    case 'e':
      return [random.pick(['threw', 'unpackable', 'unknown-method', 'late', name(random)]), value(random)];
    case 'c':
      return [1, value(random)];
    case 's':
    case 'sm':
      return {
        name: random.pick([undefined, name(random)]),
        type: 'text/plain',
        size: random.pick([undefined, 0, 5, number(random)]),
      };
    case 'x':
    case 'y':
      return random.pick(['why', 'because\n'.repeat(400), name(random)]);
    default:
      return value(random);
  }
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve();
}
