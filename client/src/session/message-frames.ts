import { FLAG, FRAME, type PacketWriter, varintBytes } from './frames.ts';
import { Outgoing } from './outgoing.ts';
import type { Fragment, Frame } from './send-lane.ts';

/** The bytes of a message that leaves in one piece, which one with segments does not. */
export function wholeBytes(message: Outgoing, { key }: PacketWriter): number {
  const named = key === message.queue.keyBytes ? 0 : keyBytes(message);
  return 1 + named + correlationBytes(message) + varintBytes(message.bodyBytes) + message.bodyBytes;
}

export function writeWhole(message: Outgoing, writer: PacketWriter): void {
  if (writer.key === message.queue.keyBytes) writer.byte(FRAME.message | flags(message) | FLAG.again);
  else writeHeader(FRAME.message, message, writer);
  if (message.correlation !== undefined) writer.varint(message.correlation);
  writer.varint(message.bodyBytes);
  message.write(writer, 0, message.bodyBytes);
}

/** What stands before the length of a fragment that begins there in the body. */
export function fragmentHeaderBytes(message: Outgoing, from: number): number {
  if (from > 0) return 1 + varintBytes(message.index);
  const layout = message.layout === undefined ? 0 : varintBytes(message.layout.length);
  return 1 + keyBytes(message) + correlationBytes(message) + varintBytes(message.bodyBytes) + layout;
}

export function fragmentBytes({ message, from, to }: Fragment): number {
  return fragmentHeaderBytes(message, from) + varintBytes(to - from) + to - from;
}

/** What fits into no packet of a new link, in fragments that do; anything else as it is. The other side has nothing of it yet, and counts frames as they come. */
export function recut(frame: Frame, writer: PacketWriter): readonly Frame[] {
  const { room } = writer;
  const whole = frame instanceof Outgoing;
  if (!whole && frame.kind !== 'fragment') return [frame];
  if ((whole ? wholeBytes(frame, writer) : fragmentBytes(frame)) <= room) return [frame];
  const { message, from, to } = whole ? { message: frame, from: 0, to: frame.bodyBytes } : frame;
  const pieces: Fragment[] = [];
  for (let start = from; start < to;) {
    const end = Math.min(to, start + room - fragmentHeaderBytes(message, start) - varintBytes(room));
    pieces.push({ kind: 'fragment', message, from: start, to: end });
    start = end;
  }
  return pieces;
}

export function writeFragment(message: Outgoing, from: number, length: number, writer: PacketWriter): void {
  if (from > 0) {
    writer.byte(FRAME.more);
    writer.varint(message.index);
  } else {
    writeHeader(FRAME.first, message, writer);
    if (message.correlation !== undefined) writer.varint(message.correlation);
    writer.varint(message.bodyBytes);
    if (message.layout !== undefined) writer.varint(message.layout.length);
  }
  writer.varint(length);
  message.write(writer, from, length);
}

function keyBytes({ queue }: Outgoing): number {
  const { length } = queue.keyBytes;
  return length === 0 ? 0 : varintBytes(length) + length;
}

function correlationBytes({ correlation }: Outgoing): number {
  return correlation === undefined ? 0 : varintBytes(correlation);
}

function writeHeader(kind: number, message: Outgoing, writer: PacketWriter): void {
  const key = message.queue.keyBytes;
  const layout = message.layout === undefined ? 0 : FLAG.segments;
  if (key.length === 0) {
    writer.byte(kind | flags(message) | layout);
    return;
  }
  writer.byte(kind | flags(message) | layout | FLAG.queue);
  writer.text(key);
  writer.key = key;
}

function flags({ ack, correlation, unmetered, wanted }: Outgoing): number {
  const correlated = correlation === undefined ? 0 : FLAG.correlated;
  const own = (unmetered ? FLAG.unmetered : 0) | (wanted ? FLAG.wanted : 0);
  return (ack === 'consumed' ? FLAG.receipt : 0) | own | correlated;
}
