/** What every contender can do, each in the way its documentation recommends. */

export type Bytes = Uint8Array<ArrayBuffer>;

/** Values and pings that must not wait for each other, where a contender can tell them apart. */
export type Topic = 'values' | 'pings';

/** What a send returns when its user is to wait before sending more. */
export type Wait = Promise<void> | undefined;

export interface Setup {
  readonly name: string;
  /** Who else will be there, in the order in which they come. */
  readonly others: readonly string[];
  readonly room: string;
  /** Of the benchmark's relay. */
  readonly relay: string;
  /** Of PeerJS's own server. */
  readonly peerServerPort: number;
  readonly received: (from: string, value: unknown) => void;
  /** What nobody asked for: the contender fails. */
  readonly failed: (error: unknown) => void;
}

export interface Endpoint {
  send(to: string, bytes: Bytes, topic: Topic): Wait;
  /** Any value that it can carry; bytes are sent by `send`. */
  sendValue(to: string, value: unknown): Wait;
  broadcast(bytes: Bytes): Wait;
  /** Where a send can be awaited until the other side has it. */
  readonly acknowledged?: (to: string, bytes: Bytes, ack: Ack) => Promise<void>;
  /** Where there are remote calls: one that returns what it is given. */
  readonly call?: (to: string, bytes: Bytes) => Promise<Bytes>;
  close(): void | Promise<void>;
}

export type Ack = 'none' | 'accepted' | 'delivered' | 'consumed';

/** Resolves when everybody else is connected. */
export type Open = (setup: Setup) => Promise<Endpoint>;

/** Several sends at once. */
export function all(waits: readonly Wait[]): Wait {
  const promises = waits.filter((wait) => wait !== undefined);
  return promises.length === 0 ? undefined : Promise.all(promises).then(() => {});
}
