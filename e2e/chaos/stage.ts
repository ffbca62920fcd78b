import { expect } from 'playwright/test';
import { Actor, type Fate } from './actor.ts';
import { House } from './house.ts';
import type { Ledger } from './ledger.ts';
import { MortalServer } from '../mortal-server.ts';
import { Processes } from './processes.ts';
import { type Act, type Line, type Scene, title } from './script.ts';

/**
 * Whoever returns meets everybody again within this time, in ms, and what is on its way has come. On a quiet machine it
 * takes up to 31 s: hundreds of megabytes may be left to be said; beside other tests more.
 */
const SETTLING = 100_000;
/** So long may somebody be without one of its links, in ms: who can't answer for a while begins and ends it with all of them. */
const WHOLE = 30_000;
/** A scene that waits for a join waits no longer than this, in ms. */
const NEXT_JOIN = 30_000;

export interface StageOptions {
  readonly baseURL: string;
  readonly seed: number;
  /** Names of tabs, by browser. */
  readonly cast: readonly (readonly string[])[];
  readonly log: (line: string) => void;
}

/** Browsers, the server, and what happens to them. */
export class Stage {
  /** How lives ended, and what those that ended in good order had to say. */
  readonly fates: Fate[] = [];
  readonly departed: Ledger[] = [];
  readonly counts = { cuts: 0, connections: 0, deaths: 0, joinsBroken: 0 };
  readonly #log: (line: string) => void;
  readonly #server: MortalServer;
  readonly #houses: readonly House[];
  readonly #processes = new Processes();
  readonly #actors: ReadonlyMap<string, Actor>;
  /** Who is in a scene: of those, nothing else is asked. */
  readonly #engaged = new Set<string>();
  readonly #entrances = new Set<() => void>();
  readonly #exits = new Set<() => void>();
  /** Connections to somebody who can't make another one in time. */
  readonly #spared = new Set<string>();
  readonly #begun = Date.now();

  static async set(options: StageOptions): Promise<Stage> {
    const server = await MortalServer.start();
    const houses: House[] = [];
    try {
      for (const _ of options.cast) houses.push(await House.build(options.baseURL));
      return new Stage(options, server, houses);
    } catch (error) {
      await Promise.all(houses.map((house) => house.close()));
      await server.kill();
      throw error;
    }
  }

  private constructor({ seed, cast, log }: StageOptions, server: MortalServer, houses: readonly House[]) {
    this.#log = log;
    this.#server = server;
    this.#houses = houses;
    const room = `chaos-${seed}`;
    const actors = houses.flatMap((house, browser) =>
      (cast[browser] ?? []).map((name) => {
        const number = cast.flat().indexOf(name);
        return new Actor({
          house,
          processes: this.#processes,
          part: {
            name,
            room,
            url: server.url,
            seed: seed + 1000 * number,
            reader: number % 2 === 0 ? 'handler' : 'loop',
            // Every other one has so little room that credit runs out, and large messages come one by one.
            inboxLimit: number % 3 === 0 ? 1024 * 1024 : 64 * 1024 * 1024,
          },
          entering: () => this.#call(this.#entrances),
          ended: (fate) => this.fates.push(fate),
        });
      }),
    );
    this.#actors = new Map(actors.map((actor) => [actor.name, actor]));
  }

  /** Everybody enters, those of one browser one after the other: it tells their processes one at a time. */
  async enter(): Promise<void> {
    const enter = async (actors: readonly Actor[]): Promise<void> => {
      for (const actor of actors) await actor.enter();
    };
    await Promise.all(
      this.#houses.map((house) => enter([...this.#actors.values()].filter((actor) => actor.house === house))),
    );
  }

  /** All lines at once. */
  async play(lines: readonly Line[]): Promise<void> {
    const played = await Promise.allSettled(lines.map((line) => this.#playLine(line)));
    for (const { reason } of played.filter((one) => one.status === 'rejected')) throw reason;
  }

  /** Nothing happens any more, and everything settles: all sends, and who is here is the same everywhere. Returns everybody's account. */
  async settle(): Promise<readonly Ledger[]> {
    const actors = [...this.#actors.values()];
    await Promise.all(actors.map((actor) => actor.stop()));
    const everybody = actors.map(({ name, instance }) => `${name} ${instance}`);
    const expected = actors.map(({ name }) => [name, everybody.filter((one) => !one.startsWith(`${name} `)).sort()]);
    const seen = async (): Promise<unknown> =>
      Promise.all(actors.map(async (actor) => [actor.name, await actor.scene]));
    await expect
      .poll(seen, { timeout: SETTLING })
      .toEqual(expected)
      .catch(async (error: unknown) => {
        this.#log(`not settled: ${JSON.stringify(await seen())}`);
        throw error;
      });
    expect(await seen()).toEqual(expected);
    return Promise.all(actors.map((actor) => actor.ledger));
  }

  /** What everybody has to say, also when nothing settled. */
  async ledgers(): Promise<readonly Ledger[]> {
    return Promise.all([...this.#actors.values()].map((actor) => actor.ledger));
  }

  async close(): Promise<void> {
    this.#processes.release();
    await Promise.all(this.#houses.map((house) => house.close()));
    await this.#server.kill();
  }

  async #playLine(line: Line): Promise<void> {
    for (const scene of line) {
      await lasting(scene.pause);
      if (scene.act.do === 'cut') await this.#cut(scene, scene.act.share);
      else if (scene.act.do === 'kill server') await this.#killServer(scene.act);
      else await this.#perform(scene, scene.act);
    }
  }

  async #perform({ victims }: Scene, act: Act): Promise<void> {
    // A link is made anew over the server, so nobody who is away for long loses both.
    const long = act.do === 'freeze' && act.ms > 10_000;
    await this.#engage([...victims, ...(long ? ['signaling'] : [])], async () => {
      this.#tell(`${title(act)} ${victims.join(' and ')}`);
      const actors = victims.map((name) => this.#actor(name));
      if (act.do === 'kill browser') await this.#killBrowser(actors);
      else for (const actor of actors) await this.#act(actor, act);
      this.#tell(`${title(act)} ${victims.join(' and ')}: done`);
    });
  }

  async #act(actor: Actor, act: Act): Promise<void> {
    switch (act.do) {
      case 'reload':
        return actor.reload();
      case 'close':
        await actor.close();
        return actor.enter();
      case 'kill':
        await actor.kill();
        return actor.enter();
      case 'shutdown':
        this.departed.push(await actor.shutDown());
        return actor.enter();
      case 'freeze':
      case 'compute': {
        const spared = await this.#spare(actor);
        await (act.do === 'freeze' ? actor.freeze(act.ms) : actor.compute(act.ms));
        for (const fingerprint of spared) this.#spared.delete(fingerprint);
        return within(WHOLE, actor.whole());
      }
      default:
        throw new TypeError(`${act.do} does not happen to a tab`);
    }
  }

  /** Nobody cuts a link of somebody who is about to be away: it may be gone for longer than it is waited for. */
  async #spare(actor: Actor): Promise<readonly string[]> {
    let spared: readonly string[] = [];
    await this.#engage(['links'], async () => {
      await within(WHOLE, actor.whole());
      spared = await actor.fingerprints;
      for (const fingerprint of spared) this.#spared.add(fingerprint);
    });
    return spared;
  }

  async #killBrowser(actors: readonly Actor[]): Promise<void> {
    const house = this.#houses.at(-1);
    for (const actor of actors) actor.die();
    await house?.kill();
    await house?.rebuild();
    for (const actor of actors) await actor.enter();
  }

  async #killServer(act: Act & { do: 'kill server' }): Promise<void> {
    await this.#engage(['signaling'], async () => {
      if (act.intoJoin !== undefined) {
        await within(NEXT_JOIN, this.#next(this.#entrances));
        await lasting(act.intoJoin);
        this.counts.joinsBroken++;
      }
      this.#tell(title(act));
      this.counts.deaths++;
      await this.#server.kill();
      await lasting(act.ms);
      await this.#server.start();
      this.#tell('the server is back');
    });
  }

  /** Whoever is engaged is left alone: then it is another's turn. */
  async #cut({ victims }: Scene, share: number): Promise<void> {
    const free = [...this.#actors.keys()].filter((name) => !this.#engaged.has(name));
    const victim = victims.find((name) => free.includes(name)) ?? free[this.counts.cuts % free.length];
    if (victim === undefined) return;
    await this.#engage([victim, 'links'], async () => {
      const connections = await this.#actor(victim).cut(share, [...this.#spared]);
      this.counts.cuts++;
      this.counts.connections += connections;
      this.#tell(`cut ${connections} links of ${victim}`);
    });
  }

  /** Has these for itself, all at once. */
  async #engage(names: readonly string[], scene: () => Promise<void>): Promise<void> {
    while (names.some((name) => this.#engaged.has(name))) await this.#next(this.#exits);
    for (const name of names) this.#engaged.add(name);
    try {
      await scene();
    } finally {
      for (const name of names) this.#engaged.delete(name);
      this.#call(this.#exits);
    }
  }

  #actor(name: string): Actor {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new Error(`nobody plays ${name}`);
    return actor;
  }

  #next(waiting: Set<() => void>): Promise<void> {
    return new Promise((resolve) => waiting.add(resolve));
  }

  #call(waiting: Set<() => void>): void {
    const called = [...waiting];
    waiting.clear();
    for (const call of called) call();
  }

  #tell(what: string): void {
    this.#log(`${((Date.now() - this.#begun) / 1000).toFixed(1).padStart(6)} s  ${what}`);
  }
}

function lasting(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function within(ms: number, event: Promise<void>): Promise<void> {
  let late: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`it did not come within ${ms} ms`)), ms);
  });
  await Promise.race([event, over]).finally(() => clearTimeout(late));
}
