import { describe, expect, it } from 'vitest';
import { PoolError } from '../errors.ts';
import { JsonPacker } from './json.ts';
import { MessagePackPacker } from './message-pack.ts';
import type { Packer } from './packer.ts';

const json = new JsonPacker();
const packers: readonly [string, Packer][] = [
  ['messagepack', new MessagePackPacker()],
  ['json', json],
];

function read(text: string): unknown {
  return json.unpack({ head: new TextEncoder().encode(text), segments: [] });
}

function thrownBy(run: () => unknown): PoolError {
  try {
    run();
  } catch (error) {
    if (error instanceof PoolError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
}

/** Writes what its own walk would refuse: two halves, one after the other. */
function twice(packer: Packer, half: readonly RegExp[]): Uint8Array {
  const { head } = packer.pack(half);
  if (packer.name === 'json') {
    const text = new TextDecoder().decode(head);
    return new TextEncoder().encode(`[${text},${text}]`);
  }
  return Uint8Array.of(0x92, ...head, ...head);
}

describe('what a hostile member packs', () => {
  it.each(packers)('costs no more RegExps with sets than some: %s', (_name, packer) => {
    const half = Array.from({ length: 1_000 }, () => new RegExp('[\\p{L}--a]', 'v'));
    expect(packer.unpack(packer.pack(half))).toEqual(half);
    expect(thrownBy(() => packer.pack([half, half])).message).toMatch(/unpackable: .*16384 characters of RegExps/);
    expect(thrownBy(() => packer.unpack({ head: twice(packer, half), segments: [] })).message).toMatch(
      /malformed: .*16384 characters of RegExps/,
    );
  });

  it.each(packers)('may be as many RegExps without sets as there is room for: %s', (_name, packer) => {
    const many = Array.from({ length: 2_000 }, () => /some words|others/g);
    expect(packer.unpack({ head: twice(packer, many), segments: [] })).toEqual([many, many]);
  });

  it('is no binary in Base64 that belongs in a segment', () => {
    const packed = {
      head: new TextDecoder().decode(json.pack(new Uint8Array(65_535)).head),
      more: `{"$Uint8Array":"${btoa('x'.repeat(65_538))}"}`,
    };
    expect(read(packed.head)).toEqual(new Uint8Array(65_535));
    expect(thrownBy(() => read(packed.more)).message).toMatch(/belongs in a segment/);
  });

  it('names a binary type by a text, and by nothing that becomes one', () => {
    for (const name of ['["Uint8Array"]', '{"toString":1}', '1', 'null'])
      expect(
        thrownBy(() =>
          json.unpack({
            head: new TextEncoder().encode(`{"$segment":[${name},0]}`),
            segments: [new Uint8Array(65_536)],
          }),
        ).code,
      ).toBe('malformed');
  });

  it('is quoted in errors by some characters only', () => {
    const long = 'x'.repeat(100_000);
    for (const text of [
      `{"$${long}":1}`,
      `{"$class":["${long}",1]}`,
      `{"$segment":["${long}",0]}`,
      `{"$segment":[1,"${long}"]}`,
    ])
      expect(thrownBy(() => read(text)).message.length).toBeLessThan(300);
  });
});
