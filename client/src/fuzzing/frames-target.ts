import { packetBytes } from '../packers/packer.ts';
import { chargeOf } from '../session/credit.ts';
import { type End, type Heard, PairOfSessions } from '../session/testing/pair-of-sessions.ts';
import type { Random } from '../session/testing/random.ts';
import { Bystanders } from './bystanders.ts';
import { hostilePacket } from './frames.ts';
import { Outcomes } from './outcomes.ts';
import { check, type Target } from './target.ts';

const QUEUES = ['', 'q0', 'q1', 'q2'];
const ACKS = ['delivered', 'accepted', 'consumed', 'none'] as const;
const LARGEST = 1 << 20;

/** More than any input causes, by a hundred. */
const MOST_STEPS = 20_000;

/** A session that is up, with traffic both ways, whose other end is taken over in the middle of it. */
export class FramesTarget implements Target {
  readonly #bystanders = new Bystanders();

  input(random: Random, note: (given: Uint8Array) => void): void {
    const inboxLimit = random.pick([1, 1000, 10_000, 1 << 20]);
    const pair = new PairOfSessions({
      bob: { inboxLimit, outboxLimit: 1 << 16, maxMessageSize: random.pick([100, 10_000, LARGEST]) },
    });
    const outcomes = new Outcomes();
    const reader = new Reader(pair.bob, inboxLimit);
    const honest = recorded(pair);
    pair.bob.refuse = (queue) => {
      if (queue === 'q2' && random.chance(1 / 2)) throw new Error('no');
    };
    pair.open();
    pair.run();
    for (let round = random.below(4); round >= 0; round--) this.#traffic(pair, reader, outcomes, random);
    if (random.chance(1 / 4)) {
      pair.relink();
      run(pair, random, random.below(30));
    }
    for (let packets = 1 + random.below(5); packets > 0; packets--) {
      const packet = hostilePacket(random, honest);
      note(packet);
      if (pair.bob.linked) pair.bob.listener.packet(random.chance(3 / 4) ? 0 : 1, packet);
      if (random.chance(1 / 3)) reader.read(random);
      if (random.chance(1 / 3)) this.#traffic(pair, reader, outcomes, random);
      run(pair, random, random.below(10));
      reader.check();
    }
    run(pair, random, MOST_STEPS);
    check(pair.steps().length === 0, 'it does not come to rest');
    this.#end(pair, outcomes);
    if (random.chance(1 / 4)) this.#bystanders.look();
  }

  #traffic({ alice, bob }: PairOfSessions, reader: Reader, outcomes: Outcomes, random: Random): void {
    for (const end of [alice, bob]) {
      for (let messages = random.below(4); messages > 0; messages--) {
        const options = {
          queue: random.pick(QUEUES),
          ack: random.pick(ACKS),
          unmetered: random.chance(1 / 5),
          correlation: random.chance(1 / 5) ? random.below(9) : undefined,
        };
        const head = new Uint8Array(random.pick([0, 1, 50, 300, 5_000, 9_000]));
        const segments = random.chance(1 / 30) ? [new Uint8Array(65_536)] : [];
        const message = end.session.send({ head, segments }, options, end === bob ? outcomes.expect() : () => {});
        if (message !== undefined && end === alice && random.chance(1 / 10)) alice.session.withdraw(message);
      }
    }
    if (random.chance(1 / 3)) reader.want(random.pick(QUEUES), random.chance(3 / 4));
    if (random.chance(1 / 5)) bob.session.ping(() => {});
  }

  /** Whatever happened is told once, and everything settles. */
  #end({ bob }: PairOfSessions, outcomes: Outcomes): void {
    const ends = bob.heard.filter((heard) => heard.type === 'ended');
    check(ends.length <= 1, 'it ended twice');
    check(ends.length > 0 === (bob.session.end !== undefined), 'it ended and said nothing');
    for (const { reason, error } of ends) {
      check(error.message.length < 3000, 'the error is long');
      if (reason === 'malformed' && error.code === 'malformed')
        check(error.message.startsWith('malformed: alice broke the protocol: '), error.message);
    }
    if (bob.session.end === undefined) bob.session.abort('goodbye', 'the end');
    outcomes.check();
  }
}

/** Keeps what the honest end has said. */
function recorded({ alice }: PairOfSessions): Uint8Array[] {
  const packets: Uint8Array[] = [];
  const { link } = alice;
  const send = link.send.bind(link);
  link.send = (lane, packet) => {
    if (packets.length < 20) packets.push(packet.slice());
    send(lane, packet);
  };
  return packets;
}

function run(pair: PairOfSessions, random: Random, most: number): void {
  for (let left = most; left > 0; left--) {
    const steps = pair.steps();
    if (steps.length === 0) return;
    random.pick(steps)();
  }
}

/** Who reads what comes, now and then, and knows what may lie there. */
class Reader {
  readonly #end: End;
  readonly #inboxLimit: number;
  readonly #unread = new Set<Heard>();
  #looked = 0;
  #wants = 0;

  constructor(end: End, inboxLimit: number) {
    this.#end = end;
    this.#inboxLimit = inboxLimit;
  }

  want(queue: string, waiting: boolean): void {
    this.#end.session.want(queue, waiting);
    if (waiting) this.#wants++;
  }

  read(random: Random): void {
    this.#look();
    for (const one of this.#unread) {
      if (one.type !== 'message' || random.chance(1 / 2)) continue;
      this.#unread.delete(one);
      one.receipt.consumed();
    }
  }

  /** PROTOCOL.md, section 3.5, as it is charged: what lies unread, and beside it what takes no room. */
  check(): void {
    this.#look();
    let charged = 0;
    for (const one of this.#unread)
      if (one.type === 'message') charged += chargeOf(packetBytes(one.packet), this.#inboxLimit);
    const one = chargeOf(LARGEST, this.#inboxLimit);
    const most = 2 * this.#inboxLimit + (2 + this.#wants) * one;
    check(charged <= most, `${charged} lie unread, where at most ${most} may`);
  }

  #look(): void {
    const { heard } = this.#end;
    for (; this.#looked < heard.length; this.#looked++) {
      const one = heard[this.#looked];
      if (one?.type === 'message') this.#unread.add(one);
    }
  }
}
