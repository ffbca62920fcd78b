import { describe, expect, it } from 'vitest';
import type { Passage } from '../src/index.ts';
import { sorted, Tally, TALLY_ROWS } from './tally.ts';

const passage = (msgId: string | undefined, bytes: number, kind: Passage['kind'] = 'message'): Passage => ({
  peer: 'bob',
  kind,
  msgId,
  bytes,
});

describe('a tally', () => {
  it('counts both ways by kind and id; no id is not the empty one, nor one of another kind', () => {
    const tally = new Tally();
    tally.sent(passage('a', 10));
    tally.sent(passage('a', 5));
    tally.received(passage('a', 7));
    tally.received(passage('a', 1, 'call'));
    tally.sent(passage('', 2));
    tally.sent(passage(undefined, 3));
    expect(tally.rows).toEqual([
      { kind: 'message', msgId: 'a', messagesSent: 2, bytesSent: 15, messagesReceived: 1, bytesReceived: 7 },
      { kind: 'call', msgId: 'a', messagesSent: 0, bytesSent: 0, messagesReceived: 1, bytesReceived: 1 },
      { kind: 'message', msgId: '', messagesSent: 1, bytesSent: 2, messagesReceived: 0, bytesReceived: 0 },
      { kind: 'message', msgId: undefined, messagesSent: 1, bytesSent: 3, messagesReceived: 0, bytesReceived: 0 },
    ]);
  });

  it('has so many rows and no more, and loses nothing of the rest', () => {
    const tally = new Tally();
    for (let id = 0; id < 10_000; id++) tally.sent(passage(`id ${id}`, 1));
    tally.sent(passage('id 0', 1));
    expect(tally.rows).toHaveLength(TALLY_ROWS + 1);
    expect(tally.rows[0]).toMatchObject({ msgId: 'id 0', messagesSent: 2 });
    expect(tally.rows.at(-1)).toMatchObject({ kind: 'other', messagesSent: 10_000 - TALLY_ROWS });
    expect(tally.rows.reduce((sum, row) => sum + row.bytesSent, 0)).toBe(10_001);
  });

  it('is sorted as asked, the rest last', () => {
    const tally = new Tally();
    for (let id = 0; id < TALLY_ROWS - 2; id++) tally.sent(passage(`filling ${id}`, 1));
    tally.sent(passage('b', 50));
    for (let times = 0; times < 3; times++) tally.received(passage('a', 10));
    tally.sent(passage('z', 1_000_000));
    const ids = (order: Parameters<typeof sorted>[1]): unknown[] =>
      sorted(tally.rows, order).map(({ kind, msgId }) => (kind === 'other' ? kind : msgId));
    expect(ids('bytes').slice(0, 2)).toEqual(['b', 'a']);
    expect(ids('received')[0]).toBe('a');
    expect(ids('id').slice(0, 3)).toEqual(['a', 'b', 'filling 0']);
    for (const order of ['id', 'sent', 'received', 'bytes'] as const) expect(ids(order).at(-1)).toBe('other');
  });
});
