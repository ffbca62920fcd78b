declare const brand: unique symbol;
type Branded<Tag extends string> = string & { readonly [brand]: Tag };

/** The name of a peer: unique in its room at any moment, and compared exactly after NFC. */
export type PeerName = Branded<'PeerName'>;
/** The name of a room: who joins the same room can form a pool. */
export type RoomName = Branded<'RoomName'>;
/** One life of a peer: a new one with every start, never reused. Of two peers the one with the smaller id offers. */
export type InstanceId = Branded<'InstanceId'>;

/**
 * Names travel in every introduction; 128 bytes hold any sensible one and bound what a stranger can make others store.
 */
export const NAME_BYTES = 128;
/** NFC composes at most four code units into one: what is longer than this need not be normalized to be refused. */
const NFC_SHRINKS = 4;

/**
 * A peer name: 1 to 128 bytes of UTF-8 after NFC, without control characters or lone surrogates.
 * @throws TypeError when it is not a string or holds a character it may not; RangeError when it is empty or too long
 */
export function peerName(value: unknown): PeerName {
  return identifier(value, 'peer name') as PeerName;
}

/**
 * A room name: as a peer name, and without `/`, which separates rooms from what is stored beside them.
 * @throws TypeError, RangeError as `peerName`
 */
export function roomName(value: unknown): RoomName {
  const name = identifier(value, 'room name');
  if (name.includes('/')) throw new TypeError(`"/" is not allowed in a room name: ${quote(name)}`);
  return name as RoomName;
}

/** An instance id: as a peer name; peerpool's own are 26 characters of base 32. */
export function instanceId(value: unknown): InstanceId {
  return identifier(value, 'instance id') as InstanceId;
}

function identifier(value: unknown, what: string): string {
  if (typeof value !== 'string') {
    throw new TypeError(`a ${what} is a string, not ${value === null ? 'null' : typeof value}`);
  }
  if (value.length === 0) throw new RangeError(`a ${what} is not empty`);
  // Most are, and a signaling server looks at two for each signal: of these nothing is left to be found out.
  if (value.length <= NAME_BYTES && /^[ -~]+$/.test(value)) return value;
  const name = value.length > NAME_BYTES * NFC_SHRINKS ? value : value.normalize('NFC');
  if (utf8Length(name) > NAME_BYTES) {
    throw new RangeError(`a ${what} has at most ${NAME_BYTES} bytes of UTF-8: ${quote(name)}`);
  }
  // With the flag u a pair is one character, so a surrogate is a lone one.
  if (/[\p{Cc}\p{Cs}]/u.test(name)) {
    throw new TypeError(`a ${what} has no control characters and no lone surrogates: ${quote(name)}`);
  }
  return name;
}

function quote(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}

/** Plain ECMAScript has no TextEncoder, and this file sees neither DOM nor Node. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
