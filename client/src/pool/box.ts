import { Chain, type ChainLink } from '../chain.ts';
import { MESSAGE_OVERHEAD } from '../communicators/communicator.ts';
import { isRequest, type Letter } from './message.ts';

/** A letter and its places: among those of its queue, among all of its sender, and among those that want an answer, of its queue and all. */
interface Stored {
  readonly letter: Letter;
  readonly inQueue: ChainLink<Letter>;
  readonly inBox: ChainLink<Letter>;
  readonly inRequests: ChainLink<Letter> | undefined;
  readonly inAsking: ChainLink<Letter> | undefined;
}

/** What lies unread of one instance of one sender. Every operation is O(1). */
export class Box {
  readonly instance: string;
  readonly #queues = new Map<string, Chain<Letter>>();
  readonly #all = new Chain<Letter>();
  readonly #requests = new Chain<Letter>();
  /** Those of each queue: whoever answers one queue does not look through what others sent to another. */
  readonly #asking = new Map<string, Chain<Letter>>();
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
    const inQueue = chainOf(this.#queues, letter.queue).push(letter);
    const asks = isRequest(letter);
    const inRequests = asks ? this.#requests.push(letter) : undefined;
    const inAsking = asks ? chainOf(this.#asking, letter.queue).push(letter) : undefined;
    this.#keep({ letter, inQueue, inBox: this.#all.push(letter), inRequests, inAsking });
  }

  /** Where it was before it was taken: in its queue, in front of what arrived later. Passes only over others that came back. */
  putBack(letter: Letter): void {
    const inQueue = insertInOrder(chainOf(this.#queues, letter.queue), letter);
    const asks = isRequest(letter);
    const inRequests = asks ? insertInOrder(this.#requests, letter) : undefined;
    const inAsking = asks ? insertInOrder(chainOf(this.#asking, letter.queue), letter) : undefined;
    this.#keep({ letter, inQueue, inBox: this.#all.insertBefore(this.#all.first, letter), inRequests, inAsking });
  }

  /** The next one of a queue; without a queue the next one of all, which is always the first of its own queue. */
  first(queue: string | undefined): Letter | undefined {
    const key = queue ?? this.#all.first?.value.queue;
    return key === undefined ? undefined : this.#queues.get(key)?.first?.value;
  }

  /** The next that wants an answer. */
  firstRequest(queue: string | undefined): Letter | undefined {
    return (queue === undefined ? this.#requests : this.#asking.get(queue))?.first?.value;
  }

  /** Returns whether it was here. */
  remove(letter: Letter): boolean {
    const stored = this.#stored.get(letter);
    const queue = this.#queues.get(letter.queue);
    if (stored === undefined || queue === undefined) return false;
    this.#stored.delete(letter);
    this.#all.remove(stored.inBox);
    queue.remove(stored.inQueue);
    if (queue.empty) this.#queues.delete(letter.queue);
    if (stored.inRequests !== undefined) this.#requests.remove(stored.inRequests);
    const asking = this.#asking.get(letter.queue);
    if (stored.inAsking !== undefined) asking?.remove(stored.inAsking);
    if (asking?.empty === true) this.#asking.delete(letter.queue);
    this.#bytes -= letter.bytes;
    return true;
  }

  /** Nobody will read them: their room is free again. */
  release(): void {
    for (const letter of this.#stored.keys()) letter.receipt.consumed();
  }

  #keep(stored: Stored): void {
    this.#stored.set(stored.letter, stored);
    this.#bytes += stored.letter.bytes;
  }
}

function chainOf(chains: Map<string, Chain<Letter>>, queue: string): Chain<Letter> {
  const found = chains.get(queue);
  if (found !== undefined) return found;
  const made = new Chain<Letter>();
  chains.set(queue, made);
  return made;
}

function insertInOrder(chain: Chain<Letter>, letter: Letter): ChainLink<Letter> {
  let place = chain.first;
  while (place !== undefined && place.value.arrival < letter.arrival) place = place.after;
  return chain.insertBefore(place, letter);
}
