import type { ContenderName } from './page/main.ts';
import { reasonOf } from './pair.ts';
import type { Metric, Results } from './results.ts';
import type { Opened, Stage, Tab } from './stage.ts';

const MIB = 1024 * 1024;

const BROADCASTS = [
  { name: '100 B', size: 100, window: 512, count: 2048 },
  { name: '1 MiB', size: MIB, window: 2, count: 4 },
] as const;

/** One tab says the same to 1, 3 and 7 others. */
export async function measureBroadcast(
  stage: Stage,
  contender: ContenderName,
  round: number,
  results: Results,
): Promise<void> {
  for (const others of [1, 3, 7]) {
    const where = `broadcast to ${others}`;
    try {
      await stage.with(others + 1, async (tabs) => {
        await stage.connect(contender, tabs);
        const [sender, ...receivers] = tabs as [Tab, ...Tab[]];
        const to = receivers.map(({ name }) => name);
        for (const { name, size, window, count } of BROADCASTS) {
          await Promise.all(
            receivers.map((tab) =>
              tab.run((bench, { what, most }) => bench.actor.expect(what, most), {
                what: { what: 'bytes' as const, size },
                most: window,
              }),
            ),
          );
          const busy = await sender.busy();
          const began = await sender.run(
            (bench, { whom, bytes, most, times }) => bench.actor.broadcast(whom, bytes, most, times),
            { whom: to, bytes: size, most: window, times: count },
          );
          const task = (await sender.busy()) - busy;
          const ends = await Promise.all(
            receivers.map(async (tab) => (await tab.run((bench) => bench.actor.timeline, undefined)).at(-1)?.[0] ?? 0),
          );
          const metric = (rest: string, unit: string, better: Metric['better']): Metric => ({
            name: `${where}, ${name}${rest}`,
            unit,
            better,
            where,
          });
          const seconds = (Math.max(...ends) - began) / 1000;
          if (size === MIB)
            results.add(metric('', 'MB/s', 'up'), contender, round, (count * others * size) / seconds / 1e6);
          else results.add(metric('', 'broadcasts/s', 'up'), contender, round, count / seconds);
          results.add(metric(', main thread of the sender', 'µs each', 'down'), contender, round, (task / count) * 1e6);
        }
      });
    } catch (error) {
      results.fail({ contender, where, round, reason: reasonOf(error) });
    }
  }
}

/** So many tabs join in the same instant; the time until each is connected with each. */
export async function measureMesh(
  stage: Stage,
  contender: ContenderName,
  size: number,
  round: number,
  results: Results,
): Promise<void> {
  const where = `mesh of ${size}`;
  try {
    await stage.with(size, async (tabs) => {
      const opened: Opened[] = await stage.connect(contender, tabs);
      const began = Math.min(...opened.map((one) => one.began));
      const connected = Math.max(...opened.map((one) => one.connected));
      results.add({ name: where, unit: 's', better: 'down', where }, contender, round, (connected - began) / 1000);
    });
  } catch (error) {
    results.fail({ contender, where, round, reason: reasonOf(error) });
  }
}
