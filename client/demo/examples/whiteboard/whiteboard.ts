import type { Pool } from 'peerpool';
import { toCleared, toPlace, toSegment } from './wire.ts';

/** Where on the board: from 0 to 10,000 across, and from 0 to 10,000 down. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A piece of a line, as it was drawn between two pictures of the screen. Made once and never changed. */
export interface Segment {
  /** No two have the same one. */
  readonly id: string;
  readonly author: string;
  /** A Lamport clock (1978): larger than that of all its author had seen. Where two have the same, their ids decide. */
  readonly at: number;
  /** x and y in turn. */
  readonly places: Uint16Array;
}

export interface BoardListener {
  drawn(segments: readonly Segment[]): void;
  /** All that is there now, because some of it went. */
  redrawn(segments: Iterable<Segment>): void;
  cursor(name: string, place: Place): void;
  /** Somebody's drawing makes no sense. */
  failed(error: unknown): void;
}

/**
 * A drawing that becomes the same in every tab: a set of segments that only grows, and the time up to which it was cleared, so that it does not matter in which order they arrive. Segments must arrive
 * (`ack: 'delivered'`, the default); of cursors only the last matters, so nobody waits for them and nothing is said when one is lost (`ack: 'none'`).
 */
export class Whiteboard {
  readonly #pool: Pool;
  readonly #listener: BoardListener;
  readonly #segments = new Map<string, Segment>();
  #clock = 0;
  #cleared = 0;

  /** Before the pool joins. */
  constructor(pool: Pool, listener: BoardListener) {
    this.#pool = pool;
    this.#listener = listener;
    pool.onMessage(({ value }) => this.#add([value]), { msgId: 'segment', parse: toSegment });
    pool.onMessage(({ value }) => this.#clear(value), { msgId: 'clear', parse: toCleared });
    pool.onMessage(({ sender, value }) => listener.cursor(sender, value), { msgId: 'cursor', parse: toPlace });
    // A newcomer asks everybody: each knows all of its own, whatever is still on its way between two others.
    pool.expose({ drawing: () => ({ segments: [...this.#segments.values()], cleared: this.#cleared }) });
    pool.on('join', ({ name }) => this.#learn([name]));
    // What one who was cut off told some, all know then.
    pool.on('leave', () => this.#learn([...pool.clients]));
  }

  async draw(places: Uint16Array): Promise<void> {
    const at = ++this.#clock;
    const segment = { id: `${this.#pool.instance} ${at}`, author: this.#pool.name, at, places };
    this.#add([segment]);
    await this.#pool.broadcast(segment, 'segment');
  }

  async clear(): Promise<void> {
    const at = ++this.#clock;
    this.#clear(at);
    await this.#pool.broadcast(at, 'clear');
  }

  point(place: Place): void {
    this.#pool
      .broadcast(place, { msgId: 'cursor', ack: 'none' })
      .catch((error: unknown) => this.#listener.failed(error));
  }

  #learn(peers: readonly string[]): void {
    this.#gather(peers).catch((error: unknown) => this.#listener.failed(error));
  }

  async #gather(peers: readonly string[]): Promise<void> {
    const drawings = await this.#pool.callAll('drawing', [], { peers }).catch(() => new Map());
    for (const result of drawings.values() as Iterable<PromiseSettledResult<unknown>>) {
      if (result.status === 'rejected') continue;
      const { segments, cleared } = Object(result.value) as Partial<Record<'segments' | 'cleared', unknown>>;
      this.#clear(toCleared(cleared));
      this.#add(Array.isArray(segments) ? segments.map(toSegment) : []);
    }
  }

  #add(segments: readonly Segment[]): void {
    const fresh = segments.filter(({ id, at }) => at > this.#cleared && !this.#segments.has(id));
    for (const segment of fresh) {
      this.#segments.set(segment.id, segment);
      this.#clock = Math.max(this.#clock, segment.at);
    }
    if (fresh.length > 0) this.#listener.drawn(fresh);
  }

  #clear(at: number): void {
    this.#clock = Math.max(this.#clock, at);
    if (at <= this.#cleared) return;
    this.#cleared = at;
    for (const [id, segment] of this.#segments) if (segment.at <= at) this.#segments.delete(id);
    this.#listener.redrawn(this.#segments.values());
  }
}
