import type { PoolError } from '../errors.ts';
import { Box } from './box.ts';
import type { Letter } from './message.ts';
import { type Taker, Takers } from './takers.ts';

export interface MailboxListener {
  /**
   * What `wants` says has changed for a queue of one sender, or of anyone; or a message of it went to one taker, and another still waits: who asks
   * the sender for the next message must ask again.
   */
  wanted(from: string | undefined, queue: string): void;
  /** Unread letters of a departed sender had to make room. */
  dropped(from: string, unread: number): void;
}

/**
 * Letters and takers, and who gets what: a letter goes to the taker that has waited longest and wants it, else it waits; so of a letter and a taker
 * that match, never both are here. Synchronous, without a clock. Everything is O(1), or O(senders) where a taker takes anyone's.
 */
export class Mailbox {
  readonly #boxes = new Map<string, Box>();
  readonly #takers = new Takers();
  /** The queues of which the listener was told that somebody waits for them. */
  readonly #told = new Map<string | undefined, Set<string>>();
  /** In the order of their departure; only those with something unread. */
  readonly #departed = new Set<string>();
  readonly #limit: number;
  readonly #listener: MailboxListener;
  #arrivals = 0;

  /** `limit`: what may lie unread of all the departed together, in bytes plus `MESSAGE_OVERHEAD` a message. */
  constructor(limit: number, listener: MailboxListener) {
    this.#limit = limit;
    this.#listener = listener;
  }

  /** An instance of this sender is here. Returns how many unread letters of another instance were dropped for it. */
  admit(from: string, instance: string): number {
    this.#departed.delete(from);
    const box = this.#boxes.get(from);
    if (box?.instance === instance) return 0;
    box?.release();
    this.#boxes.set(from, new Box(instance));
    return box?.messages ?? 0;
  }

  /**
   * The sender is gone; its letters stay until they are read or another instance is admitted. When the departed together exceed the limit, who left
   * longest ago makes room. What the last one left behind always stays: it was within the limit while its sender was here.
   */
  depart(from: string): void {
    const box = this.#boxes.get(from);
    if (box === undefined) return;
    if (box.messages === 0) {
      this.#boxes.delete(from);
      return;
    }
    this.#departed.add(from);
    let cost = 0;
    for (const name of this.#departed) cost += this.#boxes.get(name)?.cost ?? 0;
    for (const name of this.#departed) {
      const oldest = this.#boxes.get(name);
      if (cost <= this.#limit || name === from || oldest === undefined) break;
      cost -= oldest.cost;
      this.#departed.delete(name);
      this.#boxes.delete(name);
      oldest.release();
      this.#listener.dropped(name, oldest.messages);
    }
  }

  /** A letter comes in. When this returns it is a taker's, or waits. */
  deliver(letter: Letter): void {
    letter.arrival = this.#arrivals++;
    if (this.#hand(letter)) return;
    this.#box(letter).put(letter);
  }

  /**
   * A letter that was taken comes back: to the taker that has waited longest for it, else to its place in front of what arrived later.
   * When another instance of its sender is here by now, it is dropped.
   */
  restore(letter: Letter): void {
    const box = this.#boxes.get(letter.from);
    if (box !== undefined && box.instance !== letter.instance) letter.receipt.consumed();
    else if (!this.#hand(letter)) this.#box(letter).putBack(letter);
  }

  /** The next letter of one sender or of anyone, of one queue or of every, if there is one. */
  take(from: string | undefined, queue: string | undefined): Letter | undefined {
    const letter = from === undefined ? this.#first(queue) : this.#boxes.get(from)?.first(queue);
    if (letter === undefined) return undefined;
    const box = this.#box(letter);
    box.remove(letter);
    if (box.messages === 0 && this.#departed.delete(letter.from)) this.#boxes.delete(letter.from);
    return letter;
  }

  /** The caller has just tried to `take`, in vain. */
  wait(taker: Taker): void {
    this.#takers.add(taker);
    this.#tell(taker);
  }

  /** It waits no more. Does nothing when it wasn't waiting. */
  cancel(taker: Taker): void {
    this.#takers.remove(taker);
    this.#tell(taker);
  }

  /** Fails those who wait for this sender alone and don't outlast its departure. */
  dismiss(from: string, error: (taker: Taker) => PoolError): void {
    this.#fail(
      this.#takers.of(from).filter((taker) => !taker.lasting),
      error,
    );
  }

  /** Fails everybody. */
  dismissAll(error: (taker: Taker) => PoolError): void {
    this.#fail(this.#takers.all(), error);
  }

  /** Whether somebody waits for this queue of this sender, or of anyone. */
  wants(from: string, queue: string): boolean {
    return this.#takers.wanting(from, queue) || this.#takers.wanting(undefined, queue);
  }

  /** The queues somebody waits for that a letter of this sender could fill. */
  wantedFrom(from: string): readonly string[] {
    return this.#takers.queues(from);
  }

  /** How many messages of this sender lie here, in how many bytes. */
  unread(from: string): { readonly messages: number; readonly bytes: number } {
    const box = this.#boxes.get(from);
    return { messages: box?.messages ?? 0, bytes: box?.bytes ?? 0 };
  }

  #fail(takers: readonly Taker[], error: (taker: Taker) => PoolError): void {
    for (const taker of takers) this.cancel(taker);
    for (const taker of takers) taker.fail(error(taker));
  }

  #hand(letter: Letter): boolean {
    const taker = this.#takers.longest(letter.from, letter.queue);
    if (taker === undefined) return false;
    this.#takers.remove(taker);
    taker.take(letter);
    this.#tell(taker);
    if (this.wants(letter.from, letter.queue)) this.#listener.wanted(letter.from, letter.queue);
    return true;
  }

  /** A taker that waits again at once changes nothing, and costs nothing. */
  #tell({ from, queue }: Taker): void {
    if (queue === undefined) return;
    const waiting = this.#takers.wanting(from, queue);
    let told = this.#told.get(from);
    if (waiting === (told?.has(queue) ?? false)) return;
    if (told === undefined) this.#told.set(from, (told = new Set()));
    if (waiting) told.add(queue);
    else told.delete(queue);
    if (told.size === 0) this.#told.delete(from);
    this.#listener.wanted(from, queue);
  }

  #first(queue: string | undefined): Letter | undefined {
    let first: Letter | undefined;
    for (const box of this.#boxes.values()) {
      const letter = box.first(queue);
      if (letter !== undefined && (first === undefined || letter.arrival < first.arrival)) first = letter;
    }
    return first;
  }

  /** Who has no box has left, and everything was read: what comes back from a taker is a departed sender's again. */
  #box(letter: Letter): Box {
    const found = this.#boxes.get(letter.from);
    if (found !== undefined) return found;
    const made = new Box(letter.instance);
    this.#boxes.set(letter.from, made);
    this.#departed.add(letter.from);
    return made;
  }
}
