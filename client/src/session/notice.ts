import type { Lane } from '../links/link.ts';
import { encodeText, FRAME, type PacketWriter, varintBytes } from './frames.ts';
import type { Outgoing } from './outgoing.ts';

/** A counted frame that is not part of a message. `cancel` follows its message in its lane; the others go in lane 0. */
export type Notice =
  | { readonly kind: 'cancel'; readonly message: Outgoing }
  | {
      readonly kind: 'refused';
      readonly lane: Lane;
      readonly index: number;
      readonly code: string;
      /** As it is written: the error it is of may hold much of what a stranger sent. */
      readonly text: Uint8Array;
      readonly acknowledged: () => void;
    }
  | { readonly kind: 'consumed'; readonly lane: Lane; readonly index: number; readonly acknowledged: () => void }
  | { readonly kind: 'want' | 'unwant'; readonly queue: string }
  | { readonly kind: 'unwanted'; readonly acknowledged: () => void };

/** False when the packet has no room for it. */
export function writeNotice(notice: Notice, writer: PacketWriter): boolean {
  switch (notice.kind) {
    case 'cancel': {
      if (writer.room < 1 + varintBytes(notice.message.index)) return false;
      writer.byte(FRAME.cancel);
      writer.varint(notice.message.index);
      return true;
    }
    case 'refused': {
      const code = encodeText(notice.code);
      const { text } = notice;
      if (writer.room < 2 + varintBytes(notice.index) + 4 + code.length + text.length) return false;
      writer.byte(FRAME.refused);
      writer.byte(notice.lane);
      writer.varint(notice.index);
      writer.text(code);
      writer.text(text);
      return true;
    }
    case 'consumed': {
      if (writer.room < 2 + varintBytes(notice.index)) return false;
      writer.byte(FRAME.consumed);
      writer.byte(notice.lane);
      writer.varint(notice.index);
      return true;
    }
    case 'want':
    case 'unwant': {
      const queue = encodeText(notice.queue);
      if (writer.room < 4 + queue.length) return false;
      writer.byte(FRAME[notice.kind]);
      writer.text(queue);
      return true;
    }
    case 'unwanted': {
      if (writer.room < 1) return false;
      writer.byte(FRAME.unwanted);
      return true;
    }
  }
}
