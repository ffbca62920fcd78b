import type { Ack } from './page/endpoint.ts';
import type { Expectation, Timeline } from './page/actor.ts';
import type { ContenderName } from './page/main.ts';
import type { Metric, Results } from './results.ts';
import type { Acquaintance, Stage, Tab } from './stage.ts';
import { quantile } from './statistics.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How far a sender is ahead of what the receiver has told it: in messages, and in bytes. */
const MESSAGES_AHEAD = 8192;
const BYTES_AHEAD = 32 * MIB;

const WARM_UP_MS = 1000;
const WARM_MS = 1000;
const AWAITED_MS = 400;
const PINGS = 600;
const WARM_UP_PINGS = 100;
const PING_EVERY_MS = 20;

const BULK = [
  { name: '64 KiB values', size: 64 * KIB, count: 256 },
  { name: '1 MiB values', size: MIB, count: 16 },
  { name: '16 MiB values', size: 16 * MIB, count: 1 },
] as const;

const UNDER_BULK = { size: 16 * MIB, count: 3 };

const NUMBERS = MIB;

/** Everything that two tabs do, over one connection from its first message on. */
export async function measurePair(
  stage: Stage,
  contender: ContenderName,
  round: number,
  results: Results,
  scale: number,
  acquaintance: Acquaintance,
): Promise<void> {
  await stage.with(
    2,
    async (tabs) => {
      const [sender, receiver] = tabs as [Tab, Tab];
      const pair = new Pair(sender, receiver, scale);
      let where = '';
      const note = (metric: Omit<Metric, 'where'>, value: number): void =>
        results.add({ ...metric, where }, contender, round, value);
      const attempt = async (step: string, run: () => Promise<void>): Promise<boolean> => {
        where = step;
        try {
          await run();
          return true;
        } catch (error) {
          results.fail({ contender, where, round, reason: reasonOf(error) });
          return false;
        }
      };

      const steps: [string, () => Promise<void>][] = [
        [
          'connect',
          async () => {
            const [opened, other] = await stage.connect(contender, tabs);
            const began = Math.min(opened?.began ?? Number.NaN, other?.began ?? Number.NaN);
            note(
              { name: 'connect, first answer', unit: 'ms', better: 'down' },
              (opened?.answered ?? Number.NaN) - began,
            );
          },
        ],
        [
          '100 B messages',
          async () => {
            const { first, warm, senderTask, receiverTask, longTasks } = await pair.flood(100);
            note({ name: '100 B, first second', unit: 'messages/s', better: 'up' }, first);
            note({ name: '100 B, warm', unit: 'messages/s', better: 'up' }, warm);
            note({ name: '100 B, main thread of the sender', unit: 'µs each', better: 'down' }, senderTask);
            note({ name: '100 B, main thread of the receiver', unit: 'µs each', better: 'down' }, receiverTask);
            note({ name: '100 B, tasks over 50 ms', unit: '/s', better: 'down' }, longTasks);
          },
        ],
        [
          '1 KiB messages',
          async () => {
            const { first, warm } = await pair.flood(KIB);
            note({ name: '1 KiB, first second', unit: 'messages/s', better: 'up' }, first);
            note({ name: '1 KiB, warm', unit: 'messages/s', better: 'up' }, warm);
          },
        ],
        [
          'round trips',
          async () => {
            const times = await pair.pings(Math.ceil(PINGS * scale));
            const warm = times.slice(Math.floor(WARM_UP_PINGS * scale));
            note({ name: 'round trip 64 B, p50', unit: 'ms', better: 'down' }, quantile(warm, 0.5));
            note({ name: 'round trip 64 B, p99', unit: 'ms', better: 'down' }, quantile(warm, 0.99));
            const mean = warm.reduce((sum, time) => sum + time, 0) / warm.length;
            note({ name: 'round trips one after the other', unit: '/s', better: 'up' }, 1000 / mean);
          },
        ],
        [
          'awaited',
          async () => {
            for (const size of [100, KIB]) {
              for (const ack of ['none', 'accepted', 'delivered', 'consumed'] as const) {
                const rate = await pair.acknowledged(size, ack);
                if (rate !== undefined)
                  note({ name: `${nameOf(size)}, awaited ${ack}`, unit: 'messages/s', better: 'up' }, rate);
              }
            }
          },
        ],
        ...BULK.map(({ name, size, count }): [string, () => Promise<void>] => [
          name,
          async () => {
            note({ name, unit: 'MB/s', better: 'up' }, await pair.transfer(size, Math.ceil(count * scale)));
          },
        ]),
        [
          'under bulk',
          async () => {
            const { speed, times } = await pair.underBulk();
            note({ name: 'round trip under bulk, p50', unit: 'ms', better: 'down' }, quantile(times, 0.5));
            note({ name: 'round trip under bulk, p99', unit: 'ms', better: 'down' }, quantile(times, 0.99));
            note({ name: 'round trip under bulk, pings', unit: '', better: 'up' }, times.length);
            note({ name: 'bulk under pings', unit: 'MB/s', better: 'up' }, speed);
          },
        ],
        [
          'records',
          async () => {
            note({ name: 'objects of 20 fields', unit: 'messages/s', better: 'up' }, await pair.records());
          },
        ],
        [
          'numbers',
          async () => {
            note({ name: 'Float64Array of 1 Mi', unit: 'MB/s', better: 'up' }, await pair.numbers());
          },
        ],
      ];
      for (const [step, run] of steps) if (!(await attempt(step, run))) return;
    },
    acquaintance,
  );
}

/** A sender and a receiver that are connected. */
class Pair {
  readonly #sender: Tab;
  readonly #receiver: Tab;
  readonly #scale: number;

  /** `scale`: of all times and counts, for a first look. */
  constructor(sender: Tab, receiver: Tab, scale: number) {
    this.#scale = scale;
    this.#sender = sender;
    this.#receiver = receiver;
  }

  async flood(size: number) {
    await this.#expect({ what: 'bytes', size }, MESSAGES_AHEAD);
    const before = await this.#busy();
    await this.#longTasks();
    const warmUp = WARM_UP_MS * this.#scale;
    const ms = warmUp + WARM_MS * this.#scale;
    const began = await this.#sender.run(
      (bench, { to, bytes, window, limit }) => bench.actor.stream(to, bytes, window, limit),
      { to: this.#receiver.name, bytes: size, window: MESSAGES_AHEAD, limit: { ms } },
    );
    const after = await this.#busy();
    const longTasks = await this.#longTasks();
    const timeline = await this.#timeline();
    const total = timeline.at(-1)?.[1] ?? 0;
    const perMessage = (side: 0 | 1): number => ((after[side] - before[side]) / total) * 1e6;
    return {
      first: countAt(timeline, began, began + warmUp) / (warmUp / 1000),
      warm: (countAt(timeline, began, began + ms) - countAt(timeline, began, began + warmUp)) / ((ms - warmUp) / 1000),
      senderTask: perMessage(0),
      receiverTask: perMessage(1),
      longTasks: longTasks / (ms / 1000),
    };
  }

  pings(count: number): Promise<number[]> {
    return this.#sender.run((bench, { to, times }) => bench.actor.pings(to, times), {
      to: this.#receiver.name,
      times: count,
    });
  }

  async acknowledged(size: number, ack: Ack): Promise<number | undefined> {
    await this.#expect({ what: 'bytes', size }, Number.MAX_SAFE_INTEGER);
    const done = await this.#sender.run(
      (bench, { to, bytes, how, time }) => bench.actor.acknowledged(to, bytes, how, time),
      { to: this.#receiver.name, bytes: size, how: ack, time: AWAITED_MS * this.#scale },
    );
    await this.#timeline();
    return done && (done.count / done.ms) * 1000;
  }

  /** In MB/s, from the first send to the last arrival. */
  async transfer(size: number, count: number): Promise<number> {
    const window = ahead(size);
    await this.#expect({ what: 'bytes', size }, 1);
    const began = await this.#sender.run(
      (bench, { to, bytes, most, limit }) => bench.actor.stream(to, bytes, most, limit),
      { to: this.#receiver.name, bytes: size, most: window, limit: { count } },
    );
    return speed(await this.#timeline(), began, size);
  }

  async underBulk(): Promise<{ speed: number; times: readonly number[] }> {
    const { size } = UNDER_BULK;
    const count = Math.ceil(UNDER_BULK.count * this.#scale);
    await this.#expect({ what: 'bytes', size }, 1);
    const { began, times } = await this.#sender.run(
      (bench, { to, bytes, most, values, every }) => bench.actor.transferUnderPings(to, bytes, most, values, every),
      { to: this.#receiver.name, bytes: size, most: ahead(size), values: count, every: PING_EVERY_MS },
    );
    return { speed: speed(await this.#timeline(), began, size), times };
  }

  async records(): Promise<number> {
    const window = MESSAGES_AHEAD / 8;
    const ms = WARM_UP_MS * this.#scale;
    await this.#expect({ what: 'records' }, window);
    const began = await this.#sender.run((bench, { to, most, time }) => bench.actor.sendRecords(to, most, time), {
      to: this.#receiver.name,
      most: window,
      time: ms,
    });
    return countAt(await this.#timeline(), began, began + ms) / (ms / 1000);
  }

  async numbers(): Promise<number> {
    await this.#expect({ what: 'numbers', count: NUMBERS }, 1);
    const began = await this.#sender.run(
      (bench, { to, length, most, values }) => bench.actor.sendNumbers(to, length, most, values),
      { to: this.#receiver.name, length: NUMBERS, most: ahead(8 * NUMBERS), values: 3 },
    );
    return speed(await this.#timeline(), began, 8 * NUMBERS);
  }

  #expect(expectation: Expectation, window: number): Promise<void> {
    return this.#receiver.run((bench, { what, most }) => bench.actor.expect(what, most), {
      what: expectation,
      most: window,
    });
  }

  /** @throws what the receiver found wrong */
  #timeline(): Promise<Timeline> {
    return this.#receiver.run((bench) => bench.actor.timeline, undefined);
  }

  async #busy(): Promise<readonly [number, number]> {
    return [await this.#sender.busy(), await this.#receiver.busy()];
  }

  async #longTasks(): Promise<number> {
    const [one, other] = [this.#sender, this.#receiver].map((tab) => tab.run((bench) => bench.longTasks(), undefined));
    return ((await one) ?? 0) + ((await other) ?? 0);
  }
}

/** So many values may be on their way. */
function ahead(size: number): number {
  return Math.max(1, Math.floor(BYTES_AHEAD / size));
}

/** How much had arrived at a time. */
function countAt(timeline: Timeline, began: number, at: number): number {
  const next = timeline.findIndex(([time]) => time > at);
  if (next < 0) return timeline.at(-1)?.[1] ?? 0;
  const [from, before] = timeline[next - 1] ?? [began, 0];
  const [to, after] = timeline[next] ?? [at, before];
  return before + ((after - before) * (at - from)) / (to - from);
}

function speed(timeline: Timeline, began: number, size: number): number {
  const [at, count] = timeline.at(-1) ?? [Number.NaN, 0];
  return (count * size) / (at - began) / 1000;
}

function nameOf(size: number): string {
  return size < KIB ? `${size} B` : `${size / KIB} KiB`;
}

export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
