import type { Receipt, WaitOptions } from '../communicators/communicator.ts';

/** What tells two messages of one sender apart. */
export interface MessageMark {
  /** Unique among the messages of its sender's instance; of an answer, that of its request. */
  readonly identity: string;
  /** Counts what came from its sender, modulo 2^32, from 0 or from 2^31 on; of an answer another one than of its request. */
  readonly serial: number;
}

/** A message as `recvAny`, `messages`, `onMessage`, `onRequest` and `request` hand it out. */
export interface Message<Value = unknown> extends MessageMark {
  readonly sender: string;
  /** `undefined` when it was sent without one. */
  readonly msgId: string | undefined;
  readonly value: Value;
  /** The life of the sender that sent it; changes when the sender starts anew. */
  readonly senderInstance: string;
  /** Whether it holds one of its sender's slots: taken with `manualRelease`, and not released yet. */
  readonly hasSlot: boolean;
  /**
   * Answers a request; what was no request is replied to by a message with the same id. Resolves when the other pool has it. The options are those of `send`.
   * @throws PoolError `illegal-state` when the request was answered before, or the pool has stopped; `peer-left` when who asked is gone; and as `send`
   */
  reply(value: unknown, options?: WaitOptions): Promise<void>;
  /** Frees its slot, and its room: its sender may send more, and a send with `ack: 'consumed'` resolves. Safe to call twice. */
  release(): Promise<MessageMark>;
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

/** Its sender waits for an answer. */
export function isRequest({ receipt }: Letter): boolean {
  return receipt.correlation !== undefined;
}

/** A request and its answer have one identity, which both ends know without sending it: the asking instance, and the number it gave the request. */
export function requestIdentity(instance: string, number: number): string {
  return `${instance}#${number}`;
}

export function identityOf({ instance, receipt }: Letter): string {
  return receipt.correlation === undefined ? receipt.identity : requestIdentity(instance, receipt.correlation);
}
