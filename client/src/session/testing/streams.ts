import type { Life } from './life.ts';
import type { Sent } from './sent.ts';
import type { World } from './world.ts';

/** Sends a chunk over the session of this moment, and tells what became of it. */
export type SendChunk = (queue: string, bytes: number, settled: (well: boolean) => void) => Sent | undefined;

/** How many chunks are on their way, or not consumed. */
const WINDOW = 3;

/** Streams, as a pool sends them: chunks in a queue of their own, the next when one was consumed, an empty one at the end; and some are given up on the way. */
export class Streams {
  readonly #world: World;
  readonly #life: () => Life | undefined;
  readonly #send: SendChunk;

  constructor(world: World, life: () => Life | undefined, send: SendChunk) {
    this.#world = world;
    this.#life = life;
    this.#send = send;
  }

  begin(sizes: readonly number[]): void {
    const { coverage, random } = this.#world;
    const queue = `d${this.#world.next()}`;
    const left = [...sizes, 0];
    const giveUpAt = random.chance(1 / 4) ? random.below(left.length) : -1;
    const open = new Set<Sent>();
    let life: Life | undefined;
    let over = false;
    const giveUp = (): void => {
      over = true;
      coverage.count('stream given up');
      if (life !== undefined && !life.over)
        for (const sent of open) life.ledger.withdraw(life.session, sent, life.heard);
    };
    const next = (): number | undefined => (over || open.size >= WINDOW ? undefined : left.shift());
    const pump = (): void => {
      for (let bytes = next(); bytes !== undefined; bytes = next()) {
        const mine: { sent: Sent | undefined } = { sent: undefined };
        let settled = false;
        mine.sent = this.#send(queue, bytes, (well) => {
          settled = true;
          if (mine.sent !== undefined) open.delete(mine.sent);
          if (!well) over = true;
          else if (left.length === 0 && open.size === 0 && !over) coverage.count('stream sent whole');
          if (!over && this.#life() === life) pump();
        });
        life ??= this.#life();
        if (mine.sent === undefined) return;
        if (!settled) open.add(mine.sent);
        if (left.length === giveUpAt && !this.#world.calm) giveUp();
      }
    };
    coverage.count('stream begun');
    pump();
  }
}
