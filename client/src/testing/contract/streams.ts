import type { StreamProgress } from '../../pool/streams/progress.ts';
import { check, checkMisuse, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';
import type { Party } from '../party.ts';
import { KIBIBYTE, MEBIBYTE, Meter, bytesOf, generated, pattern, readable } from '../stream-sources.ts';

/** Bytes of any number, at the pace of their reader. */
export const streams: readonly ContractCase[] = [
  contractCase('a stream arrives with its name, type and size, whatever its source, and resolves when it is read', {
    async alice(self) {
      const pool = await self.join();
      const bytes = pattern(300_000);
      const sources = [
        new File([bytes], 'report.bin', { type: 'application/x-report' }),
        new Blob([bytes]),
        bytes,
        bytes.buffer,
        new DataView(bytes.buffer),
        new Float64Array(bytes.buffer),
        readable(bytes, 70_000),
        generated(bytes, 1000),
        new Uint8Array(0),
      ];
      for (const [index, source] of sources.entries()) await pool.sendStream('bob', source, `source ${index}`);
      await pool.sendStream('bob', generated(bytes, 9000), { name: 'made', type: 'text/x', size: bytes.length });
    },
    async bob(self) {
      const pool = await self.join();
      const bytes = pattern(300_000);
      const [type, size] = ['application/x-report', bytes.length];
      const headers: { name?: string; type?: string; size?: number }[] = [
        { name: 'report.bin', type, size },
        { size },
        { size },
        { size },
        { size },
        { size },
        {},
        {},
      ];
      for (const [index, header] of headers.entries()) {
        const stream = await pool.recvStream('alice', `source ${index}`);
        checkSame([stream.sender, stream.msgId], ['alice', `source ${index}`]);
        checkSame([stream.name, stream.type, stream.size], [header.name, header.type, header.size]);
        checkSame(await bytesOf(stream), bytes, `source ${index}`);
      }
      checkSame(await bytesOf(await pool.recvStream('alice', 'source 8')), new Uint8Array(0));
      const made = await pool.recvStream('alice');
      checkSame([made.msgId, made.name, made.type, made.size], [undefined, 'made', 'text/x', size]);
      checkSame(await bytesOf(made), bytes);
    },
  }),

  contractCase('a reader that pauses pauses the source within 2 MiB, and all goes on when it reads', {
    async alice(self) {
      const pool = await self.join();
      const source = new Meter(() => self.lookAgain());
      const sent = watch(pool.sendStream('bob', source.run(64 * KIBIBYTE, 128)));
      const { bob } = await self.fence('paused');
      await self.until(() => source.waiting);
      for (let round = 0; round < 20; round++) await pool.ping('bob');
      const ahead = source.bytes - (bob as number);
      check(ahead > 256 * KIBIBYTE && ahead <= 2 * MEBIBYTE, `the source is ${ahead} bytes ahead of the reader`);
      check(sent.pending, 'it is not read to the end');
      await self.fence('looked');
      check((await sent.outcome).status === 'fulfilled', 'it was read to the end');
      check(source.bytes === 8 * MEBIBYTE && source.ended, 'the source is at its end');
    },
    async bob(self) {
      const pool = await self.join();
      const { stream } = await pool.recvStream('alice');
      const reader = stream.getReader();
      let bytes = 0;
      for (let result = await reader.read(); !result.done; result = await reader.read()) {
        const paused = bytes >= MEBIBYTE;
        bytes += result.value.length;
        if (paused || bytes < MEBIBYTE) continue;
        await self.fence('paused', bytes);
        await self.fence('looked');
      }
      check(bytes === 8 * MEBIBYTE, `all of it came: ${bytes}`);
    },
  }),

  contractCase('until somebody takes a stream nothing of it has left, and it delays nothing else', {
    async alice(self) {
      const pool = await self.join();
      const source = new Meter(() => self.lookAgain());
      const sent = watch(pool.sendStream('bob', source.run(64 * KIBIBYTE, 64), 'later'));
      for (let round = 0; round < 20; round++) await pool.send('bob', new Uint8Array(100_000).fill(round));
      await pool.ping('bob');
      check(source.bytes === 0 && sent.pending, 'the source is not read');
      const { bytesSent, inFlight } = pool.stats().total;
      check(bytesSent < 20 * 100_100 + 64 * KIBIBYTE, `next to nothing of it has left: ${bytesSent}`);
      check(inFlight === 0, 'nothing is on its way');
      await self.fence('waiting');
      check((await sent.outcome).status === 'fulfilled', 'it was taken and read');
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: MEBIBYTE });
      for (let round = 0; round < 20; round++) checkSame(await pool.recv('alice'), new Uint8Array(100_000).fill(round));
      await self.fence('waiting');
      checkSame((await bytesOf(await pool.recvStream('alice', 'later'))).length, 4 * MEBIBYTE);
    },
  }),

  contractCase('many streams at once share fairly, and small messages pass meanwhile', {
    async alice(self) {
      const pool = await self.join();
      const most = new Map<string, StreamProgress>();
      const sends = Array.from({ length: 8 }, (_, index) =>
        pool.sendStream('bob', new Meter().run(64 * KIBIBYTE, 32), {
          msgId: `stream ${index}`,
          onProgress: (progress) => most.set(`stream ${index}`, progress),
        }),
      );
      for (let round = 0; round < 10; round++) {
        await pool.send('bob', round, 'to');
        await pool.recv('bob', 'fro');
      }
      await Promise.all(sends);
      for (const progress of most.values())
        checkSame(progress, { peer: 'bob', bytes: 2 * MEBIBYTE, size: undefined }, 'the last progress');
      check(most.size === 8, 'each told of its progress');
    },
    async bob(self) {
      const pool = await self.join();
      const read = Array.from({ length: 8 }, () => 0);
      let apart = 0;
      // None is begun before all are taken.
      const streams = await Promise.all(read.map((_, index) => pool.recvStream('alice', `stream ${index}`)));
      const reading = streams.map(async ({ stream }, index) => {
        const reader = stream.getReader();
        for (let result = await reader.read(); !result.done; result = await reader.read()) {
          read[index] = (read[index] ?? 0) + result.value.length;
          if (Math.max(...read) < 2 * MEBIBYTE) apart = Math.max(apart, Math.max(...read) - Math.min(...read));
        }
      });
      for (let round = 0; round < 10; round++) {
        await pool.recv('alice', 'to');
        await pool.send('alice', round, 'fro');
      }
      await Promise.all(reading);
      checkSame(
        read,
        Array.from({ length: 8 }, () => 2 * MEBIBYTE),
      );
      check(apart <= 1.5 * MEBIBYTE, `none is far ahead of another: ${apart} bytes`);
    },
  }),

  contractCase('progress is told on both sides, and a listener that throws harms nothing', {
    async alice(self) {
      const pool = await self.join();
      const told: StreamProgress[] = [];
      await pool.sendStream('bob', pattern(400_000), { onProgress: (progress) => told.push(progress) });
      checkProgress(told, 'bob', 400_000);
      const onProgress = (): void => {
        throw new Error('a listener failed');
      };
      await pool.sendStream('bob', pattern(400_000), { onProgress });
      check(self.complaints.splice(0).length > 0, 'what it throws is an event');
    },
    async bob(self) {
      const pool = await self.join();
      const told: StreamProgress[] = [];
      const onProgress = (progress: StreamProgress): void => void told.push(progress);
      checkSame(await bytesOf(await pool.recvStream('alice', { onProgress })), pattern(400_000));
      checkProgress(told, 'alice', 400_000);
      checkSame(await bytesOf(await pool.recvStream('alice')), pattern(400_000));
    },
  }),

  contractCase(
    'streams() yields the streams of anyone, in the order of their offers, and a list of recipients each gets all',
    {
      async alice(self) {
        const pool = await self.join();
        const seen: string[] = [];
        for await (const incoming of pool.streams({ everyId: true })) {
          seen.push(`${incoming.sender} ${incoming.msgId}`);
          checkSame(await bytesOf(incoming), pattern(1000));
          if (seen.length === 4) break;
        }
        checkSame(seen.sort(), ['bob one', 'bob two', 'carol one', 'carol two']);
        await pool.sendStream(['bob', 'carol', 'bob'], new Blob([pattern(200_000)]), 'all');
        await checkMisuse(() => pool.sendStream(['bob'], generated(pattern(10), 1)), 'a one-shot source for several');
        await checkRejects(pool.sendStream(['bob', 'dave'], new Blob([])), 'unknown-peer', 'a name nobody has');
        await self.fence('the list');
        const some = pool.sendStream(['bob', 'carol'], pattern(10), 'some');
        const error = await checkRejects(some, 'remote', 'when one cancels');
        checkSame([...error.missing], ['bob']);
      },
      bob: twoForAlice,
      carol: twoForAlice,
    },
  ),

  contractCase('a reader gets what it waits for past a mailbox that is full of something else', {
    async alice(self) {
      const pool = await self.join();
      const flood = Array.from({ length: 40 }, (_, index) =>
        watch(pool.send('bob', new Uint8Array(256 * KIBIBYTE).fill(index), 'flood')),
      );
      await flood[0]?.outcome;
      await pool.sendStream('bob', new Meter().run(100_000, 30));
      check(
        flood.some(({ pending }) => pending),
        'the flood still waits',
      );
      await self.fence('passed');
      for (const { outcome } of flood) await outcome;
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: 2 * MEBIBYTE });
      checkSame((await bytesOf(await pool.recvStream('alice'))).length, 3_000_000);
      await self.fence('passed');
      for (let index = 0; index < 40; index++) await pool.recv('alice', 'flood');
    },
  }),

  contractCase('limits smaller than a chunk slow a stream down, and harm nothing', {
    async alice(self) {
      const pool = await self.join({ outboxLimit: 50_000 });
      await pool.sendStream('bob', pattern(700_000));
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: 30_000, maxMessageSize: 10_000 });
      checkSame(await bytesOf(await pool.recvStream('alice')), pattern(700_000));
    },
  }),

  contractCase('what is changed after sendStream was called, or between two pieces, does not change what arrives', {
    async alice(self) {
      const pool = await self.join();
      const bytes = pattern(300_000);
      const sent = pool.sendStream('bob', bytes);
      bytes.fill(0);
      await self.fence('changed');
      await sent;
      const reused = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        const buffer = new Uint8Array(100_000);
        for (let round = 1; round <= 5; round++) yield buffer.fill(round);
      };
      await pool.sendStream('bob', reused(), 'reused');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('changed');
      checkSame(await bytesOf(await pool.recvStream('alice')), pattern(300_000));
      const bytes = await bytesOf(await pool.recvStream('alice', 'reused'));
      check(
        bytes.every((byte, index) => byte === Math.floor(index / 100_000) + 1),
        'each piece is as it was',
      );
    },
  }),

  contractCase('a stream to oneself', {
    async alice(self) {
      const pool = await self.join();
      const sent = pool.sendStream('alice', pattern(500_000), { name: 'mine' });
      const incoming = await pool.recvStream('alice');
      checkSame(incoming.name, 'mine');
      checkSame(await bytesOf(incoming), pattern(500_000));
      await sent;
      const cancelled = watch(pool.sendStream('alice', new Meter().run(1000, Infinity)));
      await (await pool.recvStream('alice')).stream.cancel('enough');
      const outcome = await cancelled.outcome;
      check(outcome.status === 'rejected' && String(outcome.reason).includes('enough'), 'cancelled');
    },
  }),
];

async function twoForAlice(self: Party): Promise<void> {
  const pool = await self.join();
  await pool.sendStream('alice', pattern(1000), 'one');
  await pool.sendStream('alice', generated(pattern(1000), 300), 'two');
  checkSame(await bytesOf(await pool.recvStream('alice', 'all')), pattern(200_000));
  await self.fence('the list');
  const some = await pool.recvStream('alice', 'some');
  if (self.name === 'bob') await some.stream.cancel('not me');
  else checkSame(await bytesOf(some), pattern(10));
}

function checkProgress(told: readonly StreamProgress[], peer: string, size: number): void {
  check(told.length > 1, 'progress was told');
  for (const [index, progress] of told.entries()) {
    check(progress.peer === peer && progress.size === size, 'of whom, and of how much');
    check(progress.bytes > (told[index - 1]?.bytes ?? 0), 'it grows');
  }
  check(told.at(-1)?.bytes === size, 'at last all is read');
}
