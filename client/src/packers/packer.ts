/**
 * A packed value. `head` holds everything but large binary; each binary of `SEGMENT_BYTES` and more, and none smaller, is a segment of its own,
 * is copied once, and arrives in a buffer of its own. Whoever holds a packet never changes its bytes: a broadcast shares one.
 */
export interface Packet {
  readonly head: Uint8Array;
  readonly segments: readonly Uint8Array[];
}

/** Below this a copy into the head is cheaper than a segment's own bookkeeping. */
export const SEGMENT_BYTES = 64 * 1024;

/** Values to packets and back. Both ends of a pool use packers of one name; the hello refuses two that differ. */
export interface Packer {
  /** Names the format, e.g. `messagepack`; user-registered classes are part of the application's protocol, not of the name. */
  readonly name: string;
  /**
   * Synchronous, and a copy: what changes after `pack` returned does not change the packet.
   * @throws PoolError `unpackable` with the path and type of what it can't take
   */
  pack(value: unknown): Packet;
  /**
   * What it returns shares no memory with `packet.head`, which is only valid during the call; `packet.segments` are its to keep.
   * Never executes what it received.
   * @throws PoolError `malformed` (or `unpackable` for a tag nobody registered) and nothing else
   */
  unpack(packet: Packet): unknown;
}

/** The bytes of a packet, as `stats()` and the limits count them. */
export function packetBytes(packet: Packet): number {
  let bytes = packet.head.byteLength;
  for (const segment of packet.segments) bytes += segment.byteLength;
  return bytes;
}
