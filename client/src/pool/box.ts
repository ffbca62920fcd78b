import { Chain, type ChainLink } from '../chain.ts';
import { MESSAGE_OVERHEAD } from '../communicators/communicator.ts';
import { isRequest, type Letter } from './message.ts';

/** A letter and its places: among those of its queue, among all of its sender, and among those that want an answer. */
interface Stored {
  readonly letter: Letter;
  readonly inQueue: ChainLink<Letter>;
  readonly inBox: ChainLink<Letter>;
  readonly inRequests: ChainLink<Letter> | undefined;
}

/** What lies unread of one instance of one sender. Every operation is O(1). */
export class Box {
  readonly instance: string;
  readonly #queues = new Map<string, Chain<Letter>>();
  readonly #all = new Chain<Letter>();
  readonly #requests = new Chain<Letter>();
  readonly #stored = new Map<Letter, Stored>();
  #bytes = 0;

  constructor(instance: string) {
    this.instance = instance;
  }

  get messages(): number {
    return this.#stored.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** As the limits count it. */
  get cost(): number {
    return this.#bytes + this.messages * MESSAGE_OVERHEAD;
  }

  /** Behind all others. */
  put(letter: Letter): void {
    const queue = this.#queue(letter.queue);
    const inRequests = isRequest(letter) ? this.#requests.push(letter) : undefined;
    this.#keep({ letter, inQueue: queue.push(letter), inBox: this.#all.push(letter), inRequests });
  }

  /** Where it was before it was taken: in its queue, in front of what arrived later. Passes only over others that came back. */
  putBack(letter: Letter): void {
    const queue = this.#queue(letter.queue);
    let place = queue.first;
    while (place !== undefined && place.value.arrival < letter.arrival) place = place.after;
    const inQueue = queue.insertBefore(place, letter);
    const inRequests = isRequest(letter) ? this.#requests.insertBefore(this.#requests.first, letter) : undefined;
    this.#keep({ letter, inQueue, inBox: this.#all.insertBefore(this.#all.first, letter), inRequests });
  }

  /** The next one of a queue; without a queue the next one of all, which is always the first of its own queue. */
  first(queue: string | undefined): Letter | undefined {
    const key = queue ?? this.#all.first?.value.queue;
    return key === undefined ? undefined : this.#queues.get(key)?.first?.value;
  }

  /** The next that wants an answer; looks past those of other queues. */
  firstRequest(queue: string | undefined): Letter | undefined {
    for (const letter of this.#requests) if (queue === undefined || letter.queue === queue) return letter;
    return undefined;
  }

  /** Returns whether it was here. */
  remove(letter: Letter): boolean {
    const stored = this.#stored.get(letter);
    const queue = this.#queues.get(letter.queue);
    if (stored === undefined || queue === undefined) return false;
    this.#stored.delete(letter);
    this.#all.remove(stored.inBox);
    if (stored.inRequests !== undefined) this.#requests.remove(stored.inRequests);
    queue.remove(stored.inQueue);
    if (queue.empty) this.#queues.delete(letter.queue);
    this.#bytes -= letter.bytes;
    return true;
  }

  /** Nobody will read them: their room is free again. */
  release(): void {
    for (const letter of this.#stored.keys()) letter.receipt.consumed();
  }

  #queue(key: string): Chain<Letter> {
    const found = this.#queues.get(key);
    if (found !== undefined) return found;
    const made = new Chain<Letter>();
    this.#queues.set(key, made);
    return made;
  }

  #keep(stored: Stored): void {
    this.#stored.set(stored.letter, stored);
    this.#bytes += stored.letter.bytes;
  }
}
