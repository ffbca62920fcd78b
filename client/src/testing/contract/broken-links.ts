import type { Pool } from '../../pool/pool.ts';
import { check, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';

const KIBIBYTE = 1024;
const BREAKS = 5;
/** Between two breaks. */
const MESSAGES = 40;

/** Sessions outlive their links. */
export const brokenLinks: readonly ContractCase[] = [
  contractCase('links that break lose, double and reorder nothing, in both directions and whatever the sizes', {
    async alice(self) {
      const pool = await self.join();
      const taken = takeAll(pool, 'bob');
      for (let round = 0; round < BREAKS; round++) {
        const sent = sendSome(pool, 'bob', round);
        await self.fence(`under way ${round}`);
        self.breakLinks();
        await sent;
      }
      await taken;
      check(pool.stats().total.inFlight === 0, 'nothing is in flight');
      check((pool.stats().peers.get('bob')?.reconnects ?? 0) >= 1, 'the reconnects are counted');
      checkSame(self.membership(pool), ['join bob'], 'a broken link is no departure');
    },
    async bob(self) {
      const pool = await self.join();
      const taken = takeAll(pool, 'alice');
      for (let round = 0; round < BREAKS; round++) {
        const sent = sendSome(pool, 'alice', round);
        await self.fence(`under way ${round}`);
        await sent;
      }
      await taken;
      checkSame(self.membership(pool), ['join alice'], 'a broken link is no departure');
    },
  }),

  contractCase('what waits goes on over the next link: a send, a recv, a consumed, a ping', {
    async alice(self) {
      const pool = await self.join();
      const consumed = watch(pool.send('bob', 'later', { msgId: 'later', ack: 'consumed' }));
      const received = watch(pool.recv('bob', 'answer'));
      await pool.send('bob', 'there');
      await self.fence('waiting');
      self.breakLinks();
      const sent = pool.send('bob', 'sent without a link');
      check(consumed.pending && received.pending, 'nothing is given up');
      await sent;
      checkSame(await pool.recv('bob', 'next'), 'over the next link');
      await pool.ping('bob');
      await self.fence('over the next link');
      check((await consumed.outcome).status === 'fulfilled', 'it was consumed');
      const answer = await received.outcome;
      check(answer.status === 'fulfilled' && answer.value === 'here', 'the answer came');
    },
    async bob(self) {
      const pool = await self.join();
      checkSame(await pool.recv('alice'), 'there');
      await self.fence('waiting');
      checkSame(await pool.recv('alice'), 'sent without a link');
      await pool.send('alice', 'over the next link', 'next');
      await self.fence('over the next link');
      checkSame(await pool.recv('alice', 'later'), 'later');
      await pool.send('alice', 'here', 'answer');
    },
  }),

  contractCase('link events tell of a break and of the next link', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('met');
      const before = self.heard(pool).length;
      self.breakLinks();
      const story = (): string[] =>
        self
          .heard(pool)
          .slice(before)
          .flatMap((event) => (event.type === 'link' ? [event.state] : []));
      await self.until(() => story().includes('connected'));
      checkSame(story(), ['connecting', 'connected'], 'the link');
      check(pool.connected('bob'), 'it is connected');
      await pool.ping('bob');
      await self.fence('connected again');
    },
    async bob(self) {
      await self.join();
      await self.fence('met');
      await self.fence('connected again');
    },
  }),

  contractCase('a full mailbox stays full over a break, and all goes on when it is read', {
    async alice(self) {
      const pool = await self.join();
      const sends = Array.from({ length: 40 }, (_, number) =>
        watch(pool.send('bob', new Uint8Array(64 * KIBIBYTE).fill(number))),
      );
      await pool.ping('bob');
      await self.fence('full');
      self.breakLinks();
      await self.until(() => !pool.connected('bob'));
      await self.until(() => pool.connected('bob'));
      await pool.ping('bob');
      check(
        sends.some(({ pending }) => pending),
        'what has no room waits',
      );
      await self.fence('read');
      for (const { outcome } of sends) check((await outcome).status === 'fulfilled', 'each was delivered');
    },
    async bob(self) {
      const pool = await self.join({ inboxLimit: 512 * KIBIBYTE });
      await self.fence('full');
      await self.fence('read');
      check(pool.stats().total.unread < 40, 'the mailbox kept its limit');
      for (let number = 0; number < 40; number++) {
        const bytes = await pool.recv<Uint8Array>('alice');
        check(bytes.length === 64 * KIBIBYTE && bytes.every((byte) => byte === number), `message ${number} is whole`);
      }
    },
  }),

  contractCase('shutdown delivers what was sent although the link breaks meanwhile', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('met');
      const sends = Array.from({ length: MESSAGES }, (_, number) => watch(pool.send('bob', number)));
      self.breakLinks();
      await pool.shutdown({ timeout: 20_000 });
      for (const { outcome } of sends) check((await outcome).status === 'fulfilled', 'each was delivered');
    },
    async bob(self) {
      const pool = await self.join();
      await self.fence('met');
      for (let number = 0; number < MESSAGES; number++) checkSame(await pool.recv('alice'), number);
      await self.until(() => self.membership(pool).includes('leave alice goodbye'));
    },
  }),

  contractCase('C8 a peer that ends amid traffic and a break: every send settles, and what was delivered was there', {
    async alice(self) {
      const pool = await self.join();
      await self.fence('met');
      const sends = Array.from({ length: MESSAGES }, (_, number) =>
        watch(pool.send('bob', { number, bytes: new Uint8Array((number % 7) * 20 * KIBIBYTE) }, `id ${number % 3}`)),
      );
      await self.fence('under way');
      await self.until(() => self.membership(pool).some((line) => line.startsWith('leave bob')));
      const delivered: number[] = [];
      for (const [number, { outcome }] of sends.entries()) {
        const { status } = await outcome;
        if (status === 'fulfilled') delivered.push(number);
      }
      const { bob } = await self.fence('counted');
      const there = new Set(bob as number[]);
      for (const number of delivered) check(there.has(number), `message ${number} was delivered, and there`);
    },
    async bob(self) {
      const pool = await self.join();
      const there: number[] = [];
      pool.onMessage<{ number: number }>(({ value }) => void there.push(value.number), { everyId: true });
      await self.fence('met');
      await self.fence('under way');
      self.breakLinks();
      await pool.shutdown({ flush: false });
      await self.fence('counted', there);
    },
  }),
];

/** Small ones and a large one, on two ids. */
async function sendSome(pool: Pool, to: string, round: number): Promise<void> {
  const sends = Array.from({ length: MESSAGES }, (_, index) => {
    const number = round * MESSAGES + index;
    const large = index % 10 === 0;
    const bytes = new Uint8Array(large ? 300 * KIBIBYTE : index).fill(number);
    return pool.send(to, { number, bytes }, large ? 'large' : 'small');
  });
  await Promise.all(sends);
}

/** @throws Error when one is missing, changed, double or out of place */
async function takeAll(pool: Pool, from: string): Promise<void> {
  const expected = { large: [] as number[], small: [] as number[] };
  for (let number = 0; number < BREAKS * MESSAGES; number++) {
    expected[(number % MESSAGES) % 10 === 0 ? 'large' : 'small'].push(number);
  }
  const take = async (id: 'large' | 'small'): Promise<void> => {
    for (const number of expected[id]) {
      const value = await pool.recv<{ number: number; bytes: Uint8Array }>(from, id);
      checkSame(value.number, number, `the ${id} message`);
      check(
        value.bytes.every((byte) => byte === (number & 0xff)),
        `message ${number} is whole`,
      );
    }
  };
  await Promise.all([take('large'), take('small')]);
  check(pool.stats().total.unread === 0, 'none is double');
}
