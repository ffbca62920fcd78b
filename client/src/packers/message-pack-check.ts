import { MOST_LEVELS, MOST_OBJECTS } from './lowering.ts';

/** Extensions from here to there are objects to the engine: a date, a binary, a segment. */
const FIRST_OBJECT_EXTENSION = 4;
const LAST_OBJECT_EXTENSION = 15;

/** For the bytes 0xc0 to 0xdf: how many bytes of length follow, then how many bytes beside those the length tells. */
const LENGTH = [
  0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4,
] as const;
const FIXED = [
  0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 0, 0, 0, 0, 0, 0, 0,
] as const;

/**
 * Reads the structure of MessagePack bytes and makes nothing of them, because the library makes an array of whatever length a header claims. Claims are honest when
 * the bytes that follow can hold them: each value takes at least one. Linear in the bytes.
 * @returns whether there is anything beside plain values: a binary or an extension
 * @throws RangeError when the bytes are not exactly one value, or it is too deep or has too many objects
 */
export function checkMessagePack(bytes: Uint8Array): boolean {
  const end = bytes.byteLength;
  /** Values still to come, per open level; `claimed` is their sum. */
  const left = [1];
  let claimed = 1;
  let objects = 0;
  let plain = true;
  let at = 0;
  while (claimed > 0) {
    if (claimed > end - at) throw new RangeError('fewer bytes than values');
    let open = left.length - 1;
    while (left[open] === 0) {
      left.pop();
      open--;
    }
    left[open] = (left[open] ?? 0) - 1;
    claimed--;
    const byte = bytes[at++] ?? 0;
    let children = -1;
    if (byte < 0x80 || byte >= 0xe0) continue;
    else if (byte < 0x90) children = 2 * (byte & 15);
    else if (byte < 0xa0) children = byte & 15;
    else if (byte < 0xc0) at += byte & 31;
    else {
      if (byte === 0xc1) throw new RangeError('a byte that means nothing');
      let claim = 0;
      for (let more = LENGTH[byte - 0xc0] ?? 0; more > 0; more--) claim = claim * 256 + (bytes[at++] ?? 0);
      if (byte >= 0xdc) children = byte < 0xde ? claim : 2 * claim;
      else {
        if (byte >= 0xc4 && byte <= 0xc6) {
          plain = false;
          objects++;
        } else if ((byte >= 0xc7 && byte <= 0xc9) || (byte >= 0xd4 && byte <= 0xd8)) {
          plain = false;
          const type = bytes[at] ?? 0;
          if (type >= FIRST_OBJECT_EXTENSION && type <= LAST_OBJECT_EXTENSION) objects++;
        }
        at += claim + (FIXED[byte - 0xc0] ?? 0);
      }
    }
    if (children >= 0) {
      if (left.length > MOST_LEVELS) throw new RangeError(`more than ${MOST_LEVELS} levels`);
      objects++;
      claimed += children;
      left.push(children);
    }
    if (objects > MOST_OBJECTS) throw new RangeError(`more than ${MOST_OBJECTS} objects`);
  }
  if (at !== end) throw new RangeError(at > end ? 'fewer bytes than they claim' : 'bytes after the value');
  return !plain;
}
