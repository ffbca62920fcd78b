import type { ContenderName } from './page/main.ts';
import { reasonOf } from './pair.ts';
import type { Results } from './results.ts';
import type { Stage, Tab } from './stage.ts';

const MIB = 1024 * 1024;
const VALUE_BYTES = 256 * MIB;
const LOOK_EVERY_MS = 20;
const IDLE_TABS = 8;
/** What a new connection does by itself is over by then, in ms. */
const SETTLE_MS = 1000;

/** What one idle connection holds, and what a large value takes at most at both ends while it is on its way. */
export async function measureMemory(
  stage: Stage,
  contender: ContenderName,
  round: number,
  results: Results,
): Promise<void> {
  const attempt = async (where: string, run: (where: string) => Promise<void>): Promise<void> => {
    try {
      await run(where);
    } catch (error) {
      results.fail({ contender, where, round, reason: reasonOf(error) });
    }
  };
  await attempt('idle connections', (where) =>
    stage.with(IDLE_TABS, async (tabs) => {
      const before = await memories(tabs);
      await stage.connect(contender, tabs);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const after = await memories(tabs);
      const growth = after.reduce((sum, bytes, index) => sum + bytes - (before[index] ?? 0), 0);
      const each = growth / IDLE_TABS / (IDLE_TABS - 1) / MIB;
      results.add({ name: 'memory of an idle connection', unit: 'MiB', better: 'down', where }, contender, round, each);
    }),
  );
  await attempt('256 MiB value', (where) =>
    stage.with(2, async (tabs) => {
      const [sender, receiver] = tabs as [Tab, Tab];
      await stage.connect(contender, tabs);
      await receiver.run((bench, size) => bench.actor.expect({ what: 'bytes', size }, 1), VALUE_BYTES);
      await sender.run((bench, size) => void bench.actor.prepare(size), VALUE_BYTES);
      const base = [await sender.memory(), await receiver.memory()] as const;
      const peaks: [number, number] = [...base];
      const look = async (): Promise<void> => {
        peaks[0] = Math.max(peaks[0], await sender.memory(false));
        peaks[1] = Math.max(peaks[1], await receiver.memory(false));
      };
      await look();
      const looking = setInterval(() => void look(), LOOK_EVERY_MS);
      await sender
        .run((bench, { to, size }) => bench.actor.stream(to, size, 1, { count: 1 }), {
          to: receiver.name,
          size: VALUE_BYTES,
        })
        .finally(() => clearInterval(looking));
      await receiver.run((bench) => bench.actor.timeline, undefined);
      const share = (side: 0 | 1): number => (peaks[side] - base[side]) / VALUE_BYTES;
      const unit = '× the value';
      results.add(
        { name: '256 MiB, peak at the sender beyond it', unit, better: 'down', where },
        contender,
        round,
        share(0),
      );
      results.add({ name: '256 MiB, peak at the receiver', unit, better: 'down', where }, contender, round, share(1));
    }),
  );
}

/** One after the other, as the browser finds out which process is whose. */
async function memories(tabs: readonly Tab[]): Promise<number[]> {
  const all: number[] = [];
  for (const tab of tabs) all.push(await tab.memory());
  return all;
}
