import { type BrowserContext, expect, test } from 'playwright/test';
import { MemoryProbe, type Memory } from './memory.ts';
import { type ShapedTab, shapedTab } from './network.ts';
import { publish } from './tables.ts';

const MEBIBYTE = 2 ** 20;
const INBOX = 4 * MEBIBYTE;
const OUTBOX = 8 * MEBIBYTE;

/** As PROTOCOL.md counts a message beside its bytes. */
const OVERHEAD = 256;

/**
 * What the objects of a message take beyond what is counted for it, at most, in bytes: where it is unread, and where it waits to be sent, with the promise of its send, its queue and its id.
 * A binary of less than 64 KiB is an object of its own.
 */
const UNREAD_OBJECTS = 256;
const UNSENT_OBJECTS = 1024;

/** What a page gains and loses besides, in bytes; a process keeps free pages, and has buffers of WebRTC. */
const HEAP_NOISE = MEBIBYTE;
const PROCESS_NOISE = 24 * MEBIBYTE;

/** One end, and what it held before anything was sent. */
interface End {
  readonly tab: ShapedTab;
  readonly probe: MemoryProbe;
  readonly before: Memory;
}

interface Ends {
  readonly alice: End;
  readonly bob: End;
}

/** What an end may hold more than before, in bytes: so much as counted, and the objects of so many messages. */
interface Allowance {
  readonly counted: number;
  readonly messages: number;
}

let rooms = 0;

async function ends(context: BrowserContext): Promise<Ends> {
  const room = `bounds-${Date.now()}-${rooms++}`;
  const pool = { inboxLimit: INBOX, outboxLimit: OUTBOX };
  const [alice, bob] = await Promise.all([
    shapedTab(context, { room, name: 'alice', pool }),
    shapedTab(context, { room, name: 'bob', pool }),
  ]);
  await alice.pool.evaluate((pool) => pool.waitFor('bob'));
  await bob.pool.evaluate((pool) => pool.waitFor('alice'));
  const end = async (tab: ShapedTab): Promise<End> => {
    const probe = await MemoryProbe.of(tab.page, tab.cdp);
    return { tab, probe, before: await probe.look() };
  };
  return { alice: await end(alice), bob: await end(bob) };
}

/** Whatever the bounds let pass has passed. */
async function still({ alice, bob }: Ends): Promise<void> {
  const count = (): Promise<number> => bob.tab.pool.evaluate((pool) => pool.stats().total.bytesReceived);
  for (let before = -1, now = await count(), same = 0; same < 5; before = now, now = await count()) {
    same = now === before ? same + 1 : 0;
    await alice.tab.pool.evaluate((pool) => pool.ping('bob'));
  }
}

/** Measures both ends, holds them to what they may hold, and gives the rows of a table. */
async function measure(what: string, { alice, bob }: Ends, allowed: { unsent: Allowance; unread: Allowance }) {
  const look = async (end: End, who: string, { counted, messages }: Allowance, objects: number) => {
    const now = await end.probe.look();
    const heap = now.heap + now.buffers - end.before.heap - end.before.buffers;
    const process = now.process - end.before.process;
    const limit = counted + messages * objects;
    expect(heap, `${what}: the heap of the ${who}`).toBeLessThanOrEqual(limit + HEAP_NOISE);
    expect(process, `${what}: the process of the ${who}`).toBeLessThanOrEqual(2 * limit + PROCESS_NOISE);
    return {
      what,
      end: who,
      messages,
      'counted, MiB': mebibytes(counted),
      'may hold, MiB': mebibytes(limit),
      'heap and buffers, MiB': mebibytes(heap),
      'process, MiB': mebibytes(process),
    };
  };
  return [
    await look(alice, 'sender', allowed.unsent, UNSENT_OBJECTS),
    await look(bob, 'reader', allowed.unread, UNREAD_OBJECTS),
  ];
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(2);
}

interface Flood {
  /** Bytes of each value. */
  readonly size: number;
  readonly ids: 'one' | 'distinct';
  readonly ack: 'delivered' | 'none';
  /** Sends that are not awaited. */
  readonly count: number;
}

/** Sends without awaiting anything. How many were refused or told of because the outbox was full, what else went wrong, and how many still wait. */
async function flood({ alice }: Ends, what: Flood) {
  return alice.tab.pool.evaluate(async (pool, { size, ids, ack, count }) => {
    let full = 0;
    const strange: string[] = [];
    const failed = (error: Error & { reason?: string }): void => {
      if (error.reason === 'outbox-full') full++;
      else strange.push(error.message);
    };
    pool.on('error', ({ error }) => failed(error));
    const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
    for (let number = 0; number < count; number++) {
      const value = size === 0 ? number : new Uint8Array(size).fill(number);
      pool.send('bob', value, { msgId: ids === 'one' ? 'flood' : `flood-${number}`, ack }).catch(failed);
      if (number % 1000 === 999 || size > 10_000) await turn();
    }
    await turn();
    return { full, strange, waiting: pool.stats().peers.get('bob')?.inFlight ?? 0 };
  }, what);
}

/** What lies unread, as the limit counts it. Nothing was read yet, so it is all that came. */
async function unread({ bob }: Ends): Promise<Allowance> {
  const { unread, bytesReceived } = await bob.tab.pool.evaluate((pool) => pool.stats().total);
  return { messages: unread, counted: bytesReceived + unread * OVERHEAD };
}

/** Reads all that has come and comes, until nothing is on its way any more; both ends then hold what they held before. */
async function drain(pair: Ends): Promise<void> {
  await pair.bob.tab.pool.evaluate((pool) => {
    pool.onMessage(() => {}, { everyId: true });
  });
  await pair.alice.tab.pool.evaluate(async (pool) => {
    while ((pool.stats().peers.get('bob')?.inFlight ?? 0) > 0) await pool.ping('bob');
  });
  await still(pair);
  await measure('when all is read', pair, { unsent: NOTHING, unread: NOTHING });
}

const NOTHING: Allowance = { counted: 0, messages: 0 };

const floods: readonly (Flood & { readonly what: string; readonly largest: number })[] = [
  { what: 'messages of 256 KiB', size: 262_144, ids: 'one', ack: 'delivered', count: 60, largest: 262_160 },
  {
    what: 'a thousand of 100 KiB, ids of their own',
    size: 102_400,
    ids: 'distinct',
    ack: 'delivered',
    count: 1000,
    largest: 102_416,
  },
  { what: 'numbers', size: 0, ids: 'one', ack: 'delivered', count: 60_000, largest: 5 },
  { what: 'numbers, ids of their own', size: 0, ids: 'distinct', ack: 'delivered', count: 60_000, largest: 5 },
  { what: '100 bytes, `ack: none`', size: 100, ids: 'one', ack: 'none', count: 60_000, largest: 102 },
];

for (const { what, largest, ...sends } of floods) {
  test(`a reader that stops and a sender that does not: ${what}`, async ({ context }) => {
    const pair = await ends(context);
    const { full, strange, waiting } = await flood(pair, sends);
    expect(full).toBeGreaterThan(0);
    expect(strange).toEqual([]);
    // The outbox is full, and as far as it is counted no fuller than its limit.
    expect(waiting * (largest + OVERHEAD)).toBeGreaterThan(OUTBOX * 0.9);
    await still(pair);
    const inbox = await unread(pair);
    expect(inbox.counted).toBeGreaterThan(INBOX * 0.75);
    expect(inbox.counted).toBeLessThanOrEqual(INBOX + largest + OVERHEAD);
    publish(
      `Bounds, inboxLimit 4 MiB, outboxLimit 8 MiB: ${what}`,
      await measure(what, pair, { unsent: { counted: OUTBOX, messages: waiting }, unread: inbox }),
    );
    await drain(pair);
  });
}

test('one message larger than inboxLimit passes, and the next one waits until it is read', async ({ context }) => {
  const size = 16 * MEBIBYTE;
  const pair = await ends(context);
  // Larger than the outbox too: only an empty one takes it.
  await pair.alice.tab.pool.evaluate((pool, size) => pool.send('bob', new Uint8Array(size), 'flood'), size);
  const { full } = await flood(pair, { size, ids: 'one', ack: 'delivered', count: 3 });
  expect(full).toBe(2);
  await still(pair);
  const inbox = await unread(pair);
  expect(inbox.messages).toBe(1);
  const rows = await measure('three of 16 MiB', pair, { unsent: { counted: size, messages: 1 }, unread: inbox });
  publish('Bounds: one message larger than inboxLimit and outboxLimit', rows);
  await drain(pair);
});

test('a mailbox full of one id takes one message more for each who waits for another', async ({ context }) => {
  const awaited = { ids: ['one', 'two', 'three', 'four'], size: MEBIBYTE };
  const pair = await ends(context);
  await flood(pair, { size: 262_144, ids: 'one', ack: 'delivered', count: 20 });
  await still(pair);
  const { messages } = await unread(pair);
  const taken = pair.bob.tab.pool.evaluateHandle(
    (pool, { ids }) => Promise.all(ids.map((id) => pool.recv<Uint8Array>('alice', { msgId: id, timeout: 20_000 }))),
    awaited,
  );
  await pair.alice.tab.pool.evaluate(
    (pool, { ids, size }) => Promise.all(ids.map((id) => pool.send('bob', new Uint8Array(size), id))),
    awaited,
  );
  const values = await taken;
  expect(await values.evaluate((all) => all.map(({ length }) => length))).toEqual(awaited.ids.map(() => awaited.size));
  await still(pair);
  expect(await pair.bob.tab.pool.evaluate((pool) => pool.stats().total.unread)).toBe(messages);
  const rows = await measure('full, and four of 1 MiB waited for', pair, {
    unsent: { counted: OUTBOX, messages: 20 },
    unread: { counted: INBOX + awaited.ids.length * awaited.size, messages: messages + awaited.ids.length },
  });
  publish('Bounds: a full mailbox', rows);
  await values.dispose();
  await drain(pair);
});
