import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';
import { PoolError } from '../../errors.ts';

const SEGMENT = 64 * 1024;

/** The seam itself: packets and queues, receipts, who joined and left. */
export const packets: readonly ContractCase[] = [
  contractCase('A6, S1 packets keep their framing and their order in each queue', {
    async alice(self) {
      const bench = await self.sit();
      await Promise.all(Array.from({ length: 100 }, (_, index) => bench.send('bob', [index], `q${index % 2}`)));
    },
    async bob(self) {
      const bench = await self.sit();
      await self.until(() => bench.messages.length === 100);
      for (const queue of ['q0', 'q1']) {
        const heads = bench.messages.filter((message) => message.queue === queue).map(({ head }) => [...head]);
        checkSame(
          heads,
          Array.from({ length: 50 }, (_, index) => [index * 2 + Number(queue === 'q1')]),
          queue,
        );
      }
    },
  }),

  contractCase('joined comes before an instance’s first message, left after its last', {
    async alice(self) {
      const bench = await self.sit();
      for (let index = 0; index < 10; index++) await bench.send('bob', [index]);
      await bench.communicator.shutdown();
    },
    async bob(self) {
      const bench = await self.sit();
      await self.until(() => bench.heard.some((line) => line.startsWith('left')));
      const kinds = bench.heard.map((line) => line.split(' ')[0]);
      checkSame(kinds, ['joined', ...Array.from({ length: 10 }, () => 'message'), 'left']);
      checkSame(bench.heard[0]?.split(' ')[2], bench.heard.at(-1)?.split(' ')[2], 'the same instance');
    },
  }),

  contractCase('A2 each communicator has peers of its own, and none hears itself', {
    async alice(self) {
      const bench = await self.sit();
      await bench.send('bob', [1]);
      await self.fence('sent');
      checkSame(bench.messages.length, 0, 'what alice hears of herself');
      check(bench.communicator.peer('bob')?.messagesSent === 1, 'one message was sent');
      check(bench.communicator.peer('nobody') === undefined, 'nobody was never met');
    },
    async bob(self) {
      const bench = await self.sit();
      await self.fence('sent');
      checkSame(
        bench.messages.map(({ from }) => from),
        ['alice'],
      );
    },
  }),

  contractCase('what the listener throws rejects the very send that carried it', {
    async alice(self) {
      const bench = await self.sit();
      const sends = [1, 2, 3].map((number) => watch(bench.send('bob', [number])));
      const [one, two, three] = await Promise.all(sends.map(({ outcome }) => outcome));
      check(one?.status === 'fulfilled' && three?.status === 'fulfilled', 'its neighbours arrive');
      check(two?.status === 'rejected' && two.reason instanceof PoolError, 'the second is refused');
      checkSame([two.reason.code, two.reason.peer], ['unpackable', 'bob']);
      check(two.reason.message.includes('not this one'), `with the words of the listener: ${two.reason.message}`);
    },
    async bob(self) {
      const bench = self.bench({ discover: false });
      bench.communicator.addConnection('alice');
      bench.refuse = ({ head }) => {
        if (head[0] === 2) throw new PoolError('unpackable', 'not this one');
      };
      await bench.start();
      await self.until(() => bench.messages.length === 2);
    },
  }),

  contractCase('segments arrive whole, each in a buffer of its own, and are the listener’s to keep', {
    async alice(self) {
      const bench = await self.sit();
      const segments = [SEGMENT, SEGMENT + 1, 1_000_000].map((size, index) => new Uint8Array(size).fill(index + 1));
      const sent = bench.communicator.send(
        'bob',
        { head: Uint8Array.of(9), segments },
        { queue: 'x', ack: 'delivered' },
      );
      await sent;
      for (const segment of segments) check(segment.length > 0, 'the sender keeps its own');
    },
    async bob(self) {
      const bench = await self.sit();
      await self.until(() => bench.messages.length === 1);
      const [message] = bench.messages;
      checkSame(
        message?.segments.map((segment) => segment.length),
        [SEGMENT, SEGMENT + 1, 1_000_000],
      );
      for (const [index, segment] of message?.segments.entries() ?? []) {
        check(
          segment.every((byte) => byte === index + 1),
          'its bytes are right',
        );
        check(segment.buffer.byteLength === segment.length, 'its buffer is its own');
      }
    },
  }),

  contractCase('a receipt has an identity of its own, counts, and is safe to consume twice', {
    async alice(self) {
      const bench = await self.sit();
      await Promise.all([1, 2, 3].map((number) => bench.send('bob', [number], '', 'consumed')));
    },
    async bob(self) {
      const bench = self.bench({ discover: false });
      bench.communicator.addConnection('alice');
      bench.answer = ({ receipt }) => {
        receipt.consumed();
        receipt.consumed();
      };
      await bench.start();
      await self.until(() => bench.messages.length === 3);
      const receipts = bench.messages.map(({ receipt }) => receipt);
      check(new Set(receipts.map(({ identity }) => identity)).size === 3, 'three identities');
      const [first = 0] = receipts.map(({ serial }) => serial);
      checkSame(
        receipts.map(({ serial }) => serial),
        [first, first + 1, first + 2],
        'the serials',
      );
    },
  }),

  contractCase('a listener may call back in', {
    async alice(self) {
      const bench = await self.sit();
      bench.answer = ({ head }) => {
        const [number = 0] = head;
        if (number < 20) bench.send('bob', [number + 1]).catch((error: Error) => self.complaints.push(error));
      };
      await bench.send('bob', [0]);
      await self.until(() => bench.messages.some(({ head }) => (head[0] ?? 0) >= 19));
    },
    async bob(self) {
      const bench = self.bench({ discover: false });
      bench.communicator.addConnection('alice');
      bench.answer = ({ head }) => {
        const [number = 0] = head;
        if (number < 20) bench.send('alice', [number + 1]).catch((error: Error) => self.complaints.push(error));
      };
      await bench.start();
      await self.until(() => bench.messages.some(({ head }) => (head[0] ?? 0) >= 19));
    },
  }),

  contractCase('a ping answers with milliseconds, and rejects where there is nobody', {
    async alice(self) {
      const bench = await self.sit();
      check((await bench.communicator.ping('bob')) >= 0, 'a round trip');
      await checkRejects(bench.communicator.ping('nobody'), 'unknown-peer', 'a ping to nobody');
      await self.fence('pinged');
      await self.until(() => bench.heard.some((line) => line.startsWith('left bob')));
      await checkRejects(bench.communicator.ping('bob'), 'peer-left', 'a ping to who left');
    },
    async bob(self) {
      const bench = await self.sit();
      await self.fence('pinged');
      await bench.communicator.shutdown();
    },
  }),

  contractCase('M10 a communicator that was shut down while it starts leaves nothing', {
    async alice(self) {
      const first = self.bench();
      const starting = watch(first.start());
      await first.communicator.shutdown();
      check(first.communicator.state === 'stopped', 'it is stopped');
      const ended = await starting.outcome;
      check(ended.status === 'rejected' && String(ended.reason).includes('closed'), 'initialize is told');
      const second = self.bench();
      await second.start();
      check(second.communicator.state === 'started', 'the name is free');
    },
  }),
];
