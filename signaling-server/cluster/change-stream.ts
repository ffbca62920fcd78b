import { setTimeout as pause } from 'node:timers/promises';
import type { Entry } from './room-view.ts';
import type { Client } from './store.ts';

/** Milliseconds that Redis waits for a change before it says that there was none. */
const BLOCK = 1000;
/** Entries in one reading. */
const AT_ONCE = 512;
/** Milliseconds before it is tried again. */
const RETRY = 250;

export interface ChangeListener {
  entry(room: string, entry: Entry): void;
  /** Something may have been missed. */
  missed(): void;
}

/** The end of the stream of changes, followed by a client that does nothing else. */
export class ChangeStream {
  readonly #client: Client;
  readonly #key: string;
  readonly #listener: ChangeListener;
  readonly #closed = new AbortController();
  #position: string | undefined;
  #failing = true;
  #following: Promise<void> | undefined;

  constructor(client: Client, key: string, listener: ChangeListener) {
    this.#client = client;
    this.#key = key;
    this.#listener = listener;
  }

  /** What comes is heard. */
  get reading(): boolean {
    return !this.#failing;
  }

  follow(): void {
    this.#following = this.#follow();
  }

  /** Whether the stream begins after what was read last. */
  isBehind(first: string): boolean {
    return this.#position !== undefined && this.#position !== NOTHING && after(first, this.#position);
  }

  /** With its client, which may be waiting for the next change. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#client.destroy();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        if (this.#failing) await this.#find();
        const found = await this.#client.xRead({ key: this.#key, id: this.#position ?? NOTHING }, OPTIONS);
        for (const { id, message } of entriesOf(found)) {
          this.#position = id;
          this.#listener.entry(message['room'] ?? '', parse(message));
        }
      } catch {
        if (signal.aborted) return;
        this.#failing = true;
        await pause(RETRY, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** At first: from here on. Later: from where we were, unless this is a younger stream. */
  async #find(): Promise<void> {
    const last = await this.#client.xRevRange(this.#key, '+', '-', { COUNT: 1 });
    const end = last?.[0]?.id ?? NOTHING;
    if (this.#position === undefined) this.#position = end;
    else if (after(this.#position, end)) this.#position = NOTHING;
    this.#failing = false;
    this.#listener.missed();
  }
}

const NOTHING = '0-0';
const OPTIONS = { BLOCK, COUNT: AT_ONCE };

interface Found {
  readonly id: string;
  readonly message: Readonly<Record<string, string>>;
}

function entriesOf(found: unknown): readonly Found[] {
  const [stream] = (found ?? []) as readonly { readonly messages: readonly Found[] }[];
  return stream?.messages ?? [];
}

function parse({ before, version, type, name = '', instance = '', socket = '', how }: Found['message']): Entry {
  return {
    before: Number(before),
    version: Number(version),
    type: type === 'joined' ? 'joined' : 'left',
    occupant: { name, instance, socket },
    how: how === 'left' ? 'left' : 'closed',
  };
}

/** Ids are milliseconds and a number. */
function after(one: string, other: string): boolean {
  const [time = 0, place = 0] = one.split('-').map(Number);
  const [thenTime = 0, thenPlace = 0] = other.split('-').map(Number);
  return time > thenTime || (time === thenTime && place > thenPlace);
}
