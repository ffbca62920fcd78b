import { describe, expect, it } from 'vitest';
import { openSource, type Pieces, snapshot } from './stream-source.ts';

async function all(pieces: Pieces, most: number): Promise<number[][]> {
  const found: number[][] = [];
  for (let piece = await pieces.next(most); piece !== undefined; piece = await pieces.next(most))
    found.push([...piece]);
  return found;
}

async function* given(...pieces: unknown[]): AsyncGenerator<BufferSource> {
  for (const piece of pieces) yield piece as BufferSource;
}

describe('a source', () => {
  it('is cut where a piece is too large, and never put together', async () => {
    const pieces = openSource(given(Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint16Array.of(4), Uint8Array.of(5)));
    expect(await all(pieces, 2)).toEqual([[1, 2], [3], [4, 0], [5]]);
    expect(await all(openSource(new Blob([Uint8Array.of(1, 2, 3)])), 2)).toEqual([[1, 2], [3]]);
    expect(await all(openSource(new Blob([])), 2)).toEqual([]);
  });

  it('that is typed is copied at once, a view its own bytes only, a shared buffer too', async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7);
    const views = [bytes, bytes.subarray(1, 3), new DataView(bytes.buffer, 2), bytes.buffer, shared];
    const blobs = views.map((view) => snapshot(view as BufferSource));
    bytes.fill(0);
    shared.fill(0);
    const found = await Promise.all(blobs.map(async (blob) => [...new Uint8Array((await blob?.arrayBuffer()) ?? [])]));
    expect(found).toEqual([
      [1, 2, 3, 4],
      [2, 3],
      [3, 4],
      [1, 2, 3, 4],
      [7, 7],
    ]);
    expect(snapshot(given())).toBeUndefined();
  });

  it('that can be read once is unlocked when it has ended', async () => {
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        controller.enqueue(Uint8Array.of(1));
        controller.close();
      },
    });
    const pieces = openSource(stream);
    expect(() => openSource(stream)).toThrow(TypeError);
    expect(await all(pieces, 10)).toEqual([[1]]);
    expect(stream.locked).toBe(false);
  });

  it('gives bytes and nothing else', async () => {
    for (const piece of ['text', 1, null, [1], {}, undefined])
      await expect(all(openSource(given(piece)), 10)).rejects.toThrow(TypeError);
    for (const source of ['text', 1, null, undefined, {}, [new Uint8Array(1)], () => {}])
      expect(() => openSource(source as never)).toThrow('a stream is sent from a File');
  });

  it('hears that no more is wanted', async () => {
    const reasons: unknown[] = [];
    const stream = new ReadableStream<BufferSource>({ cancel: (reason) => void reasons.push(reason) });
    await openSource(stream).cancel('enough');
    let ended = false;
    const generator = (async function* () {
      try {
        yield new Uint8Array(1);
        yield new Uint8Array(1);
      } finally {
        ended = true;
      }
    })();
    const pieces = openSource(generator);
    await pieces.next(10);
    await pieces.cancel('enough');
    await openSource({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error()) }) }).cancel('enough');
    expect([reasons, ended]).toEqual([['enough'], true]);
  });
});
