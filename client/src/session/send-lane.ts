import { Deque } from '../deque.ts';
import type { Notice } from './notice.ts';
import type { Outgoing, SendQueue } from './outgoing.ts';

/** A part of a message that left as a frame of its own. */
export interface Fragment {
  readonly kind: 'fragment';
  readonly message: Outgoing;
  readonly from: number;
  readonly to: number;
}

/** What one lane sends, and what of it the other side has not acknowledged. */
export class SendLane {
  /** Queues with something to send here, in turns. */
  readonly ready = new Deque<SendQueue>();
  readonly notices = new Deque<Notice>();
  /** Counted frames that left, oldest first; a message that left in one piece stands for its frame. */
  readonly frames = new Deque<Outgoing | Fragment | Notice>();
  acknowledged = 0;
  /** How many of `frames` have left by the link of this moment, or need not. */
  written = 0;
  /** Messages begun, oldest first, until acknowledged. */
  readonly messages = new Deque<Outgoing>();
  begun = 0;

  /** Frames of an earlier link are still to be sent again. */
  get resending(): boolean {
    return this.written < this.frames.length;
  }

  /** The frame has left. */
  push(frame: Outgoing | Fragment | Notice): void {
    this.frames.push(frame);
    this.written++;
  }

  shift(): Outgoing | Fragment | Notice | undefined {
    this.acknowledged++;
    if (this.written > 0) this.written--;
    return this.frames.shift();
  }

  message(index: number): Outgoing | undefined {
    return this.messages.at(index - (this.begun - this.messages.length));
  }

  forget(): void {
    while (
      this.messages.first !== undefined &&
      (this.messages.first.state === 'done' || this.messages.first.state === 'delivered')
    ) {
      this.messages.shift();
    }
  }
}
