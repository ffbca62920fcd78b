import { type BrowserContext, expect, type Page, test } from 'playwright/test';
import { type Memory, MemoryProbe } from './memory.ts';
import { freshRoom, startPool } from './pools.ts';
import { publish } from './tables.ts';

const MEBIBYTE = 2 ** 20;
/** What passes. 4 GiB take six to ten minutes on a machine with two cores: `PEERPOOL_STREAM_MIB=4096`. */
const SIZE = Number(process.env['PEERPOOL_STREAM_MIB'] ?? 256) * MEBIBYTE;
/** What an end may hold above what it held when it was idle. */
const ALLOWED = 32 * MEBIBYTE;
/** How often one looks. */
const LOOKS = 16;

interface Streaming {
  readonly bytes: number;
  readonly checksum: number;
  reached(bytes: number): Promise<void>;
}

declare global {
  var streaming: Streaming;
}

/** Runs in the page: sends so many bytes that are made as they are asked for, and differ all along. */
function generate(size: number): void {
  const made = { bytes: 0, checksum: 0, reached: () => Promise.resolve() };
  const source = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let word = 1;
    while (made.bytes < size) {
      const words = new Uint32Array(48 * 1024);
      for (let index = 0; index < words.length; index++) {
        word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
        words[index] = word;
        made.checksum = (Math.imul(made.checksum, 31) + word) >>> 0;
      }
      const bytes = new Uint8Array(words.buffer, 0, Math.min(words.byteLength, size - made.bytes));
      if (bytes.length < words.byteLength) throw new RangeError('the size is so many pieces');
      made.bytes += bytes.length;
      yield bytes;
    }
  };
  globalThis.streaming = made;
  pool.sendStream('bob', source(), { size }).then(
    () => (made.reached = () => Promise.resolve()),
    (error: unknown) => reportError(error),
  );
}

/** Runs in the page: reads all of it, and keeps nothing. */
function consume(): void {
  const waiting = new Map<() => void, number>();
  const read = {
    bytes: 0,
    checksum: 0,
    reached: (bytes: number): Promise<void> =>
      new Promise((resolve) => {
        if (read.bytes >= bytes) resolve();
        else waiting.set(resolve, bytes);
      }),
  };
  globalThis.streaming = read;
  const run = async (): Promise<void> => {
    const { stream } = await pool.recvStream('alice', { timeout: Infinity });
    const reader = stream.getReader();
    for (let result = await reader.read(); !result.done; result = await reader.read()) {
      const words = new Uint32Array(result.value.buffer, result.value.byteOffset, result.value.byteLength / 4);
      for (const word of words) read.checksum = (Math.imul(read.checksum, 31) + word) >>> 0;
      read.bytes += result.value.byteLength;
      for (const [resolve, bytes] of waiting) {
        if (read.bytes < bytes) continue;
        waiting.delete(resolve);
        resolve();
      }
    }
  };
  run().catch((error: unknown) => reportError(error));
}

interface End {
  readonly page: Page;
  readonly probe: MemoryProbe;
  readonly idle: Memory;
  readonly most: { heap: number; collected: number; process: number };
}

async function ends(context: BrowserContext): Promise<readonly [End, End]> {
  const room = freshRoom();
  const pages: Page[] = [];
  for (const name of ['alice', 'bob']) {
    const page = await context.newPage();
    await page.goto('/');
    await startPool(page, { room, name });
    pages.push(page);
  }
  const [alice, bob] = pages as [Page, Page];
  await alice.evaluate(() => pool.waitFor('bob'));
  const end = async (page: Page): Promise<End> => {
    const probe = await MemoryProbe.of(page, await context.newCDPSession(page));
    return { page, probe, idle: await probe.look(), most: { heap: 0, collected: 0, process: 0 } };
  };
  return [await end(alice), await end(bob)];
}

/** As it is, and when what nobody refers to is collected. */
async function look({ probe, idle, most }: End): Promise<void> {
  most.process = Math.max(most.process, probe.process() - idle.process);
  const { heap, buffers, process } = await probe.look();
  most.heap = Math.max(most.heap, heap + buffers - idle.heap - idle.buffers);
  most.collected = Math.max(most.collected, process - idle.process);
}

const mebibytes = (bytes: number): string => (bytes / MEBIBYTE).toFixed(1);

test(
  `a stream of ${SIZE / MEBIBYTE} MiB passes in constant memory, whole (4 GiB with PEERPOOL_STREAM_MIB=4096)`,
  { tag: '@long' },
  async ({ context }) => {
    // At 2 MB/s at least.
    test.setTimeout(60_000 + SIZE / 2000);
    // 192 KiB, the pieces of the source.
    const size = Math.floor(SIZE / 196_608) * 196_608;
    const [alice, bob] = await ends(context);
    const begin = performance.now();
    await bob.page.evaluate(consume);
    await alice.page.evaluate(generate, size);
    for (let part = 1; part <= LOOKS; part++) {
      await bob.page.evaluate((bytes) => globalThis.streaming.reached(bytes), (size / LOOKS) * part);
      for (const end of [alice, bob]) await look(end);
    }
    const seconds = (performance.now() - begin) / 1000;
    const state = ({ page }: End): Promise<{ bytes: number; checksum: number }> =>
      page.evaluate(() => ({ bytes: globalThis.streaming.bytes, checksum: globalThis.streaming.checksum }));
    const [sent, read] = [await state(alice), await state(bob)];
    publish(
      `A stream of ${SIZE / MEBIBYTE} MiB: ${seconds.toFixed(0)} s, ${(size / 1e6 / seconds).toFixed(1)} MB/s`,
      [alice, bob].map(({ most }, index) => ({
        end: index === 0 ? 'sender' : 'reader',
        'heap and buffers above idle, MiB': mebibytes(most.heap),
        'process above idle, MiB': mebibytes(most.collected),
        'the same before collection, MiB': mebibytes(most.process),
      })),
    );
    expect(read).toEqual(sent);
    expect(read.bytes).toBe(size);
    for (const { most } of [alice, bob]) {
      expect(most.heap).toBeLessThanOrEqual(ALLOWED);
      expect(most.process).toBeLessThanOrEqual(ALLOWED);
    }
  },
);
