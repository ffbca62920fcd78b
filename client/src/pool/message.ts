import type { Receipt } from '../communicators/communicator.ts';
import { messageId } from './queue-key.ts';

/** A message as `recvAny`, `messages` and `onMessage` hand it out. */
export interface Message<Value = unknown> {
  readonly sender: string;
  /** `undefined` when it was sent without one. */
  readonly msgId: string | undefined;
  readonly value: Value;
  /** Unique among the messages of this sender's instance. */
  readonly identity: string;
  /** Counts what came from this sender, modulo 2^32. */
  readonly serial: number;
  /** The life of the sender that sent it; changes when the sender starts anew. */
  readonly senderInstance: string;
}

/** A message in the mailbox: unpacked, and not yet anybody's. */
export interface Letter {
  readonly from: string;
  readonly instance: string;
  readonly queue: string;
  readonly value: unknown;
  /** Of its packet. */
  readonly bytes: number;
  readonly receipt: Receipt;
  /** Given by the mailbox: orders all letters by their arrival. */
  arrival: number;
}

export function openLetter<Value>(letter: Letter, value: Value): Message<Value> {
  const { from, instance, queue, receipt } = letter;
  return {
    sender: from,
    msgId: messageId(queue),
    value,
    identity: receipt.identity,
    serial: receipt.serial,
    senderInstance: instance,
  };
}
