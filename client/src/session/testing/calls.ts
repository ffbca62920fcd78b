import type { Life } from './life.ts';
import type { Sent } from './sent.ts';
import type { World } from './world.ts';

/** All calls go by one queue, as those of one method do. */
const CALLS = 'c';

/** Sends a message that takes no room, over the session of this moment; `undefined` when it can't. */
export type Say = (queue: string, bytes: number, correlation: number | undefined) => Sent | undefined;

/** Questions and answers, as a pool asks and gives them: each by a message without credit, the answer in a queue of its own, at once or later, whatever became of the question meanwhile. */
export class Calls {
  readonly #world: World;
  readonly #life: () => Life | undefined;
  readonly #say: Say;
  /** Of this side, by number: in which session, and its message. */
  readonly #asked = new Map<number, { readonly life: Life; readonly sent: Sent; answers: number }>();

  constructor(world: World, life: () => Life | undefined, say: Say) {
    this.#world = world;
    this.#life = life;
    this.#say = say;
  }

  ask(bytes: number): void {
    const number = this.#world.next();
    const sent = this.#say(CALLS, bytes, number);
    const life = this.#life();
    if (sent === undefined || life === undefined) return;
    this.#world.coverage.count('called');
    this.#asked.set(number, { life, sent, answers: 0 });
  }

  /** Whether it was a question or an answer. */
  taken(sent: Sent, answerBytes: number): boolean {
    if (sent.queue === CALLS && sent.correlation !== undefined) {
      this.#answerLater(sent.correlation, answerBytes);
      return true;
    }
    if (!sent.queue.startsWith('a:')) return false;
    const call = this.#asked.get(Number(sent.queue.slice(2)));
    const { verdict, coverage } = this.#world;
    if (call === undefined || call.life !== this.#life()) verdict.fail(`nobody asked for ${sent.text}`);
    else if (++call.answers > 1) verdict.fail(`it was answered twice: ${sent.text}`, 'duplicated');
    else if (call.sent.withdrawn === 'none') verdict.fail(`it was answered though it never left: ${sent.text}`);
    coverage.count(call?.sent.withdrawn === undefined ? 'answered' : 'answered too late');
    return true;
  }

  /** What was taken over a session that stands has its answer. */
  audit(): void {
    for (const [number, { life, sent, answers }] of this.#asked) {
      if (life.over || life.peer?.over !== false || !sent.taken) continue;
      const answer = answersOf(this.#world).get(number);
      const lost =
        answer === undefined || answer.absent || answer.refused !== undefined || answer.withdrawn !== undefined;
      if (answers > 1 || (answers === 0 && !lost))
        this.#world.verdict.fail(`a call has ${answers} answers: ${sent.text}`, 'lost');
    }
  }

  #answerLater(number: number, bytes: number): void {
    const life = this.#life();
    const { random } = this.#world;
    if (life === undefined) return;
    const answer = (): void => {
      const said = this.#life() === life && !life.over && life.said === undefined;
      const sent = said ? this.#say(`a:${number}`, bytes, undefined) : undefined;
      if (sent !== undefined) answersOf(this.#world).set(number, sent);
    };
    if (random.chance(1 / 4)) answer();
    else life.page.timer(random.pick([0, 5, 60, 400]), answer);
  }
}

/** What both sides of one run have answered, by the number of the question. */
function answersOf(world: World): Map<number, Sent> {
  const known = answered.get(world);
  if (known !== undefined) return known;
  const made = new Map<number, Sent>();
  answered.set(world, made);
  return made;
}

const answered = new WeakMap<World, Map<number, Sent>>();
