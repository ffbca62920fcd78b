import type { Receipt } from '../../communicators/communicator.ts';
import type { Life } from './life.ts';
import type { Sent } from './sent.ts';
import type { World } from './world.ts';

interface Letter {
  readonly sent: Sent;
  readonly receipt: Receipt;
}

/** How many it holds at once. */
const SLOTS = 3;

/** What a mailbox and those who wait at it do to a session: messages are consumed at once, later, in another order than they came, when somebody asks for them, or not for a long time. */
export class Reader {
  readonly #world: World;
  /** Whose messages it reads; what the departed left stays readable. */
  readonly #life: () => Life | undefined;
  #letters: Letter[] = [];
  readonly #takers = new Map<string, number>();
  mode: 'eager' | 'lazy' | 'paused' | 'by hand' = 'eager';
  #held = 0;

  constructor(world: World, life: () => Life | undefined) {
    this.#world = world;
    this.#life = life;
  }

  unread(queue: string): number {
    return this.#letters.filter(({ sent }) => sent.queue === queue).length;
  }

  /** Somebody waits for a message. */
  get waiting(): boolean {
    return this.#takers.size > 0;
  }

  arrive(sent: Sent, receipt: Receipt): void {
    const { random } = this.#world;
    const waiting = this.#takers.get(sent.queue) ?? 0;
    if (waiting > 0) {
      this.#set(sent.queue, waiting - 1);
      this.#consume({ sent, receipt });
      this.#want(sent.queue, waiting > 1);
    } else if (this.mode === 'eager') this.#consume({ sent, receipt });
    else if (this.mode === 'by hand' && this.#held < SLOTS) this.#hold({ sent, receipt });
    else {
      this.#letters.push({ sent, receipt });
      if (this.mode === 'lazy') this.#life()?.page.timer(random.below(30), () => this.read(1));
    }
  }

  /** One that is released later; then the next that lies here is taken. */
  #hold(letter: Letter): void {
    const { coverage, random } = this.#world;
    const { page } = this.#life() ?? {};
    if (page === undefined) {
      this.#letters.push(letter);
      return;
    }
    if (++this.#held === SLOTS) coverage.count('all slots taken');
    page.timer(random.below(100), () => {
      this.#held--;
      coverage.count('slot released');
      this.#consume(letter);
      const next = this.mode === 'by hand' ? this.#letters.shift() : undefined;
      if (next !== undefined) this.#hold(next);
    });
  }

  /** Somebody waits for the next message of the queue, unless it is here. */
  wait(queue: string): void {
    const index = this.#letters.findIndex(({ sent }) => sent.queue === queue);
    const [letter] = index < 0 ? [] : this.#letters.splice(index, 1);
    if (letter !== undefined) {
      this.#consume(letter);
      return;
    }
    this.#set(queue, (this.#takers.get(queue) ?? 0) + 1);
    this.#want(queue, true);
  }

  /** Nobody waits for it any more. */
  leave(queue: string): void {
    if (this.#takers.delete(queue)) this.#want(queue, false);
  }

  /** Reads so many of those that lie here. */
  read(count: number): void {
    const { random } = this.#world;
    for (let left = count; left > 0 && this.#letters.length > 0; left--) {
      const index = random.chance(1 / 2) ? 0 : random.below(this.#letters.length);
      for (const letter of this.#letters.splice(index, 1)) this.#consume(letter);
    }
  }

  /** The session is up: it is told what is waited for. */
  joined(): void {
    for (const queue of this.#takers.keys()) this.#want(queue, true);
  }

  #set(queue: string, count: number): void {
    if (count > 0) this.#takers.set(queue, count);
    else this.#takers.delete(queue);
  }

  #want(queue: string, waiting: boolean): void {
    const life = this.#life();
    if (life === undefined) return;
    if (waiting) life.want();
    life.session.want(queue, waiting);
  }

  #consume({ sent, receipt }: Letter): void {
    sent.consumed = true;
    receipt.consumed();
    if (this.#world.random.chance(1 / 8)) receipt.consumed();
  }
}
