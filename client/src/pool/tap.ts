import { type Packet, packetBytes } from '../packers/packer.ts';
import { report } from './listeners.ts';
import { KIND, kindOf, messageId } from './queue-key.ts';

/** What a packet is. `answer`: to a request or a call, also when that failed. `stream`: its offer, its bytes, or that a side gives it up. */
export type TrafficKind = 'message' | 'request' | 'answer' | 'call' | 'barrier' | 'stream';

/** One packet between two pools. */
export interface Passage {
  /** Who sends it, or is to have it. */
  readonly peer: string;
  readonly kind: TrafficKind;
  /** Of messages, requests and the offers of streams the message id, of calls the method, of barriers their id; `undefined` where there is none. */
  readonly msgId: string | undefined;
  /** Packed, without ids, framing or what is sent again: as `stats()` counts them. */
  readonly bytes: number;
}

/** Looks on and takes no part. What one sends to oneself is no traffic. */
export interface PoolTap {
  /** Handed over to be sent, once for each recipient. It may still fail. */
  sent?(passage: Passage): void;
  /** Arrived, and not looked at yet: it may still be refused. */
  received?(passage: Passage): void;
  /** As the `error` event; but who taps does not keep an error that nobody listens to from `reportError`. */
  error?(error: Error): void;
}

/** Who taps a pool. */
export class Taps {
  /** Whether anybody wants to hear of traffic: all that it costs while nobody does. */
  busy = false;
  #entries: readonly { readonly tap: PoolTap }[] = [];

  /**
   * Returns its own undo.
   * @throws TypeError for what is no object
   */
  tap(tap: PoolTap): () => void {
    if (typeof tap !== 'object' || tap === null) throw new TypeError('a tap is an object');
    const entry = { tap };
    this.#set([...this.#entries, entry]);
    return () => this.#set(this.#entries.filter((other) => other !== entry));
  }

  pass(way: 'sent' | 'received', peer: string, queue: string, packet: Packet, correlation: number | undefined): void {
    const passage = { peer, ...meaning(queue, correlation), bytes: packetBytes(packet) };
    this.#tell((tap) => tap[way]?.(passage));
  }

  error(error: Error): void {
    this.#tell((tap) => tap.error?.(error));
  }

  #tell(how: (tap: PoolTap) => void): void {
    for (const { tap } of this.#entries) {
      try {
        how(tap);
      } catch (thrown) {
        report(thrown);
      }
    }
  }

  #set(entries: readonly { readonly tap: PoolTap }[]): void {
    this.busy = entries.some(({ tap }) => tap.sent !== undefined || tap.received !== undefined);
    this.#entries = entries;
  }
}

function meaning(queue: string, correlation: number | undefined): Pick<Passage, 'kind' | 'msgId'> {
  switch (kindOf(queue)) {
    case KIND.plain:
    case KIND.message:
      return { kind: correlation === undefined ? 'message' : 'request', msgId: messageId(queue) };
    case KIND.call:
      return { kind: 'call', msgId: queue.slice(1) };
    case KIND.barrier:
      return { kind: 'barrier', msgId: queue.slice(1) };
    case KIND.stream:
      return { kind: 'stream', msgId: messageId(queue.slice(1)) };
    case KIND.answer:
    case KIND.failure:
      return { kind: 'answer', msgId: undefined };
    default:
      return { kind: 'stream', msgId: undefined };
  }
}
