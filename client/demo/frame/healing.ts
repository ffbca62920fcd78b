import { type Pool, PoolError } from 'peerpool';
import { departureText } from './explanation.ts';
import { durationText, listText } from './figures.ts';

/** So many numbers are sent over a link while it is broken; each is answered. */
const NUMBERS = 10;
/** What a number is sent to. */
const METHOD = 'frame.echo';

/** One link that broke: how it is, as far as one knows. */
type Fate =
  | { readonly name: 'connecting'; readonly since: number }
  | { readonly name: 'connected'; readonly after: number; readonly lost: number | undefined }
  | { readonly name: 'gone'; readonly why: string };

/** Watches links that break until they are mended, and says in words whether anything was lost: what is sent meanwhile is counted. */
export class Healing {
  readonly #tell: (sentence: string, over: boolean) => void;
  /** Who has been connected, and may be again. */
  readonly #known = new Set<string>();
  /** Links that broke since all were well. */
  readonly #fates = new Map<string, Fate>();

  /** `tell` hears a sentence whenever it changes; `over`: it will not change any more. */
  constructor(tell: (sentence: string, over: boolean) => void) {
    this.#tell = tell;
  }

  /** From the birth of the pool on. */
  watch(pool: Pool): void {
    pool.expose('frame', { echo: (number: number) => number });
    pool.on('link', ({ name, state }) => {
      if (state === 'connected') this.#connected(name);
      else if (state === 'connecting' && this.#known.has(name)) this.#broken(pool, name);
    });
    pool.on('leave', ({ name, reason }) => {
      this.#known.delete(name);
      if (this.#fates.get(name)?.name === 'connecting') this.#put(name, { name: 'gone', why: departureText(reason) });
    });
  }

  #broken(pool: Pool, name: string): void {
    if ([...this.#fates.values()].every((fate) => fate.name !== 'connecting')) this.#fates.clear();
    this.#put(name, { name: 'connecting', since: performance.now() });
    this.#count(pool, name).catch(reportError);
  }

  #connected(name: string): void {
    this.#known.add(name);
    const fate = this.#fates.get(name);
    if (fate?.name !== 'connecting') return;
    this.#put(name, { name: 'connected', after: performance.now() - fate.since, lost: undefined });
  }

  /** What is sent over a broken link waits for the next, and arrives once and in order. */
  async #count(pool: Pool, name: string): Promise<void> {
    const answers: unknown[] = [];
    const ask = async (number: number): Promise<void> => {
      answers.push(await pool.call(name, METHOD, [number], { timeout: Infinity }));
    };
    try {
      await Promise.all(Array.from({ length: NUMBERS }, (_, number) => ask(number)));
    } catch (error) {
      // It left, which is told elsewhere, or it is another program, which echoes nothing.
      if (error instanceof PoolError) return;
      throw error;
    }
    const fate = this.#fates.get(name);
    const lost = NUMBERS - answers.filter((answer, index) => answer === index).length;
    if (fate?.name === 'connected') this.#put(name, { ...fate, lost });
  }

  #put(name: string, fate: Fate): void {
    this.#fates.set(name, fate);
    this.#tell(this.#sentence(), [...this.#fates.values()].every(isOver));
  }

  #sentence(): string {
    const parts: string[] = [];
    const all = [...this.#fates];
    const links = (names: readonly string[]): string => `Link${names.length === 1 ? '' : 's'} to ${listText(names)}`;
    const waiting = all.flatMap(([name, fate]) => (fate.name === 'connecting' ? [name] : []));
    if (waiting.length > 0) parts.push(`${links(waiting)}: broken, connecting…`);
    const back = all.flatMap(([name, fate]) => (fate.name === 'connected' ? [{ ...fate, name }] : []));
    if (back.length > 0) {
      const after = durationText(Math.max(...back.map((fate) => fate.after)));
      parts.push(`${links(back.map(({ name }) => name))}: connected after ${after}${lossText(back)}`);
    }
    for (const [name, fate] of all) if (fate.name === 'gone') parts.push(`${name} is gone: ${fate.why}.`);
    return parts.join(' ');
  }
}

function isOver(fate: Fate): boolean {
  return fate.name === 'gone' || (fate.name === 'connected' && fate.lost !== undefined);
}

function lossText(back: readonly { readonly lost: number | undefined }[]): string {
  const counted = back.flatMap(({ lost }) => (lost === undefined ? [] : [lost]));
  if (counted.length < back.length) return '.';
  const sent = counted.length * NUMBERS;
  const lost = counted.reduce((sum, one) => sum + one, 0);
  return lost === 0
    ? `, nothing lost: the ${sent} messages sent meanwhile arrived, in order.`
    : `, and ${lost} of ${sent} messages sent meanwhile did not arrive in order.`;
}
