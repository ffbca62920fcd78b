import { beforeEach, describe, expect, it } from 'vitest';
import { PoolError } from '../../errors.ts';
import { CHUNK_BYTES, packChunk, WINDOW_BYTES } from './chunks.ts';
import { Intake } from './intake.ts';

/** A stream asks for more when its own promises have settled. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an intake', () => {
  let told: string[];
  let consumed: number[];
  let position: number;
  let intake: Intake;

  beforeEach(() => make(undefined));

  function make(size: number | undefined): void {
    told = [];
    consumed = [];
    position = 0;
    intake = new Intake('alice', size, {
      want: (waiting) => void told.push(`want ${waiting}`),
      progress: (bytes) => void told.push(`read ${bytes}`),
      cancelled: (reason) => void told.push(`cancelled ${String(reason)}`),
      over: () => void told.push('over'),
    });
  }

  /** A chunk of so many bytes, each of which is their number; it counts the chunks. */
  function arrive(bytes: number, at = position): void {
    const number = consumed.push(0) - 1;
    position = at + bytes;
    const receipt = { identity: '', serial: 0, correlation: at, consumed: () => void (consumed[number] = 1) };
    const packet = packChunk(new Uint8Array(bytes).fill(bytes));
    intake.arrive({ from: 'alice', instance: 'a', queue: 'd1', packet, receipt });
  }

  it('gives a chunk when it is asked for one, consumes it then, and wants the next while a reader waits', async () => {
    const reader = intake.stream.getReader();
    arrive(10);
    expect([told, consumed]).toEqual([[], [0]]);
    expect((await reader.read()).value).toEqual(new Uint8Array(10).fill(10));
    expect([told, consumed]).toEqual([['read 10'], [1]]);
    const reads = [reader.read(), reader.read()];
    await turn();
    expect(told.splice(0)).toEqual(['read 10', 'want true', 'want true']);
    arrive(20);
    await turn();
    expect(told.splice(0)).toEqual(['want false', 'read 30', 'want true']);
    arrive(CHUNK_BYTES);
    expect((await Promise.all(reads)).map(({ value }) => value?.length)).toEqual([20, CHUNK_BYTES]);
    expect(told.splice(0)).toEqual(['want false', `read ${30 + CHUNK_BYTES}`]);
  });

  it('ends when all was read, also when nobody asks for more', async () => {
    const reader = intake.stream.getReader();
    arrive(10);
    arrive(0);
    expect([told, consumed]).toEqual([[], [0, 0]]);
    expect((await reader.read()).value?.length).toBe(10);
    expect([told, consumed]).toEqual([
      ['read 10', 'over'],
      [1, 1],
    ]);
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    make(undefined);
    arrive(0);
    expect([told, consumed]).toEqual([['over'], [1]]);
  });

  it('fills buffers of the reader, and gives an unused one back at the end', async () => {
    const reader = intake.stream.getReader({ mode: 'byob' });
    arrive(10);
    const first = await reader.read(new Uint8Array(6));
    expect(first.value).toEqual(new Uint8Array(6).fill(10));
    const second = await reader.read(new Uint8Array(6));
    expect(second.value).toEqual(new Uint8Array(4).fill(10));
    const third = reader.read(new Uint8Array(6));
    arrive(0);
    const end = await third;
    expect([end.done, end.value?.length]).toEqual([true, 0]);
  });

  it('keeps of small chunks what their bytes and overhead allow, and refuses the rest', () => {
    let chunks = 0;
    const fill = (): void => {
      for (;;) {
        arrive(1);
        chunks++;
      }
    };
    expect(fill).toThrow('malformed: alice sends a stream faster than it is read');
    expect(chunks * 257).toBeGreaterThan(WINDOW_BYTES);
    expect(chunks * 257).toBeLessThanOrEqual(WINDOW_BYTES + CHUNK_BYTES + 512);
    expect(consumed.slice(0, -1)).not.toContain(0);
    expect(told).toEqual(['over']);
  });

  it.each([
    ['with a gap', () => arrive(10, 5)],
    [
      'on after its end',
      () => {
        arrive(10);
        arrive(0);
        arrive(10);
      },
    ],
    [
      'of more than its 100 bytes',
      () => {
        make(100);
        arrive(99);
        arrive(2);
      },
    ],
    [
      'of 99 bytes that was to have 100',
      () => {
        make(100);
        arrive(99);
        arrive(0);
      },
    ],
  ])('refuses a stream %s, and its reader hears why', async (what, send) => {
    expect(send).toThrow(what);
    await expect(intake.stream.getReader().read()).rejects.toThrow(what);
    expect(told.at(-1)).toBe('over');
  });

  it('drops what is not read when its sender gives it up, or its reader does', async () => {
    arrive(10);
    arrive(10);
    arrive(0);
    intake.abort(new PoolError('remote', 'no more'));
    await expect(intake.stream.getReader().read()).rejects.toThrow('no more');
    expect([told, consumed]).toEqual([['over'], [1, 1, 1]]);
    make(undefined);
    arrive(10);
    await intake.stream.cancel('enough');
    arrive(10);
    expect([told, consumed]).toEqual([['cancelled enough'], [1, 1]]);
    intake.cut(new PoolError('peer-left', 'gone'));
    expect(told).toEqual(['cancelled enough', 'over']);
  });

  it('lets what is here be read when nothing more will come, then fails; with the end here it just ends', async () => {
    const reader = intake.stream.getReader();
    arrive(10);
    intake.cut(new PoolError('peer-left', 'gone'));
    intake.cut(new PoolError('closed', 'stopped'));
    expect((await reader.read()).value?.length).toBe(10);
    await expect(reader.read()).rejects.toThrow('peer-left: gone');
    make(undefined);
    const other = intake.stream.getReader();
    arrive(10);
    arrive(0);
    intake.cut(new PoolError('peer-left', 'gone'));
    expect([(await other.read()).value?.length, (await other.read()).done]).toEqual([10, true]);
  });
});
