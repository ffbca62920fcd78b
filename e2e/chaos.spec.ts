import { expect, test } from 'playwright/test';
import type { LeaveReason } from '../client/src/index.ts';
import type { End, Fate } from './chaos/actor.ts';
import { audit, type Ledger, prefixFaults } from './chaos/ledger.ts';
import { CAST, type Line, script, shortScript, synopsis } from './chaos/script.ts';
import { Stage } from './chaos/stage.ts';
import { WITHDRAWN } from './chaos/traffic.ts';

/**
 * Whoever hears of an end while it can't answer, or has neither link nor server at that moment, knows less of it than others. Nobody takes a kill for a goodbye.
 */
const POSSIBLE: Readonly<Record<End, readonly LeaveReason[]>> = {
  close: ['goodbye', 'killed', 'lost'],
  reload: ['goodbye', 'killed', 'lost'],
  shutdown: ['goodbye', 'killed', 'lost'],
  kill: ['killed', 'lost'],
  'browser kill': ['killed', 'lost'],
};

/** What the tests print, to be repeated: it fixes what happens when, and not how fast the machine is. */
function drawSeed(): number {
  return Number(process.env['PEERPOOL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
}

/** Plays, lets everything settle, and holds the accounts of all against each other. */
async function perform(
  baseURL: string,
  cast: readonly (readonly string[])[],
  plot: (seed: number) => Line[],
): Promise<void> {
  const seed = drawSeed();
  const lines = plot(seed);
  log(`PEERPOOL_SEED=${seed}\n${synopsis(lines)}`);
  const stage = await Stage.set({ baseURL, cast, seed, log });
  try {
    await stage.enter();
    await stage.play(lines);
    const began = Date.now();
    const ledgers = await stage.settle().catch(async (error: unknown) => {
      await judge(await stage.ledgers(), stage);
      throw error;
    });
    log(`settled within ${Date.now() - began} ms`);
    await judge(ledgers, stage);
  } finally {
    await stage.close();
  }
}

async function judge(ledgers: readonly Ledger[], { departed, fates, counts }: Stage): Promise<void> {
  const accounted = new Set([...ledgers, ...departed].map(({ instance }) => instance));
  const strangers = new Set(ledgers.flatMap(({ heard }) => Object.keys(heard)).filter((one) => !accounted.has(one)));
  const verdict = audit(ledgers, departed);
  const faults = [...verdict.faults];
  for (const ledger of ledgers) {
    faults.push(...prefixFaults(ledger, strangers, WITHDRAWN));
    faults.push(...departureFaults(ledger, fates, new Set(ledgers.map(({ instance }) => instance))));
    faults.push(...errorFaults(ledger));
  }
  const reconnects = ledgers.reduce((sum, ledger) => sum + ledger.reconnects, 0);
  log(JSON.stringify({ ...counts, reconnects, ...verdict, faults: faults.length }));
  for (const line of told(ledgers, fates)) log(line);
  if (faults.length > 0) {
    for (const ledger of [...ledgers, ...departed]) log(diary(ledger));
    const body = JSON.stringify({ faults, fates, ledgers, departed });
    await test.info().attach('ledgers', { body, contentType: 'application/json' });
  }
  expect(faults).toEqual([]);
}

/** Nobody who lives has left; who died has, once, for a reason that can be. */
function departureFaults({ name, events }: Ledger, fates: readonly Fate[], living: ReadonlySet<string>): string[] {
  const met = events.flatMap((event) => (event.type === 'join' || event.type === 'restart' ? event.instance : []));
  const left = events.flatMap((event) => (event.type === 'leave' ? event : []));
  return [...new Set(met)].flatMap((instance) => {
    const reasons = left.filter((event) => event.instance === instance).map(({ reason }) => reason);
    const fate = fates.find((one) => one.instance === instance);
    const known = living.has(instance) ? reasons.length === 0 : reasons.length === 1;
    if (known && reasons.every((reason) => POSSIBLE[fate?.end ?? 'close'].includes(reason))) return [];
    return [
      `${name} heard of ${fate?.name ?? instance} (${fate?.end ?? 'alive'}): left ${reasons.join(', ') || 'never'}`,
    ];
  });
}

/** Nothing but departures and failures to meet is an error here. */
function errorFaults({ name, events }: Ledger): string[] {
  return events.flatMap((event) => {
    if (event.type !== 'error' || /^PoolError: (peer-left|unreachable): /.test(event.message)) return [];
    return [`${name}: ${event.message}`];
  });
}

/** How those who died are remembered: reasons, and how long it took to know, by the kind of end. */
function told(ledgers: readonly Ledger[], fates: readonly Fate[]): string[] {
  const lines = new Map<string, number[]>();
  for (const { events } of ledgers) {
    for (const event of events) {
      if (event.type !== 'leave') continue;
      const fate = fates.find(({ instance }) => instance === event.instance);
      const kind = `${fate?.end ?? 'alive'}: ${event.reason}`;
      lines.set(kind, [...(lines.get(kind) ?? []), event.at - (fate?.at ?? event.at)]);
    }
  }
  return [...lines].map(([kind, times]) => `${kind} after ${times.sort((a, b) => a - b).join(', ')} ms`);
}

/** What a pool saw, so that a failure on another machine can be understood from what was printed. */
function diary({ name, instance, events }: Ledger): string {
  const lines = events.map(({ at, ...event }) => `  ${at % 1_000_000} ${Object.values(event).join(' ')}`);
  return [`diary of ${name} ${instance}, times in ms`, ...lines].join('\n');
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

test('three tabs lose nothing while links break, the server restarts and one is reloaded', async ({ baseURL }) => {
  test.setTimeout(120_000);
  await perform(baseURL ?? '', [['alice', 'bob', 'carol']], shortScript);
});

test('eight tabs lose nothing, whatever is done to them', { tag: '@long' }, async ({ baseURL }) => {
  test.setTimeout(480_000);
  await perform(baseURL ?? '', CAST, script);
});
