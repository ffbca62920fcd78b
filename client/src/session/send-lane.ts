import { Deque } from '../deque.ts';
import type { Notice } from './notice.ts';
import type { Outgoing, SendQueue } from './outgoing.ts';

/** A part of a message that left as a frame of its own. */
interface Fragment {
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
  /** Messages begun, oldest first, until acknowledged. */
  readonly messages = new Deque<Outgoing>();
  begun = 0;

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
