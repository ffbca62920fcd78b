import type { Deadlines } from '../deadlines.ts';
import type { PoolError } from '../errors.ts';
import { Box } from './box.ts';
import { isRequest, type Letter } from './message.ts';
import { Slots } from './slots.ts';
import { type Manner, type Taker, Takers, type Waiting } from './takers.ts';
import { Wait, type WaitLimits } from './wait.ts';

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
  readonly #takers: Readonly<Record<Manner, Takers>> = {
    plain: new Takers(),
    slot: new Takers(),
    answering: new Takers(),
  };
  readonly #slots: Slots;
  /** The queues of which the listener was told that somebody waits for them. */
  readonly #told = new Map<string | undefined, Set<string>>();
  /** In the order of their departure; only those with something unread. */
  readonly #departed = new Set<string>();
  readonly #limit: number;
  readonly #listener: MailboxListener;
  #lastReleased: (() => void) | undefined;
  #arrivals = 0;
  #waits = 0;

  /**
   * `limit`: what may lie unread of all the departed together, in bytes plus `MESSAGE_OVERHEAD` a message. `slots`: how many letters of one sender may be out and not released, of those
   * that are taken so.
   */
  constructor(limit: number, slots: number, listener: MailboxListener) {
    this.#limit = limit;
    this.#slots = new Slots(slots);
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

  /** The next letter of one sender or of anyone, of one queue or of every, if there is one that may be taken in this manner. */
  take(from: string | undefined, queue: string | undefined, manner: Manner = 'plain'): Letter | undefined {
    const letter =
      from === undefined ? this.#first(queue, manner) : this.#firstIn(this.#boxes.get(from), queue, manner);
    if (letter === undefined) return undefined;
    if (manner === 'slot') this.#slots.take(letter);
    const box = this.#box(letter);
    box.remove(letter);
    if (box.messages === 0 && this.#departed.delete(letter.from)) this.#boxes.delete(letter.from);
    return letter;
  }

  /** Its sender has taken it back. Returns whether it was still here. */
  withdraw(letter: Letter): boolean {
    const box = this.#boxes.get(letter.from);
    if (box === undefined || !box.remove(letter)) return false;
    letter.receipt.consumed();
    if (box.messages === 0 && this.#departed.delete(letter.from)) this.#boxes.delete(letter.from);
    return true;
  }

  /** The caller has just tried to `take`, in vain. */
  wait(taker: Taker): void {
    this.#takers[taker.manner].add(taker, this.#waits++);
    this.#tell(taker);
  }

  /** It waits no more. Does nothing when it wasn't waiting. */
  cancel(taker: Taker): void {
    this.#takers[taker.manner].remove(taker);
    this.#tell(taker);
  }

  /** Whoever has the letter is done with it: its room is free, and its slot if it held one. Safe to call twice. */
  release(letter: Letter): void {
    letter.receipt.consumed();
    if (!this.#slots.release(letter)) return;
    this.#slotFree(letter);
    if (this.#lastReleased !== undefined && this.unreleased.length === 0) this.#lastReleased();
  }

  /** Whether it was taken so that it holds a slot, and is not released. */
  holdsSlot(letter: Letter): boolean {
    return this.#slots.holds(letter);
  }

  /** Resolves when none is held any more; rejects as `late` says when that takes too long. */
  allReleased(clock: Deadlines, limits: WaitLimits, late: () => PoolError): Promise<void> {
    const wait = new Wait<void>(clock, limits, late, () => (this.#lastReleased = undefined));
    this.#lastReleased = () => wait.resolve();
    return wait.promise;
  }

  /** Those that hold slots. */
  get unreleased(): readonly Letter[] {
    return this.#slots.held;
  }

  /** Fails those who wait for this sender alone and don't outlast its departure. */
  dismiss(from: string, error: (taker: Taker) => PoolError): void {
    const takers = this.#manners.flatMap((kind) => kind.of(from));
    this.#fail(
      takers.filter((taker) => !taker.lasting),
      error,
    );
  }

  /** Fails everybody. */
  dismissAll(error: (taker: Taker) => PoolError): void {
    this.#fail(
      this.#manners.flatMap((kind) => kind.all()).map(({ taker }) => taker),
      error,
    );
  }

  /** Whether somebody waits for this queue of this sender, or of anyone. */
  wants(from: string, queue: string): boolean {
    return this.#waiting(from, queue) || this.#waiting(undefined, queue);
  }

  /** The queues somebody waits for that a letter of this sender could fill. */
  wantedFrom(from: string): readonly string[] {
    return [...new Set(this.#manners.flatMap((kind) => kind.queues(from)))];
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
    const taker = this.#taker(letter);
    if (taker === undefined) return false;
    this.#takers[taker.manner].remove(taker);
    if (taker.manner === 'slot') this.#slots.take(letter);
    taker.take(letter);
    this.#tell(taker);
    if (this.wants(letter.from, letter.queue)) this.#listener.wanted(letter.from, letter.queue);
    return true;
  }

  #taker(letter: Letter): Taker | undefined {
    const { from, queue, instance } = letter;
    const answering = isRequest(letter) ? this.#takers.answering.longest(from, queue) : undefined;
    if (answering !== undefined) return answering.taker;
    const plain = this.#takers.plain.longest(from, queue);
    const slot = this.#slots.free(instance) ? this.#takers.slot.longest(from, queue) : undefined;
    return elder(plain, slot)?.taker;
  }

  /** Those who had to leave its sender's letters where they are get what they want, the eldest first. */
  #slotFree({ from, instance }: Letter): void {
    const takers = this.#takers.slot;
    for (const { taker } of takers.all()) {
      if (!this.#slots.free(instance)) return;
      if (taker.from !== undefined && taker.from !== from) continue;
      const letter = this.take(from, taker.queue, 'slot');
      if (letter === undefined) continue;
      takers.remove(taker);
      taker.take(letter);
      this.#tell(taker);
    }
  }

  get #manners(): readonly Takers[] {
    return Object.values(this.#takers);
  }

  #waiting(from: string | undefined, queue: string): boolean {
    const { plain, slot, answering } = this.#takers;
    return plain.wanting(from, queue) || slot.wanting(from, queue) || answering.wanting(from, queue);
  }

  /** A taker that waits again at once changes nothing, and costs nothing. */
  #tell({ from, queue }: Taker): void {
    if (queue === undefined) return;
    const waiting = this.#waiting(from, queue);
    let told = this.#told.get(from);
    if (waiting === (told?.has(queue) ?? false)) return;
    if (told === undefined) this.#told.set(from, (told = new Set()));
    if (waiting) told.add(queue);
    else told.delete(queue);
    if (told.size === 0) this.#told.delete(from);
    this.#listener.wanted(from, queue);
  }

  #firstIn(box: Box | undefined, queue: string | undefined, manner: Manner): Letter | undefined {
    if (manner === 'answering') return box?.firstRequest(queue);
    return box === undefined || (manner === 'slot' && !this.#slots.free(box.instance)) ? undefined : box.first(queue);
  }

  #first(queue: string | undefined, manner: Manner): Letter | undefined {
    let first: Letter | undefined;
    for (const box of this.#boxes.values()) {
      const letter = this.#firstIn(box, queue, manner);
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

function elder(one: Waiting | undefined, other: Waiting | undefined): Waiting | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.since < other.since ? one : other;
}
