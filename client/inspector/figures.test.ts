import { describe, expect, it } from 'vitest';
import { bytesText, countText, millisecondsText, rateText } from './figures.ts';
import { roundUp } from './plot.ts';
import { type PeerState, type Quality, qualityOf } from './quality.ts';
import { matches, parseShortcut } from './shortcut.ts';

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999.6, '1.0 kB'],
    [1234, '1.2 kB'],
    [99_949, '99.9 kB'],
    [99_951, '100 kB'],
    [1_500_000, '1.5 MB'],
    [5e15, '5000 TB'],
  ])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

  it.each([
    [undefined, '–'],
    [0.04, '0.0 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [61_000, '61 s'],
  ])('%s milliseconds are %s', (time, text) => expect(millisecondsText(time)).toBe(text));

  it('say nothing where nothing flows, and group what is counted', () => {
    expect([rateText(0.4), rateText(2000)]).toEqual(['–', '2.0 kB/s']);
    expect(countText(1200)).toBe('1,200');
  });
});

describe('the top of an axis', () => {
  it.each([
    [0, 1],
    [0.3, 0.5],
    [1, 1],
    [1.1, 2],
    [4200, 5000],
    [5001, 10_000],
  ])('over %d is %d', (most, top) => expect(roundUp(most)).toBeCloseTo(top));
});

describe('the quality of a link', () => {
  it.each<[PeerState, number | undefined, Quality]>([
    ['connected', 100, 'good'],
    ['connected', 101, 'fair'],
    ['connected', 300, 'fair'],
    ['connected', 301, 'poor'],
    ['connected', undefined, 'unmeasured'],
    ['connecting', 5, 'connecting'],
    ['unresponsive', 5, 'unresponsive'],
    ['awaited', 5, 'none'],
    ['left', 5, 'none'],
  ])('%s at %s ms is %s', (state, time, quality) => expect(qualityOf(state, time)).toBe(quality));
});

describe('a shortcut', () => {
  const press = (key: string, code: string, modifiers: Partial<KeyboardEvent> = {}) => ({
    key,
    code,
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    ...modifiers,
  });
  const altI = parseShortcut('Alt+I');

  it('is a key with exactly its modifiers, also where Alt types other letters', () => {
    if (altI === undefined) return expect.fail('it is one');
    expect(matches(altI, press('i', 'KeyI', { altKey: true }))).toBe(true);
    expect(matches(altI, press('ˆ', 'KeyI', { altKey: true }))).toBe(true);
    expect(matches(altI, press('i', 'KeyI'))).toBe(false);
    expect(matches(altI, press('I', 'KeyI', { altKey: true, shiftKey: true }))).toBe(false);
    expect(matches(altI, press('o', 'KeyO', { altKey: true }))).toBe(false);
  });

  it('may be none, or a key alone, and nothing that is no key', () => {
    expect(parseShortcut('')).toBeUndefined();
    expect(parseShortcut(' F9 ')).toEqual({ key: 'f9', alt: false, ctrl: false, meta: false, shift: false });
    for (const text of ['Alt', 'Alt+', 'Hyper+I', '+']) expect(() => parseShortcut(text)).toThrow(TypeError);
  });
});
