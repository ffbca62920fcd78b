import { describe, expect, it } from 'vitest';
import { EVENT_KINDS, EventLog, type EventKind, LOG_ENTRIES, type LogFilter } from './event-log.ts';

const all: LogFilter = { kinds: new Set(EVENT_KINDS), peer: '', text: '' };

function filled(): EventLog {
  const log = new EventLog();
  const add = (kind: EventKind, peer: string | undefined, text: string): void =>
    log.add({ time: log.total, kind, peer, text, details: {} });
  add('state', undefined, 'pool started, signaling connecting');
  add('join', 'bob', 'is here as 4711');
  add('link', 'carol', 'connected, relay');
  add('leave', 'bob', 'goodbye');
  return log;
}

const serials = (log: EventLog, filter: Partial<LogFilter>): readonly number[] =>
  log.select({ ...all, ...filter }).map(({ serial }) => serial);

describe('the event log', () => {
  it('is read newest first', () => {
    expect(serials(filled(), {})).toEqual([4, 3, 2, 1]);
  });

  it('is filtered by kind, by peer, and by words that may stand anywhere', () => {
    const log = filled();
    expect(serials(log, { kinds: new Set<EventKind>(['join', 'leave']) })).toEqual([4, 2]);
    expect(serials(log, { kinds: new Set() })).toEqual([]);
    expect(serials(log, { peer: 'bob' })).toEqual([4, 2]);
    expect(serials(log, { text: ' RELAY  carol ' })).toEqual([3]);
    expect(serials(log, { text: 'relay bob' })).toEqual([]);
    expect(serials(log, { text: '.*' })).toEqual([]);
    expect(serials(log, { peer: 'bob', text: 'goodbye' })).toEqual([4]);
  });

  it('stands still where it is paused, and goes on counting', () => {
    const log = filled();
    expect(serials(log, { until: 2 })).toEqual([2, 1]);
    expect(log.total).toBe(4);
  });

  it('keeps the newest, and says how many there were', () => {
    const log = new EventLog();
    for (let serial = 1; serial <= 5000; serial++) {
      log.add({ time: serial, kind: 'link', peer: 'bob', text: 'connecting', details: {} });
      expect(log.entries.length).toBeLessThanOrEqual(LOG_ENTRIES * 1.25);
    }
    const kept = serials(log, {});
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([LOG_ENTRIES, 5000, 5000 - LOG_ENTRIES + 1]);
    log.clear();
    expect([log.entries.length, log.total]).toEqual([0, 5000]);
  });
});
