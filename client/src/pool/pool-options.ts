import { instanceId, peerName } from '#shared/identifiers';
import type { Ack } from '../communicators/communicator.ts';
import { milliseconds } from '../deadlines.ts';
import { MessagePackPacker } from '../packers/message-pack.ts';
import type { Packer } from '../packers/packer.ts';
import { checkIdentity, type Identity } from '../trust/identity.ts';
import type { PoolListeners } from './listeners.ts';

/** Everything has a default. What is no such option is refused at once, by a `TypeError` or `RangeError`. */
export interface PoolOptions {
  /** Default: a `MessagePackPacker`. Everyone in a pool uses packers of one name. */
  readonly packer?: Packer | undefined;
  /** Milliseconds a receive waits for another program, unless it says otherwise. Default 3000; `Infinity` waits for ever, 0 takes only what is there. */
  readonly timeout?: number | undefined;
  /** When `send` and `broadcast` resolve, unless they say otherwise. Default `delivered`. */
  readonly ack?: Ack | undefined;
  /** Names to connect to, as by `addClient`. */
  readonly clients?: readonly string[] | undefined;
  /** Whether to connect to everyone in the room. Default: only when nobody was named before `initialize`. */
  readonly discover?: boolean | undefined;
  /** What may lie unread of one sender, in bytes plus 256 a message. Default 64 MiB. */
  readonly inboxLimit?: number | undefined;
  /** What may wait here for one recipient, counted likewise; beyond it a send is `refused`. Default 256 MiB. */
  readonly outboxLimit?: number | undefined;
  /** The largest message, in packed bytes, that is sent or taken. Default 256 MiB. */
  readonly maxMessageSize?: number | undefined;
  /** How many messages of one sender may be out and not released, of those that are taken with `manualRelease`. Default 16; 1 for strict turns. */
  readonly slots?: number | undefined;
  /** Of `createIdentity()`: proved to every peer, for each link to it, so that those who know its public key take nobody else for this peer. */
  readonly identity?: Identity | undefined;
  /** The name of this life of the peer, never used before. Default: a random one. */
  readonly instance?: string | undefined;
  /** Say goodbye when the page goes. Default: where there is a document. */
  readonly leaveOnPageHide?: boolean | undefined;
  /** Listeners that miss nothing, because they are there at birth. */
  readonly on?: PoolListeners | undefined;
}

/** The options as the pool keeps them: checked, complete, copied and frozen. */
export interface Settings {
  readonly packer: Packer;
  readonly timeout: number;
  readonly ack: Ack;
  readonly clients: readonly string[];
  readonly discover: boolean | undefined;
  readonly inboxLimit: number;
  readonly outboxLimit: number;
  readonly maxMessageSize: number;
  readonly slots: number;
  readonly identity: Identity | undefined;
  readonly instance: string;
  readonly leaveOnPageHide: boolean;
  readonly on: PoolListeners;
}

const MEBIBYTE = 2 ** 20;
const ACKS: ReadonlySet<unknown> = new Set<Ack>(['delivered', 'accepted', 'consumed', 'none']);

/** @throws TypeError, RangeError for options that are none */
export function poolSettings(options: PoolOptions): Settings {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) throw new TypeError('the options of a pool are an object');
  const clients = options.clients ?? [];
  if (!Array.isArray(clients)) throw new TypeError('clients is an array of names');
  return Object.freeze({
    packer: packer(options.packer),
    timeout: milliseconds(options.timeout ?? 3000, 'timeout'),
    ack: checkAck(options.ack ?? 'delivered'),
    clients: Object.freeze(clients.map(peerName)),
    discover: options.discover,
    inboxLimit: size(options.inboxLimit ?? 64 * MEBIBYTE, 'inboxLimit'),
    outboxLimit: size(options.outboxLimit ?? 256 * MEBIBYTE, 'outboxLimit'),
    maxMessageSize: size(options.maxMessageSize ?? 256 * MEBIBYTE, 'maxMessageSize'),
    slots: slots(options.slots ?? 16),
    identity: options.identity && checkIdentity(options.identity),
    instance: options.instance === undefined ? newInstance() : instanceId(options.instance),
    leaveOnPageHide: options.leaveOnPageHide ?? typeof document !== 'undefined',
    on: Object.freeze({ ...options.on }),
  });
}

/** @throws TypeError */
export function checkAck(value: unknown): Ack {
  if (ACKS.has(value)) return value as Ack;
  throw new TypeError(`ack is one of ${[...ACKS].join(', ')}, not ${String(value)}`);
}

function packer(given: Packer | undefined): Packer {
  if (given === undefined) return new MessagePackPacker();
  if (typeof given !== 'object' || given === null) throw new TypeError('packer is a Packer: name, pack and unpack');
  if (typeof given.pack === 'function' && typeof given.unpack === 'function' && typeof given.name === 'string')
    return given;
  throw new TypeError('packer is a Packer: name, pack and unpack');
}

function size(value: number, what: string): number {
  if (typeof value !== 'number') throw new TypeError(`${what} is a number of bytes`);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${what} is a whole number of bytes, at least 1, not ${value}`);
  return value;
}

function slots(value: number): number {
  if (typeof value !== 'number') throw new TypeError('slots is a number');
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`slots is a whole number, at least 1, not ${value}`);
  return value;
}

/** 26 characters of base 32 carry 130 random bits. Also without a secure context, where there is no `randomUUID`. */
export function newInstance(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  return Array.from(bytes, (byte) => (byte & 31).toString(32)).join('');
}
