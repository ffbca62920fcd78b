import { PoolError } from '../../errors.ts';

/** What is known of a stream before its first byte. */
export interface StreamHeader {
  readonly name: string | undefined;
  /** A MIME type, as far as the sender says one. */
  readonly type: string | undefined;
  /** In bytes. */
  readonly size: number | undefined;
}

/** UTF-16 code units of a name or a type: a header is a small message, and bounds what its offer costs the other side. */
const TEXT_UNITS = 1024;

/** @throws TypeError, RangeError */
export function checkHeader(header: StreamHeader): StreamHeader {
  for (const [what, text] of Object.entries({ name: header.name, type: header.type })) {
    if (text === undefined) continue;
    if (typeof text !== 'string') throw new TypeError(`${what} is a string, not ${typeof text}`);
    if (text.length > TEXT_UNITS) throw new RangeError(`${what} has at most ${TEXT_UNITS} characters`);
  }
  const { size } = header;
  if (size !== undefined && typeof size !== 'number') throw new TypeError(`size is a number of bytes`);
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0))
    throw new RangeError(`size is a whole number of bytes, 0 or more, not ${size}`);
  return header;
}

/**
 * A stranger's.
 * @throws PoolError `malformed`
 */
export function readHeader(value: unknown): StreamHeader {
  if (typeof value !== 'object' || value === null) throw new PoolError('malformed', 'a stream without a header');
  const { name, type, size } = value as StreamHeader;
  try {
    return checkHeader({ name, type, size });
  } catch (cause) {
    throw new PoolError('malformed', `a stream with a wrong header: ${(cause as Error).message}`, { cause });
  }
}
