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

/** What is counted; a message that left in one piece stands for its frame. */
export type Frame = Outgoing | Fragment | Notice;

/** What one lane sends, and what of it the other side has not acknowledged. */
export class SendLane {
  /** Queues with something to send here, in turns. */
  readonly ready = new Deque<SendQueue>();
  readonly notices = new Deque<Notice>();
  /** Counted frames that left, oldest first. */
  readonly frames = new Deque<Frame>();
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
  push(frame: Frame): void {
    this.frames.push(frame);
    this.written++;
  }

  shift(): Frame | undefined {
    this.acknowledged++;
    if (this.written > 0) this.written--;
    return this.frames.shift();
  }

  /** Has frames that are to leave again replaced by others that say the same. */
  cut(anew: (frame: Frame) => readonly Frame[]): void {
    if (!this.resending) return;
    const frames = [...this.frames];
    this.frames.clear();
    for (const [index, frame] of frames.entries()) {
      for (const one of index < this.written ? [frame] : anew(frame)) this.frames.push(one);
    }
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
