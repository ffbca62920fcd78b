import { describe, expect, it } from 'vitest';
import { Slab } from './slab.ts';

describe('a slab', () => {
  it('never gives the same memory twice', () => {
    const slab = new Slab();
    const lengths = Array.from({ length: 500 }, (_, index) => (index * 7) % 300);
    const parts = lengths.map((length, index) => slab.take(length).fill(index % 251));
    for (const [index, part] of parts.entries()) {
      expect(part).toHaveLength(lengths[index] ?? 0);
      expect(part.every((byte) => byte === index % 251)).toBe(true);
    }
  });

  it('gives what is larger a buffer of its own, so that a small packet holds little', () => {
    const slab = new Slab();
    for (const length of [257, 2048, 100_000]) expect(slab.take(length).buffer.byteLength).toBe(length);
    expect(slab.take(256).buffer.byteLength).toBe(2048);
  });
});
