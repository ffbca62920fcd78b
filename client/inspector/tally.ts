import type { Passage, TrafficKind } from '../src/index.ts';

/** What passed under one message id. */
export interface TallyRow {
  /** `other`: what passed under ids that came when the table was full. */
  readonly kind: TrafficKind | 'other';
  readonly msgId: string | undefined;
  messagesSent: number;
  bytesSent: number;
  messagesReceived: number;
  bytesReceived: number;
}

/** Ids can be as many as messages: beyond this many the new ones share a row. */
export const TALLY_ROWS = 200;

/** Messages and bytes by kind and message id, since it was made. */
export class Tally {
  /** As `Date.now()`. */
  readonly since = Date.now();
  readonly #kinds = new Map<TrafficKind, Map<string | undefined, TallyRow>>();
  #rows: TallyRow[] = [];
  #other: TallyRow | undefined;

  /** In the order in which they were met; what did not fit is the last. */
  get rows(): readonly TallyRow[] {
    return this.#other === undefined ? this.#rows : [...this.#rows, this.#other];
  }

  sent(passage: Passage): void {
    const row = this.#row(passage);
    row.messagesSent++;
    row.bytesSent += passage.bytes;
  }

  received(passage: Passage): void {
    const row = this.#row(passage);
    row.messagesReceived++;
    row.bytesReceived += passage.bytes;
  }

  #row({ kind, msgId }: Passage): TallyRow {
    let ids = this.#kinds.get(kind);
    if (ids === undefined) this.#kinds.set(kind, (ids = new Map<string | undefined, TallyRow>()));
    const known = ids.get(msgId);
    if (known !== undefined) return known;
    if (this.#rows.length >= TALLY_ROWS) return (this.#other ??= emptyRow('other', undefined));
    const row = emptyRow(kind, msgId);
    ids.set(msgId, row);
    this.#rows.push(row);
    return row;
  }
}

function emptyRow(kind: TallyRow['kind'], msgId: string | undefined): TallyRow {
  return { kind, msgId, messagesSent: 0, bytesSent: 0, messagesReceived: 0, bytesReceived: 0 };
}

export const TALLY_ORDERS = ['id', 'sent', 'received', 'bytes'] as const;
export type TallyOrder = (typeof TALLY_ORDERS)[number];

const WEIGHTS: Readonly<Record<TallyOrder, (one: TallyRow, other: TallyRow) => number>> = {
  id: (one, other) => compare(one.msgId ?? '', other.msgId ?? '') || compare(one.kind, other.kind),
  sent: (one, other) => other.messagesSent - one.messagesSent,
  received: (one, other) => other.messagesReceived - one.messagesReceived,
  bytes: (one, other) => other.bytesSent + other.bytesReceived - one.bytesSent - one.bytesReceived,
};

/** Most first, or by the alphabet; what did not fit stays last. */
export function sorted(rows: readonly TallyRow[], order: TallyOrder): readonly TallyRow[] {
  const weigh = WEIGHTS[order];
  return [...rows].sort((one, other) => {
    if (one.kind === 'other' || other.kind === 'other') return one.kind === 'other' ? 1 : -1;
    return weigh(one, other);
  });
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
