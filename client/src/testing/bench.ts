import type { Ack, Communicator, CommunicatorListener, Receipt, Self } from '../communicators/communicator.ts';
import type { PoolError } from '../errors.ts';

/** A message as it came through the seam. */
export interface Delivered {
  readonly from: string;
  readonly queue: string;
  readonly head: Uint8Array;
  readonly segments: readonly Uint8Array[];
  readonly receipt: Receipt;
}

const MEBIBYTE = 1024 * 1024;
let benches = 0;

/** A communicator without a pool on it, and a listener that writes down what it hears. */
export class Bench {
  readonly communicator: Communicator;
  readonly self: Self;
  /** What was heard, in order and in short, e.g. `joined bob bob-1`, `message bob`, `left bob bob-1 goodbye`. */
  readonly heard: string[] = [];
  readonly messages: Delivered[] = [];
  readonly errors: PoolError[] = [];
  /** What a case wants to refuse, it throws here. */
  refuse: (message: Delivered) => void = () => {};
  /** Called for every message, within its delivery. */
  answer: (message: Delivered) => void = () => {};
  readonly #heardSomething: () => void;

  constructor(communicator: Communicator, self: Partial<Self> & { readonly name: string }, heard: () => void) {
    this.communicator = communicator;
    this.#heardSomething = heard;
    this.self = {
      instance: `${self.name}-${++benches}-${performance.now()}`,
      discover: true,
      packer: 'none',
      inboxLimit: 64 * MEBIBYTE,
      outboxLimit: 256 * MEBIBYTE,
      maxMessageSize: 256 * MEBIBYTE,
      ...self,
    };
  }

  start(): Promise<void> {
    return this.communicator.initialize(this.self, this.#listener());
  }

  send(to: string, head: Uint8Array | number[], queue = '', ack: Ack = 'delivered'): Promise<void> {
    return this.communicator.send(to, { head: Uint8Array.from(head), segments: [] }, { queue, ack });
  }

  #listener(): CommunicatorListener {
    return {
      joined: (peer, instance) => this.#write(`joined ${peer} ${instance}`),
      message: (from, queue, { head, segments }, receipt) => {
        const message = { from, queue, head: head.slice(), segments, receipt };
        this.refuse(message);
        this.messages.push(message);
        this.#write(`message ${from}`);
        this.answer(message);
      },
      left: (peer, instance, reason) => this.#write(`left ${peer} ${instance} ${reason}`),
      link: () => this.#heardSomething(),
      signaling: () => this.#heardSomething(),
      failed: (peer, error) => {
        this.errors.push(error);
        this.#write(`failed ${peer} ${error.code}`);
      },
      error: (error) => {
        this.errors.push(error);
        this.#write(`error ${error.code}`);
      },
      stopped: (error) => this.#write(`stopped ${error?.code ?? 'by itself'}`),
    };
  }

  #write(line: string): void {
    this.heard.push(line);
    this.#heardSomething();
  }
}
