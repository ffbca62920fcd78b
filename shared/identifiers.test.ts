import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instanceId, NAME_BYTES, peerName, roomName } from '#shared/identifiers';

/** With the flag u, a pair is one character and only half a one is of this category. */
const LONE = /\p{Cs}/u;

const bytes = (text: string) => new TextEncoder().encode(text).length;

describe.each([
  ['peer name', peerName],
  ['room name', roomName],
  ['instance id', instanceId],
] as const)('a %s', (what, parse) => {
  it.each([
    'a',
    '10',
    '__proto__',
    'constructor',
    'Ünïcode 🦜',
    ' ',
    'a'.repeat(128),
    '🦜'.repeat(32),
    '日'.repeat(42),
  ])('may be %j', (name) => expect(parse(name)).toBe(name));

  it.each([undefined, null, 7, 7n, true, {}, ['a'], Symbol('a'), Object('a')])('is a string, and not %s', (value) => {
    expect(() => parse(value)).toThrow(TypeError);
    expect(() => parse(value)).toThrow(`a ${what} is a string, not`);
  });

  it('has 1 to 128 bytes of UTF-8', () => {
    for (const name of ['', 'a'.repeat(129), '🦜'.repeat(33), '日'.repeat(43), 'a'.repeat(1e6)]) {
      expect(() => parse(name)).toThrow(RangeError);
    }
  });

  it.each(['\u0000', 'a\nb', 'a\tb', '\u007f', '\u0085', '\u009f', '\ud800', 'a\udc00', '\udc00\ud800', '\ud800a'])(
    'has no control characters and no lone surrogates: %j',
    (name) => expect(() => parse(name)).toThrow(TypeError),
  );

  it('is compared after NFC', () => {
    expect(parse('e\u0301')).toBe('\u00e9');
    expect(parse('\u1100\u1161\u11a8')).toBe('\uac01');
  });

  it('is counted after NFC, however long it was before', () => {
    // The longest composition there is: four code units become one, of three bytes.
    const longest = '\u03b1\u0313\u0300\u0345'.repeat(42);
    expect(bytes(parse(longest))).toBe(126);
  });

  it('is short in the sentence that refuses it', () => {
    const said = (() => {
      try {
        return parse('🦜'.repeat(1e5));
      } catch (error) {
        return String(error);
      }
    })();
    expect(said.length).toBeLessThan(150);
    expect(said).not.toMatch(LONE);
  });

  it('stays itself when it is parsed again, and within its bounds', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 160 }),
      fc.string({ unit: 'grapheme', maxLength: 80 }),
    );
    fc.assert(
      fc.property(text, (value) => {
        let name: string;
        try {
          name = parse(value);
        } catch (error) {
          expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
          return;
        }
        expect(parse(name)).toBe(name);
        expect(name).toBe(value.normalize('NFC'));
        expect(bytes(name)).toBeGreaterThan(0);
        expect(bytes(name)).toBeLessThanOrEqual(NAME_BYTES);
        expect(name).not.toMatch(/\p{Cc}/u);
        expect(name).not.toMatch(LONE);
      }),
    );
  });
});

describe('a slash', () => {
  it('may be in a peer name, and not in a room name', () => {
    expect(peerName('a/b')).toBe('a/b');
    expect(() => roomName('a/b')).toThrow('"/" is not allowed');
  });
});
