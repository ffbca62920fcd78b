/** The names of a pool's events. */
export type EventKind = 'join' | 'leave' | 'restart' | 'link' | 'state' | 'error';

export const EVENT_KINDS: readonly EventKind[] = ['join', 'leave', 'restart', 'link', 'state', 'error'];

/** What happened, as it is shown and exported. */
export interface LogEntry {
  /** Counts from 1 on, also over what was dropped since. */
  readonly serial: number;
  /** As `Date.now()`. */
  readonly time: number;
  readonly kind: EventKind;
  readonly peer: string | undefined;
  readonly text: string;
  /** What the event carried beside that, as JSON can. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Entries beyond this many push out the oldest. */
export const LOG_ENTRIES = 1000;

/** The newest events of a pool. */
export class EventLog {
  #entries: LogEntry[] = [];
  #serial = 0;

  /** Oldest first. */
  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** How many there were, with those that are not kept any more. */
  get total(): number {
    return this.#serial;
  }

  add(entry: Omit<LogEntry, 'serial'>): void {
    this.#entries.push({ ...entry, serial: ++this.#serial });
    // Dropped some at a time: moving a thousand entries for each new one would cost a flood dearly.
    if (this.#entries.length >= LOG_ENTRIES * 1.25) this.#entries = this.#entries.slice(-LOG_ENTRIES);
  }

  /** At most `LOG_ENTRIES`, newest first, which the filter lets through. */
  select(filter: LogFilter): readonly LogEntry[] {
    return this.#entries.slice(-LOG_ENTRIES).filter(accepts(filter)).reverse();
  }

  clear(): void {
    this.#entries = [];
  }
}

export interface LogFilter {
  readonly kinds: ReadonlySet<EventKind>;
  /** Everybody's when empty. */
  readonly peer: string;
  /** Words, all of which occur in the entry, in any case. */
  readonly text: string;
  /** Up to this entry: the view is paused there. */
  readonly until?: number | undefined;
}

function accepts({ kinds, peer, text, until = Infinity }: LogFilter): (entry: LogEntry) => boolean {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return (entry) => {
    if (!kinds.has(entry.kind) || entry.serial > until || (peer !== '' && entry.peer !== peer)) return false;
    if (words.length === 0) return true;
    const said = `${entry.kind} ${entry.peer ?? ''} ${entry.text}`.toLowerCase();
    return words.every((word) => said.includes(word));
  };
}
