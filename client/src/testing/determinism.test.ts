import { expect, it } from 'vitest';
import { createPools } from './create-pools.ts';

/** What two readers hear of all senders, message by message, while everybody sends at once. */
async function trace(senders: number, messages: number): Promise<readonly string[]> {
  const pools = await createPools(senders + 2);
  const heard: string[] = [];
  const readers = pools.slice(senders);
  let open = readers.length * senders * messages;
  const all = new Promise<void>((resolve) => {
    for (const reader of readers) {
      reader.onMessage(
        ({ sender, value }) => {
          heard.push(`${reader.name} < ${sender} ${String(value)}`);
          if (--open === 0) resolve();
        },
        { concurrency: Infinity },
      );
    }
  });
  const recipients = readers.map(({ name }) => name);
  const sends = Array.from({ length: messages }, (_, message) =>
    pools.slice(0, senders).map((pool) => pool.broadcast(message, { recipients })),
  );
  await Promise.all([all, ...sends.flat()]);
  await pools.shutdown();
  return heard;
}

it(
  'A6 the same program has the same trace on every run: 4 senders × 25 messages, 100 runs',
  { timeout: 60_000 },
  async () => {
    const first = await trace(4, 25);
    expect(first.length).toBe(200);
    for (let run = 1; run < 100; run++) expect((await trace(4, 25)).join('\n')).toBe(first.join('\n'));
  },
);

it('A6 messages arrive in the order in which they were sent, over all senders and recipients', async () => {
  const expected: string[] = [];
  for (let message = 0; message < 25; message++) {
    for (const sender of ['local0', 'local1', 'local2', 'local3']) {
      for (const reader of ['local4', 'local5']) expected.push(`${reader} < ${sender} ${message}`);
    }
  }
  expect(await trace(4, 25)).toEqual(expected);
});
