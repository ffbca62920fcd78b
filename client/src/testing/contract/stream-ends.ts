import { check, checkMisuse, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';
import { KIBIBYTE, Meter, bytesOf, generated, pattern, readAll } from '../stream-sources.ts';

/** How streams end before their end, and how they go on when their links do. */
export const streamEnds: readonly ContractCase[] = [
  contractCase('an aborted stream ends at both sides, with the reason', {
    async alice(self) {
      const pool = await self.join();
      const controller = new AbortController();
      const source = new Meter(() => self.lookAgain());
      const { signal } = controller;
      const sent = watch(pool.sendStream('bob', source.run(64 * KIBIBYTE, Infinity), { msgId: 'one', signal }));
      const untaken = watch(pool.sendStream('bob', new Uint8Array(10), { msgId: 'untaken', signal }));
      await self.fence('flowing');
      const reason = new Error('out of paper');
      controller.abort(reason);
      for (const { outcome } of [sent, untaken]) {
        const result = await outcome;
        check(result.status === 'rejected' && result.reason === reason, 'the reason passes through untouched');
      }
      await self.until(() => source.ended);
      await self.fence('aborted');
    },
    async bob(self) {
      const pool = await self.join();
      const { stream } = await pool.recvStream('alice', 'one');
      const reader = stream.getReader();
      await reader.read();
      await self.fence('flowing');
      const error = await checkRejects(readAll(reader), 'remote', 'reading what was aborted');
      check(error.message.includes('out of paper') && error.peer === 'alice' && error.msgId === 'one', error.message);
      await self.fence('aborted');
      await pool.ping('alice');
      await checkRejects(pool.recvStream('alice', { msgId: 'untaken', timeout: 0 }), 'timeout', 'what was taken back');
      check(pool.stats().total.inFlight === 0, 'nothing is left of it');
    },
  }),

  contractCase('a reader that cancels ends the source, with the reason', {
    async alice(self) {
      const pool = await self.join();
      const source = new Meter(() => self.lookAgain());
      const sent = pool.sendStream('bob', source.run(64 * KIBIBYTE, Infinity), 'one');
      const error = await checkRejects(sent, 'remote', 'what was cancelled');
      check(error.message.includes('disk full') && error.peer === 'bob' && error.msgId === 'one', error.message);
      await self.until(() => source.ended);
      const reasons: unknown[] = [];
      const stream = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1000)),
        cancel: (reason) => {
          reasons.push(reason);
        },
      });
      const other = await checkRejects(pool.sendStream('bob', stream, 'two'), 'remote', 'what was left');
      checkSame(reasons.length, 1);
      check(String(reasons[0]).includes(other.detail), `the source hears why: ${String(reasons[0])}`);
      await self.fence('cancelled');
    },
    async bob(self) {
      const pool = await self.join();
      const { stream } = await pool.recvStream('alice', 'one');
      const reader = stream.getReader();
      await reader.read();
      await reader.cancel(new Error('disk full'));
      for await (const bytes of (await pool.recvStream('alice', 'two')).stream) {
        check(bytes.length === 1000, 'small pieces come as they are');
        break;
      }
      await self.fence('cancelled');
      checkSame(pool.stats().total.unread, 0);
    },
  }),

  contractCase('a source that throws rejects the send, and the reader hears why', {
    async alice(self) {
      const pool = await self.join();
      const broken = new Error('the disk is gone');
      const source = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        yield new Uint8Array(10);
        await self.fence('one read');
        throw broken;
      };
      const outcome = await watch(pool.sendStream('bob', source())).outcome;
      check(outcome.status === 'rejected' && outcome.reason === broken, 'the error of the source');
    },
    async bob(self) {
      const pool = await self.join();
      const { stream } = await pool.recvStream('alice');
      const reader = stream.getReader();
      checkSame((await reader.read()).value, new Uint8Array(10));
      await self.fence('one read');
      const error = await checkRejects(reader.read(), 'remote', 'reading on');
      check(error.message.includes('the disk is gone'), error.message);
    },
  }),

  contractCase('a source that gives more or less than its size fails at both sides', {
    async alice(self) {
      const pool = await self.join();
      for (const size of [99_999, 100_001]) {
        const sent = pool.sendStream('bob', generated(pattern(100_000), 10_000), { size });
        await checkMisuse(() => sent, `a size of ${size}`);
      }
      await checkMisuse(
        () => pool.sendStream('bob', new Uint8Array(3), { size: 4 }),
        'a size that is known to be wrong',
      );
    },
    async bob(self) {
      const pool = await self.join();
      for (let round = 0; round < 2; round++) {
        const { stream } = await pool.recvStream('alice');
        await checkRejects(readAll(stream.getReader()), 'remote', 'reading it');
      }
    },
  }),

  contractCase('who reads to the end and leaves has read to the end; who leaves before, or is lost, ends the stream', {
    async alice(self) {
      const pool = await self.join();
      await pool.sendStream('bob', pattern(300_000), 'whole');
      await self.until(() => self.membership(pool).includes('leave bob goodbye'));
      const { stream } = await pool.recvStream('carol', 'unfinished');
      const cut = pool.sendStream('carol', new Meter().run(1000, Infinity), 'unread');
      const never = pool.sendStream('carol', new Uint8Array(1), 'never taken');
      await self.fence('flowing');
      for (const sent of [cut, never]) {
        const error = await checkRejects(sent, 'peer-left', 'to one who left');
        check(error.peer === 'carol' && error.msgId !== undefined, 'it says whom and what it is about');
      }
      const reader = stream.getReader();
      checkSame((await reader.read()).value, Uint8Array.of(1, 2, 3), 'what had come is read');
      await checkRejects(reader.read(), 'peer-left', 'reading on');
      await checkRejects(pool.recvStream('carol'), 'peer-left', 'another stream of hers');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await bytesOf(await pool.recvStream('alice', 'whole')), pattern(300_000));
      await pool.shutdown();
      await self.fence('flowing');
    },
    async carol(self) {
      const pool = await self.join();
      const source = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        yield Uint8Array.of(1, 2, 3);
        await new Promise(() => {});
      };
      const sent = watch(pool.sendStream('alice', source(), 'unfinished'));
      const { stream } = await pool.recvStream('alice', 'unread');
      const reader = stream.getReader();
      await reader.read();
      await pool.ping('alice');
      await self.fence('flowing');
      await pool.shutdown();
      const outcome = await sent.outcome;
      check(outcome.status === 'rejected' && String(outcome.reason).includes('closed'), 'a stream ends with its pool');
      await checkRejects(readAll(reader), 'closed', 'reading after the end');
    },
  }),
];

/** Streams outlive their links. */
export const brokenStreams: readonly ContractCase[] = [
  contractCase('a stream goes on over the next link where it was, in both directions', {
    async alice(self) {
      const pool = await self.join();
      const sent = pool.sendStream('bob', generated(pattern(4_000_000), 30_000));
      const { stream } = await pool.recvStream('bob');
      const reader = stream.getReader();
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for (let breaks = 1, bytes = 0; ;) {
        const { value, done } = await reader.read();
        if (done) break;
        parts.push(value);
        bytes += value.length;
        if (bytes > breaks * 1_000_000) {
          self.breakLinks();
          breaks++;
        }
      }
      await sent;
      checkSame(await new Blob(parts).arrayBuffer(), pattern(4_000_000).buffer, 'the stream');
      check((pool.stats().peers.get('bob')?.reconnects ?? 0) >= 1, 'links were broken');
      checkSame(self.membership(pool), ['join bob'], 'a broken link is no departure');
    },
    async bob(self) {
      const pool = await self.join();
      const sent = pool.sendStream('alice', pattern(4_000_000));
      checkSame(await bytesOf(await pool.recvStream('alice')), pattern(4_000_000));
      await sent;
    },
  }),
];
