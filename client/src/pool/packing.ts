import { PoolError } from '../errors.ts';
import { type Packer, type Packet, packetBytes } from '../packers/packer.ts';

/**
 * A packer's own errors are `PoolError`s; whatever else one throws is wrapped.
 * @throws PoolError `unpackable`, `too-large`
 */
export function pack(packer: Packer, value: unknown, maxMessageSize: number): Packet {
  const packet = attempt('unpackable', () => packer.pack(value));
  const bytes = packetBytes(packet);
  if (bytes <= maxMessageSize) return packet;
  throw new PoolError(
    'too-large',
    `the message has ${bytes} bytes, and maxMessageSize is ${maxMessageSize}: raise it at both ends, or use sendStream`,
    {
      delivery: 'none',
    },
  );
}

/** @throws PoolError `malformed`, `unpackable` */
export function unpack(packer: Packer, packet: Packet): unknown {
  return attempt('malformed', () => packer.unpack(packet));
}

function attempt<Result>(code: 'unpackable' | 'malformed', run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof PoolError) throw error;
    throw new PoolError(code, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
