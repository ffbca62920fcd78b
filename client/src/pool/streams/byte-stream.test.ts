import { afterEach, expect, it, vi } from 'vitest';
import { byteStream } from './byte-stream.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('where there are no byte streams it is an ordinary one, that reads nothing ahead either', async () => {
  const Real = ReadableStream;
  vi.stubGlobal(
    'ReadableStream',
    class {
      constructor(source: UnderlyingDefaultSource & { type?: string }, strategy?: QueuingStrategy) {
        if (source.type === 'bytes') throw new TypeError('no byte streams here');
        return new Real(source, strategy);
      }
    },
  );
  let pulls = 0;
  const reasons: unknown[] = [];
  const sink = byteStream({ pull: () => void pulls++, cancel: (reason) => void reasons.push(reason) });
  const reader = sink.stream.getReader();
  await new Promise((resolve) => setImmediate(resolve));
  expect(pulls).toBe(0);
  const read = reader.read();
  await new Promise((resolve) => setImmediate(resolve));
  expect(pulls).toBe(1);
  sink.enqueue(Uint8Array.of(1));
  expect(await read).toEqual({ done: false, value: Uint8Array.of(1) });
  sink.close();
  expect((await reader.read()).done).toBe(true);
  const other = byteStream({ pull: () => {}, cancel: (reason) => void reasons.push(reason) });
  await other.stream.cancel('enough');
  expect(reasons).toEqual(['enough']);
  const failed = byteStream({ pull: () => {}, cancel: () => {} });
  failed.error('broken');
  await expect(failed.stream.getReader().read()).rejects.toBe('broken');
});
