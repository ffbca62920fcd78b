import { type BrowserContext, expect, type Page, test } from 'playwright/test';
import type * as Peerpool from '../client/src/index.ts';
import type * as SecureSum from '../client/demo/examples/secure-sum/secure-sum.ts';
import { alike, bitsUniform, bytesUniform } from './chi-squared.ts';
import { freshRoom } from './pools.ts';
import { MODULE } from './sources.ts';

const PARTIES = ['alice', 'bob', 'carol'] as const;
const ROUNDS = 256;
/** Everyone's numbers, twice: only the last one's changed, and another's with it, so that the sum, which all may know, stays the same. */
const INPUTS = {
  zero: [5n, 7n + 2n ** 100n, 0n],
  large: [5n, 7n, 2n ** 100n],
} as const;
const SUM = 12n + 2n ** 100n;

type Input = keyof typeof INPUTS;

/** How carol, the last, does her part: as she should, with shares of `Math.random`, or with nothing kept at home, so that the shares she sends add up to her secret. */
type Way = 'honest' | 'float' | 'unmasked';

interface Task {
  readonly name: (typeof PARTIES)[number];
  /** How many others are there already. */
  readonly before: number;
  readonly room: string;
  readonly module: string;
  readonly program: string;
}

declare global {
  /** Of this tab's data channels: every byte that arrived, one character each. */
  var wires: string[];
  var seat: {
    readonly pool: Peerpool.Pool;
    readonly secureSum: typeof SecureSum.secureSum;
  };
}

/** Before anything else runs in the page: whoever listens to a data channel, this listens first. */
function tap(): void {
  const wires: string[] = [];
  const tapped = new WeakMap<RTCDataChannel, number>();
  const original = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, 'onmessage');
  Object.defineProperty(RTCDataChannel.prototype, 'onmessage', {
    ...original,
    set(this: RTCDataChannel, listener: unknown) {
      if (!tapped.has(this)) {
        const wire = wires.push('') - 1;
        tapped.set(this, wire);
        this.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
          wires[wire] += Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join('');
        });
      }
      original?.set?.call(this, listener);
    },
  });
  globalThis.wires = wires;
}

/** A tab in the room, whose wire is read. Packed as JSON, what comes over it can be. */
async function party(context: BrowserContext, name: Task['name'], room: string): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript(tap);
  await page.goto(MODULE);
  const program = '/examples/secure-sum/secure-sum.ts';
  await page.evaluate(
    async ({ name, before, room, module, program }: Task) => {
      const { JsonPacker, Pool, WebRTCCommunicator } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
      const { secureSum } = (await import(/* @vite-ignore */ program)) as typeof SecureSum;
      const pool = new Pool(name, new WebRTCCommunicator({ room }), { packer: new JsonPacker(), timeout: 30_000 });
      globalThis.seat = { pool, secureSum };
      await pool.initialize();
      await pool.waitFor(before);
    },
    { name, before: PARTIES.indexOf(name), room, module: MODULE, program },
  );
  return page;
}

/** One round after the other would wait for the network; the ids keep them apart. Resolves when this tab has the sum of all. */
async function play(page: Page, task: { secret: bigint; ids: string[]; way: Way }): Promise<void> {
  const sums = await page.evaluate(
    async ({ secret, ids, way, parties }) => {
      const { pool, secureSum } = seat;
      const drawn = crypto.getRandomValues.bind(crypto);
      const total = (values: Iterable<bigint>): bigint => [...values].reduce((sum, value) => sum + value, 0n);
      /** As many have written it: 52 random bits, and 76 zeros. */
      const float = (array: BigUint64Array): BigUint64Array => {
        const share = BigInt(Math.random() * 2 ** 128);
        array.set([share >> 64n, BigInt.asUintN(64, share)]);
        return array;
      };
      const unmasked = async (id: string): Promise<bigint> => {
        const [high = 0n, low = 0n] = drawn(new BigUint64Array(2));
        const share = (high << 64n) | low;
        await pool.send('alice', share, `share ${id}`);
        await pool.send('bob', BigInt.asUintN(128, secret - share), `share ${id}`);
        const partial = BigInt.asUintN(128, total((await pool.recvAll<bigint>(`share ${id}`)).values()));
        await pool.broadcast(partial, `partial ${id}`);
        return BigInt.asUintN(128, partial + total((await pool.recvAll<bigint>(`partial ${id}`)).values()));
      };
      if (way === 'float') Object.assign(crypto, { getRandomValues: float });
      const run = (id: string): Promise<bigint> =>
        way === 'unmasked' ? unmasked(id) : secureSum(pool, secret, { id, parties });
      const sums = await Promise.all(ids.map(run));
      Object.assign(crypto, { getRandomValues: drawn });
      return sums;
    },
    { ...task, parties: PARTIES },
  );
  expect(new Set(sums)).toEqual(new Set([SUM]));
}

/** What arrived in one tab: under `carol share zero-17` the share that carol sent in this round. */
async function arrivals(page: Page): Promise<Map<string, bigint>> {
  const arrived = new Map<string, bigint>();
  for (const wire of await page.evaluate(() => wires)) {
    // The greeting, which is the first thing on each wire, says whose it is.
    const [, sender = ''] = /"name":"(\w+)"/.exec(wire) ?? [];
    for (const [, what = '', value = ''] of wire.matchAll(/((?:share|partial) [\w-]+)[^\w"]"\$bigint:(\w+)"/g)) {
      arrived.set(`${sender} ${what}`, BigInt(value));
    }
  }
  return arrived;
}

/** Of each round all that arrived in the tabs of alice and bob, in columns: each column is a sample. */
async function views(alice: Page, bob: Page, ids: readonly string[]): Promise<Map<string, bigint[]>> {
  const [atAlice, atBob] = await Promise.all([arrivals(alice), arrivals(bob)]);
  const columns = new Map<string, bigint[]>();
  const put = (name: string, value: bigint): void => {
    const column = columns.get(name) ?? [];
    column.push(BigInt.asUintN(128, value));
    columns.set(name, column);
  };
  const at = (arrived: Map<string, bigint>, what: string): bigint => {
    const value = arrived.get(what);
    if (value === undefined) throw new Error(`${what} did not arrive`);
    return value;
  };
  for (const id of ids) {
    const fromCarol = [
      at(atAlice, `carol share ${id}`),
      at(atBob, `carol share ${id}`),
      at(atAlice, `carol partial ${id}`),
    ] as const;
    expect(at(atBob, `carol partial ${id}`)).toBe(fromCarol[2]);
    // Jointly: if the three are uniform together, so is each of their combinations.
    for (const [name, factors] of COMBINATIONS)
      put(
        name,
        factors.reduce<bigint>((sum, factor, index) => sum + factor * (fromCarol[index] ?? 0n), 0n),
      );
    const [alices, bobs] = [at(atBob, `alice partial ${id}`), at(atAlice, `bob partial ${id}`)];
    expect(BigInt.asUintN(128, alices + bobs + fromCarol[2])).toBe(SUM);
    put('the partial sum of alice', alices);
    put('the partial sum of bob', bobs);
    put('the share from alice to bob', at(atBob, `alice share ${id}`));
    put('the share from bob to alice', at(atAlice, `bob share ${id}`));
  }
  return columns;
}

/** Factors of carol's share to alice, of her share to bob and of her partial sum: all of −1, 0 and 1, but for those that are others times −1. */
const COMBINATIONS = [-1n, 0n, 1n]
  .flatMap((a) => [-1n, 0n, 1n].flatMap((b) => [-1n, 0n, 1n].map((c) => [a, b, c] as const)))
  .filter((factors) => factors.find((factor) => factor !== 0n) === 1n)
  .map((factors) => [`carol’s shares and partial sum times ${factors.join(', ')}`, factors] as const);

/** Everything about the views that chance does not explain: `bytes`, `bits` of one of the two runs, or `alike` for a difference between them. */
function suspicions(zero: Map<string, bigint[]>, large: Map<string, bigint[]>): Set<string> {
  const found = new Set<string>();
  for (const [name, one] of zero) {
    const other = large.get(name) ?? [];
    expect(one).toHaveLength(ROUNDS);
    const verdicts = {
      bytes: [bytesUniform(one), bytesUniform(other)],
      bits: [bitsUniform(one), bitsUniform(other)],
      alike: [alike(one, other)],
    };
    for (const [question, answers] of Object.entries(verdicts)) {
      if (answers.some(({ statistic, limit }) => statistic > limit)) found.add(`${question}: ${name}`);
    }
  }
  return found;
}

test('secure sum: what arrives in the other tabs is uniform, and says nothing of the last one’s number', async ({
  context,
}) => {
  // Six times 256 rounds, which a busy machine takes its time for.
  test.setTimeout(180_000);
  const room = freshRoom();
  const pages: Page[] = [];
  for (const name of PARTIES) pages.push(await party(context, name, room));
  const [alice, bob] = pages as [Page, Page, Page];
  const seen = async (way: Way): Promise<Set<string>> => {
    const columns: Map<string, bigint[]>[] = [];
    for (const input of Object.keys(INPUTS) as Input[]) {
      const ids = Array.from({ length: ROUNDS }, (_, round) => `${way}-${input}-${round}`);
      const ways = ['honest', 'honest', way] as const;
      await Promise.all(
        pages.map((page, index) =>
          play(page, { secret: INPUTS[input][index] ?? 0n, ids, way: ways[index] ?? 'honest' }),
        ),
      );
      columns.push(await views(alice, bob, ids));
    }
    const [zero, large] = columns as [Map<string, bigint[]>, Map<string, bigint[]>];
    return suspicions(zero, large);
  };

  expect(await seen('honest')).toEqual(new Set());

  // The same questions find what is wrong with two programs that give the right sums too.
  const float = await seen('float');
  expect(float).toContain('bytes: carol’s shares and partial sum times 1, 0, 0');
  expect(float).toContain('bits: carol’s shares and partial sum times 0, 1, 0');
  // Each of her shares is uniform. Together they are her number.
  const unmasked = await seen('unmasked');
  expect(unmasked).not.toContain('bytes: carol’s shares and partial sum times 1, 0, 0');
  expect(unmasked).toContain('bytes: carol’s shares and partial sum times 1, 1, 0');
  expect(unmasked).toContain('alike: carol’s shares and partial sum times 1, 1, 0');
});
