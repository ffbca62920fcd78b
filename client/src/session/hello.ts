import { PoolError } from '../errors.ts';
import { said } from '../said.ts';
import { FRAME, FrameError, type PacketReader, encodeText } from './frames.ts';

/** The versions of the session wire spoken here; the highest common one is used. */
export const VERSIONS = { lowest: 1, highest: 1 } as const;

/** Keeps a stray page, or a later protocol, from being read as a hello. */
const MAGIC = 'peerpool';

/** A hello is a few hundred bytes; a stranger may not make us parse more. */
const HELLO_BYTES = 8 * 1024;

/** Smaller packets could not hold the header of every frame. */
const LEAST_PACKET_BYTES = 4096;

/** The first frame in each lane of a link, the same in all of them: who speaks, what was agreed, how far it came, and what it takes. */
export interface Hello {
  readonly lowest: number;
  readonly highest: number;
  readonly name: string;
  readonly instance: string;
  /** The instance this is meant for. */
  readonly to: string;
  /** The link's number, counted by the pair since it first met. */
  readonly link: number;
  /** This side's half of the id and of the pair key of the session that begins here, unless one goes on. */
  readonly half: string;
  readonly key: string;
  /** The session that is to go on. */
  readonly resume: Continuation | null;
  /** Of the speaker's identity, which it proves next; `null` where it has none. */
  readonly publicKey: string | null;
  readonly packer: string;
  /** The largest packet, message and inbox that this side takes, in bytes. */
  readonly packetBytes: number;
  readonly maxMessageSize: number;
  readonly inboxLimit: number;
}

export interface Continuation {
  readonly id: string;
  /** Messages may have passed: this side was up. Else it was agreed on, and the link broke before this side was welcome. */
  readonly standing: boolean;
  /** The counted frames of each lane that have arrived here. */
  readonly frames: readonly [number, number];
  /** That this side has the pair key, for this link. */
  readonly proof: string;
}

/** What a hello says, as it stands on the wire. */
export function helloText(hello: Hello): string {
  return JSON.stringify(hello);
}

export function encodeHello(text: string): Uint8Array {
  const body = encodeText(text);
  const magic = encodeText(MAGIC);
  const packet = new Uint8Array(1 + magic.length + body.length);
  packet[0] = FRAME.hello;
  packet.set(magic, 1);
  packet.set(body, 1 + magic.length);
  return packet;
}

/** Reads what follows the frame's kind; a hello fills its packet. */
export function readHello(reader: PacketReader): string {
  const bytes = reader.rest();
  if (bytes.length > HELLO_BYTES) throw new FrameError(`a hello has ${bytes.length} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FrameError('a hello is not UTF-8', { cause });
  }
  if (!text.startsWith(MAGIC)) throw new FrameError('this is not a peerpool hello');
  return text.slice(MAGIC.length);
}

/** Unknown fields are ignored. */
export function parseHello(text: string): Hello {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (cause) {
    throw new FrameError('a hello is not JSON', { cause });
  }
  if (typeof fields !== 'object' || fields === null) throw new FrameError('a hello is not an object');
  const map = new Map<string, unknown>(Object.entries(fields));
  return {
    lowest: count(map, 'lowest'),
    highest: count(map, 'highest'),
    name: word(map, 'name'),
    instance: word(map, 'instance'),
    to: word(map, 'to'),
    link: count(map, 'link'),
    half: word(map, 'half'),
    key: word(map, 'key'),
    resume: continuation(map.get('resume')),
    publicKey: (map.get('publicKey') ?? null) === null ? null : word(map, 'publicKey'),
    packer: word(map, 'packer'),
    packetBytes: count(map, 'packetBytes'),
    maxMessageSize: count(map, 'maxMessageSize'),
    inboxLimit: count(map, 'inboxLimit'),
  };
}

function continuation(value: unknown): Continuation | null {
  if (value === null) return null;
  if (typeof value !== 'object') throw new FrameError('a hello has no proper "resume"');
  const map = new Map<string, unknown>(Object.entries(value ?? {}));
  const frames: unknown = map.get('frames');
  if (!Array.isArray(frames) || frames.length !== 2) throw new FrameError('a hello has no proper "frames"');
  const [small, bulk] = frames.map((count) => natural(count, 'frames'));
  const standing = map.get('standing') === true;
  return { id: word(map, 'id'), standing, frames: [small ?? 0, bulk ?? 0], proof: word(map, 'proof') };
}

function word(fields: ReadonlyMap<string, unknown>, field: string): string {
  const value = fields.get(field);
  if (typeof value !== 'string' || value.length === 0 || value.length > 256) {
    throw new FrameError(`a hello has no proper "${field}"`);
  }
  return value;
}

function count(fields: ReadonlyMap<string, unknown>, field: string): number {
  return natural(fields.get(field), field);
}

function natural(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new FrameError(`a hello has no proper "${field}"`);
  }
  return value;
}

/** Why the two sides of a link can't understand each other; `undefined` when they can. Both sides come to the same answer. */
export function mismatch(own: Hello, other: Hello): PoolError | undefined {
  const peer = other.name;
  if (other.to !== own.instance || other.instance === own.instance) {
    return new PoolError('refused', `${peer} speaks to another instance than this one`, { peer, reason: 'instance' });
  }
  if (other.lowest > own.highest || other.highest < own.lowest) {
    return new PoolError(
      'unsupported',
      `${own.name} speaks versions ${own.lowest} to ${own.highest} of the protocol, ${peer} ${other.lowest} to ${other.highest}: update the older`,
      { peer, reason: 'version' },
    );
  }
  if (other.link !== own.link) {
    return new PoolError('malformed', `${peer} calls this link ${other.link}, it is link ${own.link}`, { peer });
  }
  if (other.packer !== own.packer) {
    return new PoolError(
      'refused',
      `${own.name} packs with "${own.packer}", ${peer} with "${said(other.packer)}": give both the same packer`,
      {
        peer,
        reason: 'packer',
      },
    );
  }
  if (other.packetBytes < LEAST_PACKET_BYTES) {
    return new PoolError('malformed', `${peer} takes packets of ${other.packetBytes} bytes only`, { peer });
  }
  return undefined;
}

/** A new session's id: both halves, the smaller instance's first, so that both sides write the same. */
export function sessionId(own: Hello, other: Hello): string {
  return own.instance < other.instance ? `${own.half}${other.half}` : `${other.half}${own.half}`;
}
