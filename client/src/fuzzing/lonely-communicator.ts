import type {
  Communicator,
  CommunicatorListener,
  PeerStatistics,
  Receipt,
  Self,
  SendOptions,
} from '../communicators/communicator.ts';
import type { Packet } from '../packers/packer.ts';

/** What the pool has sent. */
export interface Posted {
  readonly to: string;
  readonly packet: Packet;
  readonly options: SendOptions;
}

/** A communicator without a network: whoever holds it says what comes, and sees what leaves. */
export class LonelyCommunicator implements Communicator {
  readonly posted: Posted[] = [];
  readonly state = 'started';
  #listener: CommunicatorListener | undefined;
  readonly #here: readonly string[];

  constructor(here: readonly string[]) {
    this.#here = here;
  }

  get listener(): CommunicatorListener {
    if (this.#listener === undefined) throw new Error('nobody listens yet');
    return this.#listener;
  }

  /** Throws what refuses it. */
  receive(from: string, queue: string, packet: Packet, receipt: Receipt): void {
    this.listener.message(from, queue, packet, receipt);
  }

  async initialize(_self: Self, listener: CommunicatorListener): Promise<void> {
    this.#listener = listener;
    for (const name of this.#here) listener.joined(name, `${name}-1`);
  }

  async send(to: string, packet: Packet, options: SendOptions): Promise<void> {
    this.posted.push({ to, packet, options });
    if (options.ack === 'consumed') await new Promise(() => {});
  }

  addConnection(): void {}
  removeConnection(): void {}
  want(): void {}
  publicKey(): undefined {
    return undefined;
  }
  connected(): boolean {
    return true;
  }
  async ping(): Promise<number> {
    return 1;
  }
  peer(): PeerStatistics | undefined {
    return undefined;
  }
  suspend(): void {}
  rejoin(): void {}
  async shutdown(): Promise<void> {
    this.#listener?.stopped();
  }
}
