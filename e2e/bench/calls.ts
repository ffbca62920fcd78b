import type { ContenderName } from './page/main.ts';
import { reasonOf } from './pair.ts';
import type { Results } from './results.ts';
import type { Stage, Tab } from './stage.ts';

const WARM_UP_MS = 500;
const CALLS_MS = 1500;

/** Calls that echo 64 bytes, one after the other and many at once; of whoever has no calls, messages that are sent back. */
export async function measureCalls(
  stage: Stage,
  contender: ContenderName,
  round: number,
  results: Results,
  scale: number,
): Promise<void> {
  const where = 'calls';
  try {
    // Within one page there is nobody else.
    await stage.with(contender === 'Comlink' ? 1 : 2, async (tabs) => {
      await stage.connect(contender, tabs);
      const [caller] = tabs as [Tab];
      const to = tabs.at(-1)?.name ?? caller.name;
      for (const [name, atOnce] of [
        ['one at a time', 1],
        ['64 at once', 64],
      ] as const) {
        let rate = 0;
        for (const ms of [WARM_UP_MS * scale, CALLS_MS * scale]) {
          rate = await caller.run((bench, { peer, lanes, time }) => bench.actor.calls(peer, lanes, time), {
            peer: to,
            lanes: atOnce,
            time: ms,
          });
        }
        results.add({ name: `calls of 64 B, ${name}`, unit: '/s', better: 'up', where }, contender, round, rate);
      }
    });
  } catch (error) {
    results.fail({ contender, where, round, reason: reasonOf(error) });
  }
}
