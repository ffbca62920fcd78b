import { type InstanceId, instanceId, type PeerName, peerName, type RoomName, roomName } from '#shared/identifiers';
import { type Refusal, SIGNALING_VERSION } from '#shared/signaling';
import { refusal } from './refusal.ts';

/** What a client can ask for, once it has been parsed. */
export type Request =
  | {
      readonly type: 'join';
      readonly room: RoomName;
      readonly name: PeerName;
      readonly instance: InstanceId;
      readonly key: string;
      readonly again: boolean;
      readonly token: string | undefined;
    }
  | { readonly type: 'renew'; readonly token: string }
  | { readonly type: 'signal'; readonly to: Addressee; readonly signal: unknown }
  | { readonly type: 'leave' };

export interface Addressee {
  readonly name: PeerName;
  readonly instance: InstanceId;
}

/** A key guards a name, so it has to be more than a guess: 16 characters of base 32 are 80 bits. */
const KEY_BYTES = { min: 16, max: 128 };
/** As much as many proxies allow a header, which is where other tokens travel. */
const TOKEN_BYTES = 8192;
/**
 * socket.io's encoder walks a signal recursively, so one that nests without end would exhaust the stack. Honest ones
 * have three or four levels.
 */
const SIGNAL_DEPTH = 16;

/**
 * Takes whatever a socket brought and never throws; fields it doesn't know are ignored, arguments it doesn't know are
 * refused.
 */
export function parseRequest(event: unknown, args: readonly unknown[], maxSignalBytes: number): Request | Refusal {
  try {
    switch (event) {
      case 'join':
        return join(only(args, 1));
      case 'signal':
        return signal(only(args, 2), maxSignalBytes);
      case 'renew':
        return { type: 'renew', token: ticket(only(args, 1)[0]) };
      case 'leave':
        only(args, 0);
        return { type: 'leave' };
      default:
        return refusal('malformed', 'the events of this server are join, signal, renew and leave');
    }
  } catch (error) {
    // Of the events above: what else a stranger calls an event is not repeated.
    return refusal('malformed', `${event as string}: ${error instanceof Error ? error.message : 'not readable'}`);
  }
}

/** Who says by a beacon that it has left, and the key that proves it. */
export type Farewell = Addressee & { readonly room: RoomName; readonly key: string };

/** @throws SyntaxError, TypeError, RangeError */
export function parseFarewell(text: string): Farewell {
  const { room, name, instance, key } = record(JSON.parse(text), 'a farewell');
  return { room: roomName(room), name: peerName(name), instance: instanceId(instance), key: secret(key) };
}

function join([payload]: readonly unknown[]): Request | Refusal {
  const { version, room, name, instance, key, again = false, token } = record(payload, 'the request');
  if (version !== SIGNALING_VERSION) {
    const theirs = typeof version === 'number' ? `version ${version}` : 'no version';
    return refusal(
      'version',
      `this server speaks version ${SIGNALING_VERSION} of the signaling wire, the client ${theirs}`,
    );
  }
  if (typeof again !== 'boolean') throw new TypeError('again is true or false');
  return {
    type: 'join',
    room: roomName(room),
    name: peerName(name),
    instance: instanceId(instance),
    key: secret(key),
    again,
    token: token === undefined ? undefined : ticket(token),
  };
}

function signal([to, payload]: readonly unknown[], maxSignalBytes: number): Request | Refusal {
  const { name, instance } = record(to, 'the recipient');
  const bytes = weigh(payload, maxSignalBytes, SIGNAL_DEPTH);
  if (bytes > maxSignalBytes) return refusal('too-large', `a signal has at most ${maxSignalBytes} bytes`);
  return { type: 'signal', to: { name: peerName(name), instance: instanceId(instance) }, signal: payload };
}

function only(args: readonly unknown[], count: number): readonly unknown[] {
  if (args.length !== count) throw new TypeError(`it takes ${count} arguments, not ${args.length}`);
  return args;
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${what} is an object`);
  return value as Readonly<Record<string, unknown>>;
}

function secret(value: unknown): string {
  const bytes = typeof value === 'string' ? Buffer.byteLength(value) : 0;
  if (typeof value !== 'string' || bytes < KEY_BYTES.min || bytes > KEY_BYTES.max) {
    throw new TypeError(`a key is a string of ${KEY_BYTES.min} to ${KEY_BYTES.max} bytes`);
  }
  return value;
}

function ticket(value: unknown): string {
  if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= TOKEN_BYTES) return value;
  throw new TypeError(`a token is a string of 1 to ${TOKEN_BYTES} bytes`);
}

/**
 * The bytes of what came as JSON with binary in it; stops at the first value beyond `limit`. Says nothing of what they
 * mean.
 */
function weigh(value: unknown, limit: number, depth: number): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 8;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  if (depth === 0) throw new RangeError(`a signal nests at most ${SIGNAL_DEPTH} deep`);
  let bytes = 8;
  for (const [key, inner] of Object.entries(value)) {
    if (bytes > limit) break;
    bytes += Buffer.byteLength(key) + weigh(inner, limit - bytes, depth - 1);
  }
  return bytes;
}
