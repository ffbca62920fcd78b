import { MESSAGE_OVERHEAD } from '../../communicators/communicator.ts';
import { type Packet, SEGMENT_BYTES } from '../../packers/packer.ts';

/** Bytes of a stream that travel together. Many enough that each costs little, few enough that the window holds several. */
export const CHUNK_BYTES = 128 * 1024;

/**
 * What may be on its way to the reader, or wait for it, as `chunkCost` counts it: no chunk leaves beyond it, so it is passed by one at most. With a piece of the source that is cut at the moment, and
 * pieces of at most 512 KiB, a reader that pauses pauses its source within 2 MiB.
 */
export const WINDOW_BYTES = 1024 * 1024;

export const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Small chunks cost memory too. */
export function chunkCost(bytes: number): number {
  return bytes + MESSAGE_OVERHEAD;
}

/** Bytes as they are, without the packer. Whoever packs them changes them no more. */
export function packChunk(bytes: Uint8Array): Packet {
  return bytes.length < SEGMENT_BYTES ? { head: bytes, segments: [] } : { head: NO_BYTES, segments: [bytes] };
}

/** Bytes that are the caller's to keep: the head is not. */
export function unpackChunk({ head, segments: [segment] }: Packet): Uint8Array<ArrayBuffer> {
  return segment === undefined || !(segment.buffer instanceof ArrayBuffer)
    ? Uint8Array.from(segment ?? head)
    : new Uint8Array(segment.buffer, segment.byteOffset, segment.byteLength);
}
