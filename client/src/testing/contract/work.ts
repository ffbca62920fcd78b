import { check, checkMisuse, checkRejects, checkSame } from '../check.ts';
import { type ContractCase, contractCase, type Procedure } from '../contract-case.ts';

const NUMBERS = Array.from({ length: 40 }, (_, index) => index);

async function collect<Value>(results: AsyncIterable<Value>): Promise<Value[]> {
  const collected: Value[] = [];
  for await (const result of results) collected.push(result);
  return collected;
}

/** Exposes `square`, and stays until alice is done. */
const worker: Procedure = async (self) => {
  const pool = self.pool({ clients: self.others });
  let squared = 0;
  pool.expose({
    square(value: number) {
      squared++;
      return value * value;
    },
    fail(value: number) {
      if (value === 3) throw new RangeError('not three');
      return value;
    },
  });
  await pool.initialize();
  await self.fence('done', null);
  check(self.name === 'alice' || squared > 0, `${self.name} got its share of the work`);
};

/** `map`: items spread over peers. */
export const workCases: readonly ContractCase[] = [
  contractCase('map yields the results in the order of the items, and every peer works', {
    async alice(self) {
      const pool = await self.join();
      checkSame(
        await collect(pool.map<number>('square', NUMBERS, { perPeer: 2 })),
        NUMBERS.map((value) => value * value),
      );
      checkSame(await collect(pool.map('square', [])), []);
      await self.fence('done');
    },
    bob: worker,
    carol: worker,
  }),

  contractCase('map gives the items of a lost peer to others, and fails when nobody is left', {
    async alice(self) {
      const pool = await self.join();
      const results = pool.map<number>('slow', NUMBERS, { perPeer: 3, timeout: Infinity });
      checkSame(await results.next(), { value: 0, done: false });
      await self.fence('begun');
      await self.until(() => self.membership(pool).includes('leave carol goodbye'));
      checkSame(await collect(results), NUMBERS.slice(1));
      await self.fence('bob goes too');
      await self.until(() => self.membership(pool).includes('leave bob goodbye'));
      const error = await checkRejects(collect(pool.map('slow', NUMBERS)), 'peer-left', 'map without anybody');
      checkSame([...error.missing].sort(), ['bob', 'carol']);
    },
    async bob(self) {
      const pool = await self.join();
      pool.expose({ slow: (value: number) => value });
      await self.fence('begun');
      await self.fence('bob goes too');
      await pool.shutdown();
    },
    async carol(self) {
      const pool = await self.join();
      // Whatever it is given it keeps for ever, but the first.
      pool.expose({ slow: (value: number) => (value === 0 ? 0 : new Promise(() => {})) });
      await self.fence('begun');
      await pool.shutdown();
      await self.fence('bob goes too');
    },
  }),

  contractCase('map fails where its item fails, takes only some ahead, and gives up what runs when it is left', {
    async alice(self) {
      const pool = await self.join();
      const taken: number[] = [];
      let returned = false;
      function* source(): Generator<number> {
        try {
          for (const value of NUMBERS) {
            taken.push(value);
            yield value;
          }
        } finally {
          returned = true;
        }
      }
      const got: unknown[] = [];
      const failing = async (): Promise<void> => {
        for await (const value of pool.map('fail', source())) got.push(value);
      };
      const error = await checkRejects(failing(), 'remote', 'map');
      checkSame([error.reason, error.method], ['RangeError', 'fail']);
      checkSame(got, [0, 1, 2]);
      check(returned && taken.length < NUMBERS.length, 'the source was left in time');
      for await (const value of pool.map('square', source())) if (value === 16) break;
      const controller = new AbortController();
      const given = pool.map('stuck', NUMBERS, { timeout: Infinity, signal: controller.signal });
      const next = given.next().catch((reason: unknown) => reason);
      await self.fence('stuck');
      controller.abort('enough');
      checkSame(await next, 'enough');
      await self.fence('over');
      await checkMisuse(async () => await collect(pool.map('square', 5 as never)), 'items that are none');
      await checkMisuse(async () => await collect(pool.map('square', [], { perPeer: 0 })), 'nobody at once');
    },
    async bob(self) {
      const pool = await self.join();
      let stuck = 0;
      let given = 0;
      pool.expose({
        square: (value: number) => value * value,
        fail(value: number) {
          if (value === 3) throw new RangeError('not three');
          return value;
        },
        stuck(this: { readonly signal: AbortSignal }) {
          stuck++;
          self.lookAgain();
          return new Promise((resolve) =>
            this.signal.addEventListener('abort', () => {
              given++;
              self.lookAgain();
              resolve(null);
            }),
          );
        },
      });
      await self.until(() => stuck === 1);
      await self.fence('stuck');
      await self.until(() => given === 1);
      await self.fence('over');
    },
  }),
];
