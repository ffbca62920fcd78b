import { encodeText, FRAME } from '../session/frames.ts';
import { type End, PairOfSessions } from '../session/testing/pair-of-sessions.ts';
import type { Random } from '../session/testing/random.ts';
import { Bystanders } from './bystanders.ts';
import { bytesOf, joined, mutate, number, varint } from './mutation.ts';
import { Outcomes } from './outcomes.ts';
import { check, type Target } from './target.ts';
import { name, value } from './values.ts';

const MAGIC = 'peerpool';

/** A link that is greeted by somebody who may be anybody: at the first link, or at one on which a session was to go on. */
export class HelloTarget implements Target {
  readonly #bystanders = new Bystanders();

  input(random: Random, note: (given: Uint8Array) => void): void {
    const pair = new PairOfSessions();
    const { bob } = pair;
    const outcomes = new Outcomes();
    const old: Uint8Array[] = [];
    const standing = random.chance(2 / 3);
    if (standing) {
      pair.open(pair.alice);
      old.push(...underway(pair.alice));
      pair.open(bob);
      pair.run();
      for (const end of [pair.alice, bob]) {
        const told = end === bob ? outcomes.expect() : () => {};
        end.session.send({ head: new Uint8Array(9), segments: [] }, { queue: '', ack: 'delivered' }, told);
      }
      if (random.chance(1 / 2)) pair.run();
      pair.cut();
      pair.link();
    }
    pair.open(pair.alice);
    const genuine = underway(pair.alice);
    const early = random.chance(1 / 4);
    if (!early) pair.open(bob);
    let truthful = false;
    for (let packets = 1 + random.below(5); packets > 0; packets--) {
      const lane = random.chance(2 / 3) ? 0 : 1;
      const { packet, proven } = greeting(random, genuine, old);
      truthful ||= proven;
      note(packet);
      if (bob.session.end === undefined) bob.listener.packet(lane, packet);
    }
    if (early) pair.open(bob);
    judge(bob, standing, truthful);
    if (bob.session.end === undefined) bob.session.abort('goodbye', 'the end');
    outcomes.check();
    if (random.chance(1 / 4)) this.#bystanders.look();
  }
}

/** Whoever does not show the proof of the session does not get it, and does not end it but by saying that it is gone. */
function judge({ heard }: End, standing: boolean, proven: boolean): void {
  const ends = heard.filter((one) => one.type === 'ended');
  check(ends.length <= 1, 'it ended twice');
  for (const one of heard) if (one.type === 'unfit') check(one.error.message.length < 3000, 'the error is long');
  if (!standing || proven) return;
  check(
    !heard.some(({ type }) => type === 'resumed'),
    'the session goes on with somebody who has not proven that it is theirs',
  );
  for (const { reason } of ends)
    check(reason === 'lost', `the session was ended (${reason}) by somebody who has not proven that it is theirs`);
}

function underway({ link }: End): Uint8Array[] {
  return [...link.underway[0]];
}

interface Greeting {
  readonly packet: Uint8Array;
  /** Has the true proof in it. */
  readonly proven: boolean;
}

function greeting(random: Random, genuine: readonly Uint8Array[], old: readonly Uint8Array[]): Greeting {
  const [hello = new Uint8Array(0)] = genuine;
  const proof = proofOf(hello);
  const packet = random.weighted({ hello: 1, fields: 6, bytes: 3, frame: 3, replay: 1 });
  const made = {
    hello: () => hello,
    fields: () => edited(hello, random),
    bytes: () => mutate(hello, random, old),
    frame: () => frame(random),
    replay: () => random.pick([...old, hello]),
  }[packet]();
  const whole = random.chance(1 / 10) ? joined(made, frame(random)) : made;
  return { packet: whole, proven: proof !== undefined && new TextDecoder().decode(whole).includes(proof) };
}

function proofOf(hello: Uint8Array): string | undefined {
  return /"proof":"(\w+)"/.exec(new TextDecoder().decode(hello))?.[1];
}

/** The hello with other fields. */
function edited(hello: Uint8Array, random: Random): Uint8Array {
  const fields = JSON.parse(new TextDecoder().decode(hello.subarray(1 + MAGIC.length))) as Record<string, unknown>;
  for (let times = 1 + random.below(3); times > 0; times--) edit(fields, random);
  const resume = fields['resume'];
  if (resume instanceof Object && Object.getPrototypeOf(resume) === Object.prototype && random.chance(3 / 4))
    edit(resume as Record<string, unknown>, random);
  const text = JSON.stringify(fields, (_key, content: unknown) =>
    typeof content === 'bigint' ? Number(content) : content,
  );
  return joined(Uint8Array.of(FRAME.hello), encodeText(MAGIC + text));
}

function edit(fields: Record<string, unknown>, random: Random): void {
  const field = random.chance(1 / 20) ? name(random) : random.pick(Object.keys(fields));
  const content = random.pick([
    () => number(random),
    () => -number(random),
    () => [number(random), number(random)],
    () => null,
    () => name(random),
    () => '0'.repeat(64),
    () => 'alice-1',
    () => 'x'.repeat(random.pick([256, 257, 9_000])),
    () => ({ id: name(random), standing: true, frames: [number(random), number(random)], proof: '0'.repeat(64) }),
    () => value(random, 1),
  ])();
  Object.defineProperty(fields, field, { value: content, configurable: true, enumerable: true, writable: true });
}

function frame(random: Random): Uint8Array {
  const said = (most: number): number[] => {
    const bytes = random.chance(1 / 2)
      ? [...encodeText(random.pick(['gone', 'proof', 'version', 'instance']))]
      : [...bytesOf(random, random.below(most))];
    return [...varint(bytes.length), ...bytes];
  };
  return Uint8Array.from(
    random.pick([
      () => [FRAME.welcome],
      () => [FRAME.welcome, FRAME.welcome],
      () => [FRAME.reject, ...said(70), ...said(2_100)],
      () => [FRAME.goodbye, random.below(8), ...said(9)],
      () => [FRAME.ack, ...varint(number(random)), ...varint(number(random))],
      () => [FRAME.message, 0],
      () => [...bytesOf(random, random.below(20))],
    ])(),
  );
}
