import { describe, expect, it } from 'vitest';
import { parsePresence, parseSignal } from './signal.ts';

describe('what a stranger sends as a signal', () => {
  it.each([
    { type: 'ring', to: 'i', link: 0 },
    { type: 'wait', to: 'i', link: 7 },
    { type: 'negotiate', to: 'i', link: 7, data: { sdp: 'x' } },
    { type: 'refuse', to: 'i', link: 1, code: 'refused', message: 'no' },
  ])('is taken when it is one: $type', (signal) => {
    expect(parseSignal({ ...signal, extra: 1 })).toEqual(signal);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'ring'],
    ['another type', { type: 'offer', to: 'i', link: 1 }],
    ['no receiver', { type: 'ring', link: 1 }],
    ['an empty receiver', { type: 'ring', to: '', link: 1 }],
    ['a broken link number', { type: 'ring', to: 'i', link: 1.5 }],
    ['a link number below zero', { type: 'ring', to: 'i', link: -1 }],
    ['a link number as text', { type: 'ring', to: 'i', link: '1' }],
    ['a refusal without a code', { type: 'refuse', to: 'i', link: 1, message: 'no' }],
    ['a refusal as long as a book', { type: 'refuse', to: 'i', link: 1, code: 'c', message: 'x'.repeat(2000) }],
  ])('is refused when it is %s', (_, value) => {
    expect(() => parseSignal(value)).toThrow(/signal|instance|refuse/);
  });
});

describe('what a stranger sends as a member', () => {
  it('has a name in NFC and an instance', () => {
    expect(parsePresence({ name: 'e\u0301', instance: 'i' })).toEqual({ name: '\u00e9', instance: 'i' });
  });

  it.each([[undefined], [{ name: 'a' }], [{ name: 1, instance: 'i' }], [{ name: '', instance: 'i' }]])(
    'is refused: %j',
    (value) => {
      expect(() => parsePresence(value)).toThrow(/member|peer name|instance id/);
    },
  );
});
