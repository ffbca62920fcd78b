import type { PoolError, PoolEvents, SignalingState } from '../src/index.ts';
import { EventLog } from './event-log.ts';
import type { InspectedPool } from './inspected-pool.ts';

/** How many of the departed are remembered by name. */
const DEPARTED = 64;

/** Listens to a pool's events from its making to `end`: all that an inspector does while it is closed. They are rare. */
export class Journal {
  readonly log = new EventLog();
  /** As `Date.now()`. */
  readonly since = Date.now();
  /** Who has left, and why, until they are back. */
  readonly departed = new Map<string, string>();
  /** Unknown until the pool says something of it. */
  signaling: SignalingState | undefined;
  /** Who came and went, in words, since the last look. */
  #news: string[] = [];
  readonly #offs: readonly (() => void)[];

  constructor(pool: InspectedPool) {
    this.#offs = [
      pool.on('join', (event) => this.#joined(event)),
      pool.on('restart', (event) => this.#restarted(event)),
      pool.on('leave', (event) => this.#left(event)),
      pool.on('link', ({ name, state, kind }) => {
        this.#add('link', name, kind === undefined ? state : `${state}, ${kind}`, { state, kind });
      }),
      pool.on('state', ({ state, signaling }) => {
        this.signaling = signaling;
        this.#add('state', undefined, `pool ${state}, signaling ${signaling}`, { state, signaling });
      }),
      // A listener of `error` would keep those that the app does not listen to from the page.
      pool.tap({ error: (error) => this.#add('error', peerOf(error), error.message, errorDetails(error)) }),
    ];
  }

  /** Who came and went since it was asked last. */
  takeNews(): readonly string[] {
    return this.#news.splice(0);
  }

  end(): void {
    for (const off of this.#offs) off();
  }

  #joined({ name, instance }: PoolEvents['join']): void {
    this.departed.delete(name);
    this.#say(`${name} joined`);
    this.#add('join', name, `is here as ${instance}`, { instance });
  }

  #restarted({ name, instance, unread }: PoolEvents['restart']): void {
    this.departed.delete(name);
    this.#say(`${name} restarted`);
    const dropped = unread === 0 ? '' : `; ${unread} unread of the one before dropped`;
    this.#add('restart', name, `is here as another instance, ${instance}${dropped}`, { instance, unread });
  }

  #left({ name, instance, reason }: PoolEvents['leave']): void {
    this.departed.delete(name);
    this.departed.set(name, reason);
    for (const oldest of this.departed.keys()) if (this.departed.size > DEPARTED) this.departed.delete(oldest);
    this.#say(`${name} left, ${reason}`);
    this.#add('leave', name, reason, { instance, reason });
  }

  /** While nobody looks, only the last of it is kept. */
  #say(news: string): void {
    this.#news.push(news);
    if (this.#news.length > DEPARTED) this.#news.shift();
  }

  #add(
    kind: keyof PoolEvents,
    peer: string | undefined,
    text: string,
    details: Readonly<Record<string, unknown>>,
  ): void {
    this.log.add({ time: Date.now(), kind, peer, text, details });
  }
}

function peerOf(error: Error): string | undefined {
  return 'peer' in error && typeof error.peer === 'string' ? error.peer : undefined;
}

/** What a `PoolError` knows beside its message, and what caused it. */
/** All that a `PoolError` has to say, its diagnosis too; the message is the entry's text. */
function errorDetails(error: Error): Readonly<Record<string, unknown>> {
  const { toJSON } = error as Partial<PoolError>;
  const { message: _, ...said } = toJSON?.call(error) ?? { name: error.name };
  const cause = error.cause instanceof Error ? String(error.cause) : undefined;
  return { ...said, cause };
}
