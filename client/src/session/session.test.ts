import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { SendOptions } from '../communicators/communicator.ts';
import { PoolError } from '../errors.ts';
import type { Packet } from '../packers/packer.ts';
import { type End, type Heard, PairOfSessions, type PairOptions } from './testing/pair-of-sessions.ts';

type Message = Extract<Heard, { type: 'message' }>;

function up(options?: PairOptions): PairOfSessions {
  const pair = new PairOfSessions(options);
  pair.open();
  pair.run();
  return pair;
}

function bytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff);
}

function packet(length: number, ...segments: number[]): Packet {
  return { head: bytes(length), segments: segments.map((size, index) => bytes(size, index + 2)) };
}

/** Sends, and writes down how it ended. */
function send(end: End, what: Packet, options: Partial<SendOptions> = {}) {
  const outcome: { ended: 'not yet' | 'well' | PoolError } = { ended: 'not yet' };
  const message = end.session.send(what, { queue: '', ack: 'delivered', ...options }, (error) => {
    expect(outcome.ended).toBe('not yet');
    outcome.ended = error ?? 'well';
  });
  return { outcome, message };
}

function messages(end: End): Message[] {
  return end.heard.filter((heard) => heard.type === 'message');
}

function consumeAll(end: End): void {
  for (const message of messages(end)) message.receipt.consumed();
}

function ended(end: End): Extract<Heard, { type: 'ended' }> | undefined {
  return end.heard.find((heard) => heard.type === 'ended');
}

describe('a session', () => {
  it('is up on both sides once each has welcomed the other, whatever order the lanes are in', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(5)), (choices) => {
        const pair = new PairOfSessions();
        const early = send(pair.alice, packet(3));
        pair.open();
        pair.run((count) => (choices.next().value ?? 0) % count);
        expect(pair.alice.heard).toEqual([{ type: 'joined' }]);
        expect(pair.bob.heard.map((heard) => heard.type)).toEqual(['joined', 'message']);
        expect(early.outcome.ended).toBe('well');
      }),
    );
  });

  it('hears a hello that comes before its own link has opened', () => {
    const pair = new PairOfSessions();
    pair.open(pair.alice);
    for (const lane of [0, 1] as const) pair.bob.listener.packet(lane, pair.alice.link.take(lane) ?? new Uint8Array());
    expect(pair.bob.heard).toEqual([]);
    pair.open(pair.bob);
    pair.run();
    expect(pair.bob.session.up && pair.alice.session.up).toBe(true);
  });

  it.each([
    ['packer', { packer: 'other' }, /packs with "test", bob with "other"/],
    ['name', { name: 'mallory' }, /mallory speaks where bob was expected/],
    ['instance', { instance: 'bob-2' }, /speaks where bob was expected/],
  ])('refuses another %s than its own, and both sides are told', (_what, over, sentence) => {
    const pair = new PairOfSessions({ bob: over });
    pair.open();
    pair.run();
    expect(ended(pair.alice)?.error.message).toMatch(sentence);
    expect(ended(pair.alice)?.reason).toBe('refused');
    expect(ended(pair.bob)?.reason).toBe('refused');
    expect(ended(pair.bob)?.error.code).toMatch(/refused|untrusted/);
    expect(pair.alice.heard.some((heard) => heard.type === 'joined')).toBe(false);
  });

  it('brings every length near a boundary whole, in one piece or in fragments', () => {
    const pair = up({ packetBytes: 4096 });
    const lengths = [
      0, 1, 2, 127, 128, 255, 256, 4000, 4080, 4090, 4096, 4100, 8191, 8192, 8193, 12_288, 65_535, 70_000,
    ];
    for (const length of lengths) for (const near of [-1, 0, 1]) send(pair.alice, packet(Math.max(0, length + near)));
    pair.run();
    expect(messages(pair.bob).map((message) => message.packet.head)).toEqual(
      lengths.flatMap((length) => [-1, 0, 1].map((near) => bytes(Math.max(0, length + near)))),
    );
  });

  it('gives each segment a buffer of its own', () => {
    const pair = up();
    send(pair.alice, packet(10, 65_536, 100_000));
    pair.run();
    const [message] = messages(pair.bob);
    expect(message?.packet).toEqual(packet(10, 65_536, 100_000));
    for (const segment of message?.packet.segments ?? []) expect(segment.buffer.byteLength).toBe(segment.length);
  });

  it('lets a small message pass a large one of another queue, and none of its own', () => {
    const pair = up();
    send(pair.alice, packet(500_000), { queue: 'bulk' });
    pair.alice.session.flush();
    send(pair.alice, packet(5), { queue: 'bulk' });
    send(pair.alice, packet(6), { queue: 'other' });
    pair.run();
    expect(messages(pair.bob).map((message) => message.packet.head.length)).toEqual([6, 500_000, 5]);
  });

  it('keeps the order of a queue whose messages belong in different lanes', () => {
    const pair = up();
    const lengths = [5, 100_000, 6, 7, 50_000, 8];
    for (const length of lengths) send(pair.alice, packet(length), { queue: 'mixed' });
    // The bulk lane is always served first, so that whatever could overtake does.
    pair.run((count) => count - 1);
    expect(messages(pair.bob).map((message) => message.packet.head.length)).toEqual(lengths);
  });

  it('never puts a large message into the lane of the small ones', () => {
    const pair = up();
    send(pair.alice, packet(5), { queue: 'mixed' });
    send(pair.alice, packet(50_000), { queue: 'mixed' });
    pair.alice.session.flush();
    expect(pair.alice.link.underway[0].length).toBe(1);
    expect(pair.alice.link.underway[1].length).toBe(0);
    pair.run();
    expect(messages(pair.bob)).toHaveLength(2);
  });

  it('gathers messages of one turn into few packets', () => {
    const pair = up({ packetBytes: 16_384, laneBytes: 1 << 20 });
    for (let count = 0; count < 1_000; count++) send(pair.alice, packet(100));
    pair.alice.session.flush();
    expect(pair.alice.link.underway[0].length).toBe(7);
  });

  it('names a queue once in a packet', () => {
    const key = 'mthe name of a queue';
    const pair = up({ packetBytes: 4096, laneBytes: 1 << 20 });
    for (let count = 0; count < 100; count++) send(pair.alice, packet(100), { queue: count === 50 ? '' : key });
    pair.alice.session.flush();
    const packets = [...pair.alice.link.underway[0]].map((one) => new TextDecoder('latin1').decode(one));
    expect(packets.map((text) => text.split(key).length - 1)).toEqual([1, 1, 1]);
    pair.run();
    const queues = messages(pair.bob).map(({ queue }) => queue);
    expect(queues.filter((queue) => queue === key).length).toBe(99);
    expect(queues.indexOf('')).toBeGreaterThanOrEqual(0);
  });

  it('acknowledges together, up to eight, what comes in packets of which each says that the next follows', () => {
    const pair = up({ packetBytes: 4096, laneBytes: 1 << 20 });
    const answers = vi.spyOn(pair.bob.link, 'send');
    for (let count = 0; count < 400; count++) send(pair.alice, packet(100));
    pair.alice.session.flush();
    expect(pair.alice.link.underway[0].length).toBe(10);
    // Whoever hears answers at once if it may.
    pair.run((count) => count - 1);
    expect(pair.alice.session.idle).toBe(true);
    expect(answers).toHaveBeenCalledTimes(2);
  });

  it('acknowledges what was to be followed by what is withdrawn', () => {
    const pair = up({ packetBytes: 4096, laneBytes: 1000 });
    const sent = Array.from({ length: 50 }, () => send(pair.alice, packet(100)));
    pair.alice.session.flush();
    for (const { message } of sent) {
      if (message?.state === 'waiting') pair.alice.session.withdraw(message);
    }
    const left = sent.filter(({ message }) => message?.state !== 'done');
    expect(left.length).toBe(40);
    pair.run();
    expect(left.map(({ outcome }) => outcome.ended)).toEqual(left.map(() => 'well'));
  });

  it('rejects the very send that the other side refused, with its words', () => {
    const pair = up();
    pair.bob.refuse = (_queue, { head }) => {
      if (head.length === 2) throw new PoolError('unpackable', 'nobody registered the tag "Point"');
    };
    const outcomes = [1, 2, 3].map((length) => send(pair.alice, packet(length)).outcome);
    pair.run((count) => count - 1);
    expect(outcomes.map(({ ended: how }) => (how instanceof PoolError ? how.message : how))).toEqual([
      'well',
      'unpackable: bob could not take it: nobody registered the tag "Point"',
      'well',
    ]);
    expect(outcomes[1]?.ended).toMatchObject({ peer: 'bob', delivery: 'none' });
  });

  it('resolves `consumed` when the receipt says so, before or after the acknowledgement', () => {
    const pair = up();
    const first = send(pair.alice, packet(1), { ack: 'consumed' });
    const second = send(pair.alice, packet(2), { ack: 'consumed' });
    pair.run();
    expect(first.outcome.ended).toBe('not yet');
    const [, later] = messages(pair.bob);
    later?.receipt.consumed();
    later?.receipt.consumed();
    pair.run();
    expect([first.outcome.ended, second.outcome.ended]).toEqual(['not yet', 'well']);
    consumeAll(pair.bob);
    pair.run();
    expect(first.outcome.ended).toBe('well');
  });

  it('resolves `accepted` when there is room to send more', () => {
    const pair = up();
    const near = send(pair.alice, packet(600_000), { ack: 'accepted' });
    const far = send(pair.alice, packet(600_000), { ack: 'accepted', queue: 'far' });
    expect([near.outcome.ended, far.outcome.ended]).toEqual(['well', 'not yet']);
    pair.run();
    expect(far.outcome.ended).toBe('well');
  });

  it('stops sending when what it sent lies unread, and goes on when it is consumed', () => {
    const limit = 100_000;
    const pair = up({ bob: { inboxLimit: limit } });
    const outcomes = Array.from({ length: 100 }, () => send(pair.alice, packet(5_000)).outcome);
    pair.run();
    const arrived = messages(pair.bob).length;
    expect(arrived).toBe(Math.floor(limit / 5_256));
    expect(outcomes.filter((outcome) => outcome.ended === 'well')).toHaveLength(arrived);
    while (messages(pair.bob).length < 100) {
      const before = messages(pair.bob).length;
      consumeAll(pair.bob);
      pair.run();
      expect(messages(pair.bob).length).toBeGreaterThan(before);
    }
    expect(outcomes.every((outcome) => outcome.ended === 'well')).toBe(true);
  });

  it('takes one message larger than the inbox, and no second beside it', () => {
    const pair = up({ bob: { inboxLimit: 10_000 } });
    const first = send(pair.alice, packet(50_000), { queue: 'a' });
    const second = send(pair.alice, packet(50_000), { queue: 'b' });
    pair.run();
    expect([first.outcome.ended, second.outcome.ended]).toEqual(['well', 'not yet']);
    consumeAll(pair.bob);
    pair.run();
    expect(second.outcome.ended).toBe('well');
  });

  it('keeps room for small messages while large ones fill the inbox', () => {
    const pair = up({ bob: { inboxLimit: 100_000 } });
    for (let count = 0; count < 20; count++) send(pair.alice, packet(20_000), { queue: 'bulk' });
    pair.run();
    const small = send(pair.alice, packet(5_000), { queue: 'small' });
    pair.run();
    expect(small.outcome.ended).toBe('well');
  });

  it('lets the next message of a wanted queue pass although the inbox is full', () => {
    const pair = up({ bob: { inboxLimit: 20_000 } });
    for (let count = 0; count < 10; count++) send(pair.alice, packet(5_000), { queue: 'noise' });
    pair.run();
    const first = send(pair.alice, packet(9_000), { queue: 'wanted' });
    const second = send(pair.alice, packet(9_000), { queue: 'wanted' });
    pair.run();
    expect(first.outcome.ended).toBe('not yet');
    pair.bob.session.want('wanted', true);
    pair.run();
    expect([first.outcome.ended, second.outcome.ended]).toEqual(['well', 'not yet']);
  });

  it('asks for a queue that was awaited before the inbox filled', () => {
    const pair = up({ bob: { inboxLimit: 20_000 } });
    pair.bob.session.want('wanted', true);
    for (let count = 0; count < 10; count++) send(pair.alice, packet(5_000), { queue: 'noise' });
    const wanted = send(pair.alice, packet(9_000), { queue: 'wanted' });
    pair.run();
    expect(wanted.outcome.ended).toBe('well');
  });

  it('does not ask for a queue that nobody waits for any more', () => {
    const pair = up({ bob: { inboxLimit: 20_000 } });
    pair.bob.session.want('wanted', true);
    pair.bob.session.want('wanted', false);
    for (let count = 0; count < 10; count++) send(pair.alice, packet(5_000), { queue: 'noise' });
    const wanted = send(pair.alice, packet(9_000), { queue: 'wanted' });
    pair.run();
    expect(wanted.outcome.ended).toBe('not yet');
  });

  it('takes no credit for what is unmetered', () => {
    const pair = up({ bob: { inboxLimit: 20_000 } });
    for (let count = 0; count < 10; count++) send(pair.alice, packet(5_000), { queue: 'noise' });
    const answer = send(pair.alice, packet(9_000), { queue: 'answer', unmetered: true });
    pair.run();
    expect(answer.outcome.ended).toBe('well');
  });

  it('brings a correlation along, with whole messages and with fragments', () => {
    const pair = up();
    const given = [undefined, 0, 127, 128, 2 ** 53 - 1];
    for (const correlation of given) {
      send(pair.alice, packet(10), { queue: 'small', correlation });
      send(pair.alice, packet(100_000, 70_000), { queue: 'large', correlation });
    }
    pair.run();
    for (const bytes of [10, 100_000]) {
      const arrived = messages(pair.bob).filter((message) => message.packet.head.length === bytes);
      expect(arrived.map((message) => message.receipt.correlation)).toEqual(given);
    }
  });

  it('withdraws what has not left, cancels what left in part, and says so', () => {
    const pair = up();
    const waiting = send(pair.alice, packet(10));
    expect(waiting.message && pair.alice.session.withdraw(waiting.message)).toBe('none');
    const half = send(pair.alice, packet(300_000));
    pair.alice.session.flush();
    expect(half.message && pair.alice.session.withdraw(half.message)).toBe('none');
    const whole = send(pair.alice, packet(20));
    pair.alice.session.flush();
    expect(whole.message?.state).toBe('waiting');
    pair.run();
    expect(messages(pair.bob).map((message) => message.packet.head.length)).toEqual([20]);
    expect(whole.outcome.ended).toBe('well');
    const gone = send(pair.alice, packet(30));
    pair.alice.session.flush();
    expect(gone.message && pair.alice.session.withdraw(gone.message)).toBe('unknown');
    pair.run();
    expect(messages(pair.bob).map((message) => message.packet.head.length)).toEqual([20, 30]);
    // What was cancelled gave its credit back.
    const large = send(pair.alice, packet(900_000));
    consumeAll(pair.bob);
    pair.run();
    expect(large.outcome.ended).toBe('well');
  });

  it('moves on when the message that blocked its queue is withdrawn', () => {
    const pair = up({ bob: { inboxLimit: 20_000 } });
    send(pair.alice, packet(12_000), { queue: 'noise' });
    pair.run();
    const blocked = send(pair.alice, packet(9_000), { queue: 'q' });
    const behind = send(pair.alice, packet(10), { queue: 'q' });
    pair.run();
    expect(behind.outcome.ended).toBe('not yet');
    if (blocked.message !== undefined) pair.alice.session.withdraw(blocked.message);
    pair.run();
    expect(behind.outcome.ended).toBe('well');
  });

  it('refuses beyond the outbox limit, and takes again once there is room', () => {
    const pair = up({ alice: { outboxLimit: 10_000 } });
    const first = send(pair.alice, packet(50_000));
    const second = send(pair.alice, packet(1));
    expect(second.outcome.ended).toMatchObject({ code: 'refused', reason: 'outbox-full', delivery: 'none' });
    pair.run();
    expect(first.outcome.ended).toBe('well');
    const third = send(pair.alice, packet(1));
    pair.run();
    expect(third.outcome.ended).toBe('well');
  });

  it('refuses what the other side would not take, also if it was sent before that was known', () => {
    const pair = new PairOfSessions({ bob: { maxMessageSize: 1_000 } });
    const early = send(pair.alice, packet(2_000));
    const fine = send(pair.alice, packet(1_000));
    pair.open();
    pair.run();
    const late = send(pair.alice, packet(1_001));
    expect(early.outcome.ended).toMatchObject({ code: 'too-large', delivery: 'none' });
    expect(late.outcome.ended).toMatchObject({ code: 'too-large', delivery: 'none' });
    expect(fine.outcome.ended).toBe('well');
  });

  it('tells failures that nobody awaits', () => {
    const pair = up();
    pair.bob.refuse = () => {
      throw new PoolError('malformed', 'no');
    };
    const none = send(pair.alice, packet(1), { ack: 'none' });
    const accepted = send(pair.alice, packet(1), { ack: 'accepted' });
    expect([none.outcome.ended, accepted.outcome.ended]).toEqual(['well', 'well']);
    pair.run();
    expect(pair.alice.heard.filter((heard) => heard.type === 'failed')).toHaveLength(2);
  });

  it('measures the round trip, and answers all who asked when it ends', () => {
    const pair = up();
    const answers: unknown[] = [];
    pair.alice.session.ping((answer) => answers.push(answer));
    pair.now = 12;
    pair.run();
    expect(answers).toEqual([12]);
    pair.alice.session.ping((answer) => answers.push(answer));
    pair.alice.session.lost('lost', 'the link broke');
    expect(answers[1]).toMatchObject({ code: 'peer-left' });
  });

  it('says goodbye with its last acknowledgements, so that nothing is both delivered and rejected', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(7)), fc.nat(40), (choices, patience) => {
        const pair = up();
        const choose = (count: number): number => (choices.next().value ?? 0) % count;
        const outcomes = Array.from(
          { length: 20 },
          (_, index) => send(pair.alice, packet(index * 700), { queue: `${index % 3}` }).outcome,
        );
        for (let step = 0; step < patience; step++) {
          const steps = pair.steps();
          if (steps.length > 0) steps[choose(steps.length)]?.();
        }
        pair.bob.session.goodbye('goodbye', '');
        pair.run(choose);
        const taken = messages(pair.bob).length;
        expect(outcomes.filter((outcome) => outcome.ended === 'well')).toHaveLength(taken);
        for (const { ended: how } of outcomes)
          if (how !== 'well') expect(how).toMatchObject({ code: 'peer-left', delivery: 'none' });
        expect(ended(pair.alice)?.reason).toBe('goodbye');
        expect(ended(pair.bob)?.reason).toBe('goodbye');
        expect(pair.alice.link.closed && pair.bob.link.closed).toBe(true);
      }),
    );
  });

  it('says what it refused before it says goodbye', () => {
    const pair = up();
    pair.bob.refuse = () => {
      throw new PoolError('unpackable', 'no');
    };
    const { outcome } = send(pair.alice, packet(1));
    pair.alice.session.flush();
    const sent = pair.alice.link.take(0);
    if (sent !== undefined) pair.bob.listener.packet(0, sent);
    pair.bob.session.goodbye('goodbye', '');
    pair.run();
    expect(outcome.ended).toMatchObject({ code: 'unpackable', delivery: 'none' });
  });

  it('ends once on each side when both say goodbye in the same instant', () => {
    const pair = up();
    pair.alice.session.goodbye('goodbye', '');
    pair.bob.session.goodbye('goodbye', '');
    pair.run();
    for (const end of [pair.alice, pair.bob]) {
      expect(end.heard.filter((heard) => heard.type === 'ended')).toHaveLength(1);
      expect(ended(end)?.reason).toBe('goodbye');
    }
  });

  it('tells a removed peer why', () => {
    const pair = up();
    pair.alice.session.goodbye('removed', 'you were idle');
    pair.run();
    expect(ended(pair.bob)?.reason).toBe('removed');
    expect(ended(pair.bob)?.error.message).toBe('peer-left: alice left (removed): you were idle');
  });

  it('rejects everything that is pending when it is given up', () => {
    const pair = up();
    const consumed = send(pair.alice, packet(1), { ack: 'consumed' });
    pair.run();
    const gone = send(pair.alice, packet(2));
    pair.alice.session.flush();
    const waiting = send(pair.alice, packet(3));
    pair.alice.session.lost('lost', 'it did not come back');
    const deliveries = [consumed, gone, waiting].map(({ outcome }) => (outcome.ended as PoolError).delivery);
    expect(deliveries).toEqual(['delivered', 'unknown', 'none']);
    expect(ended(pair.alice)?.reason).toBe('lost');
  });

  it('hears nothing of an old link once a new one is being made', () => {
    const pair = new PairOfSessions();
    const { listener, link } = pair.alice;
    pair.link();
    listener.opened(link);
    expect(link.closed).toBe(true);
    listener.packet(0, new Uint8Array([1, 2, 3]));
    expect(pair.alice.heard).toEqual([]);
  });
});

describe('a link that breaks', () => {
  it('is a broken link and not a departure: the session goes on over the next, and what was under way arrives', () => {
    const pair = up();
    const outcomes = [5, 100_000, 0, 9_000].map(
      (length) => send(pair.alice, packet(length), { queue: `${length}` }).outcome,
    );
    pair.alice.session.flush();
    pair.relink();
    pair.run();
    expect(pair.alice.heard.map((heard) => heard.type)).toEqual(['joined', 'severed', 'resumed']);
    expect(outcomes.map((outcome) => outcome.ended)).toEqual(['well', 'well', 'well', 'well']);
    expect(messages(pair.bob)).toHaveLength(4);
  });

  it('loses no refusal', () => {
    const pair = up();
    pair.bob.refuse = () => {
      throw new PoolError('unpackable', 'no');
    };
    const { outcome } = send(pair.alice, packet(1));
    pair.alice.session.flush();
    const sent = pair.alice.link.take(0);
    if (sent !== undefined) pair.bob.listener.packet(0, sent);
    pair.relink();
    pair.run();
    expect(outcome.ended).toMatchObject({ code: 'unpackable' });
    pair.bob.refuse = undefined;
    const next = send(pair.alice, packet(2));
    pair.run();
    expect(next.outcome.ended).toBe('well');
  });

  it('in the middle of a greeting leaves a session that both can begin', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.infiniteStream(fc.nat(5)), (steps, choices) => {
        const pair = new PairOfSessions();
        const choose = (count: number): number => (choices.next().value as number) % count;
        const early = send(pair.alice, packet(3));
        pair.open(choose(2) === 0 ? pair.alice : pair.bob);
        for (let step = 0; step < steps; step++) {
          const possible = pair.steps();
          possible[choose(possible.length)]?.();
          if (step === 2) pair.open(pair.alice.linked ? pair.bob : pair.alice);
        }
        pair.relink();
        pair.run(choose);
        expect(early.outcome.ended).toBe('well');
        for (const end of pair.ends) expect(end.heard.filter((heard) => heard.type === 'joined')).toHaveLength(1);
        expect(pair.ends.some((end) => ended(end))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('ends the session on the side that still has it when the other has not', () => {
    const pair = up();
    const pending = send(pair.alice, packet(1));
    pair.alice.session.flush();
    pair.bob.session.lost('lost', 'given up');
    const other = new PairOfSessions();
    // Bob's next session with the same instance meets Alice's old one.
    pair.cut();
    pair.link();
    const bob = { ...other.bob, link: pair.bob.link, listener: other.bob.session.attach('alice-1', 2) };
    pair.alice.linked = true;
    pair.alice.listener.opened(pair.alice.link);
    bob.listener.opened(bob.link);
    for (let turn = 0; turn < 10; turn++) {
      for (const lane of [0, 1] as const) {
        const [down, back] = [pair.alice.link.take(lane), bob.link.take(lane)];
        if (down !== undefined) bob.listener.packet(lane, down);
        if (back !== undefined) pair.alice.listener.packet(lane, back);
      }
    }
    expect(ended(pair.alice)).toMatchObject({ reason: 'lost', error: { reason: 'gone' } });
    expect(pending.outcome.ended).toMatchObject({ code: 'peer-left', delivery: 'unknown' });
    expect(other.bob.heard.map((heard) => heard.type)).toEqual(['unfit']);
  });

  it('is not taken over by somebody who knows the session but not the key', () => {
    const pair = up();
    pair.cut();
    pair.link();
    // Whoever sits in the middle has another fingerprint towards each side.
    Object.assign(pair.bob.link, { binding: { own: 'bob-2', other: 'mallory' } });
    pair.open();
    pair.run();
    expect(pair.bob.heard.at(-1)).toMatchObject({ type: 'unfit', error: { code: 'untrusted', reason: 'proof' } });
    expect(pair.ends.some((end) => end.session.up || ended(end))).toBe(false);
    pair.relink();
    pair.run();
    expect(pair.ends.every((end) => end.session.up)).toBe(true);
  });

  it('does not lose a ping', () => {
    const pair = up();
    const answers: unknown[] = [];
    pair.alice.session.ping((answer) => answers.push(answer));
    pair.now = 40;
    pair.relink();
    pair.run();
    expect(answers).toEqual([40]);
  });

  it('loses no credit', () => {
    const pair = up({ bob: { inboxLimit: 20_000 } });
    const outcomes = [1, 2, 3].map(() => send(pair.alice, packet(9_000)).outcome);
    pair.run();
    expect(outcomes.map((outcome) => outcome.ended)).toEqual(['well', 'not yet', 'not yet']);
    consumeAll(pair.bob);
    pair.bob.session.flush();
    pair.relink();
    pair.run();
    expect(outcomes[1]?.ended).toBe('well');
  });

  it.each([
    [16_384, 4_096],
    [4_096, 16_384],
  ])('goes on with packets of another size: %d, then %d bytes', (before, after) => {
    const pair = up({ packetBytes: before, laneBytes: 1 << 20 });
    const sizes = [100, 8_000, 60_000, 15_900, 3_000];
    const outcomes = sizes.map((size) => send(pair.alice, packet(size), { queue: `${size}` }).outcome);
    pair.alice.session.flush();
    pair.cut();
    pair.link(after);
    pair.open();
    pair.run();
    expect(outcomes.map((outcome) => outcome.ended)).toEqual(sizes.map(() => 'well'));
    const arrived = messages(pair.bob).map(({ packet: { head } }) => head);
    expect(arrived.sort((one, other) => one.length - other.length)).toEqual(
      sizes.sort((a, b) => a - b).map((size) => bytes(size)),
    );
  });

  it('while leaving ends the session', () => {
    const pair = up();
    pair.alice.session.goodbye('goodbye', '');
    pair.cut();
    expect(ended(pair.alice)?.reason).toBe('goodbye');
    expect(ended(pair.bob)).toBeUndefined();
  });
});

describe('whatever a stranger sends', () => {
  const cases: [string, number[]][] = [
    ['an unknown frame', [0x0f]],
    ['an unknown counted frame', [0x3f]],
    ['a message longer than its packet', [0x10, 0xff, 0x01]],
    ['a number of too many bytes', [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a queue key longer than allowed', [0x11, 0x81, 0x08]],
    ['a queue key repeated that stands nowhere', [0x18, 0x00]],
    ['a queue key that is not UTF-8', [0x11, 0x01, 0xff, 0x00]],
    ['a fragment of nothing', [0x30, 0x00, 0x01, 0x00]],
    ['a cancel of nothing', [0x31, 0x00]],
    ['a fragment beyond what was announced', [0x20, 0x01, 0x02, 0x00, 0x00]],
    ['a layout longer than its message', [0x28, 0x05, 0x06, 0x00]],
    ['a layout of many tiny segments', [0x28, 0x0a, 0x05, 0x0a, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]],
    ['an acknowledgement of what was never sent', [0x04, 0x01, 0x00]],
    ['a refusal of what was never sent', [0x32, 0x00, 0x00, 0x00, 0x00]],
    ['a receipt for what was never sent', [0x33, 0x00, 0x00]],
    ['credit for what was never sent', [0x05, 0x01]],
    ['a lane that does not exist', [0x33, 0x02, 0x00]],
    ['an announcement before the end of its packet', [0x09, 0x06, 0x01]],
    ['a second hello', [0x01]],
    ['a message larger than allowed', [0x20, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00]],
  ];

  it.each(cases)('ends the session as malformed: %s', (_what, frame) => {
    const pair = up();
    const pending = send(pair.bob, packet(1));
    pair.bob.listener.packet(0, Uint8Array.from(frame));
    expect(ended(pair.bob)?.reason).toBe('malformed');
    expect(ended(pair.bob)?.error.message).toMatch(/^malformed: alice broke the protocol: /);
    expect(pending.outcome.ended).toMatchObject({ code: 'malformed' });
    pair.run();
    expect(ended(pair.alice)?.reason).toBe('malformed');
  });

  it('is held to its credit', () => {
    const pair = up({ bob: { inboxLimit: 10_000 } });
    for (let count = 0; count < 2; count++) {
      const frame = new Uint8Array(3 + 5_000);
      frame.set([0x10, 0x88, 0x27]);
      pair.bob.listener.packet(0, frame);
    }
    expect(ended(pair.bob)?.error.message).toMatch(/more than it has credit for/);
  });

  it.each([
    ['no hello', [0x02]],
    ['a hello of something else', [0x01, 1, 2, 3]],
    ['a frame', [0x10, 0x00]],
  ])('is refused before it is greeted: %s', (_what, frame) => {
    const pair = new PairOfSessions();
    pair.open();
    pair.bob.listener.packet(0, Uint8Array.from(frame));
    expect(ended(pair.bob)?.reason).toBe('malformed');
    expect(pair.bob.heard.some((heard) => heard.type === 'joined')).toBe(false);
  });

  it('never throws, hangs or ends twice', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), fc.boolean(), (packets, greeted) => {
        const pair = new PairOfSessions();
        pair.open();
        if (greeted) pair.run();
        for (const [index, garbage] of packets.entries()) pair.bob.listener.packet(index % 2 === 0 ? 0 : 1, garbage);
        pair.run();
        expect(pair.bob.heard.filter((heard) => heard.type === 'ended').length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a session whose listener calls back in', () => {
  it('leaves no large message to the lane of the small ones when the small one before it is withdrawn', () => {
    const pair = up();
    const small = send(pair.alice, packet(5), { queue: 'q' });
    const large = send(pair.alice, packet(50_000), { queue: 'q' });
    if (small.message !== undefined) pair.alice.session.withdraw(small.message);
    pair.alice.session.flush();
    expect(pair.alice.link.underway[0].length).toBe(0);
    pair.run();
    expect(large.outcome.ended).toBe('well');
  });

  it('has the message from within which it says goodbye', () => {
    const pair = up();
    pair.bob.refuse = () => pair.bob.session.goodbye('goodbye', '');
    const outcomes = [1, 2].map((length) => send(pair.alice, packet(length)).outcome);
    pair.run();
    expect(messages(pair.bob)).toHaveLength(1);
    expect(outcomes[0]?.ended).toBe('well');
    expect(outcomes[1]?.ended).toMatchObject({ code: 'peer-left', delivery: 'none' });
  });

  it('hears what was refused when both say goodbye in the same instant', () => {
    const pair = up();
    pair.bob.refuse = () => {
      throw new PoolError('unpackable', 'no');
    };
    const { outcome } = send(pair.alice, packet(1));
    pair.alice.session.flush();
    const sent = pair.alice.link.take(0);
    if (sent !== undefined) pair.bob.listener.packet(0, sent);
    pair.alice.session.goodbye('goodbye', '');
    pair.bob.session.goodbye('goodbye', '');
    pair.run();
    expect(outcome.ended).toMatchObject({ code: 'unpackable', delivery: 'none' });
  });

  it('says what it refused before a goodbye that is said in mid flush', () => {
    const pair = up();
    pair.bob.refuse = () => {
      throw new PoolError('unpackable', 'no');
    };
    const { outcome } = send(pair.alice, packet(1));
    pair.alice.session.flush();
    // The second is accepted when it leaves, in the packet that carries the refusal.
    send(pair.bob, packet((1 << 20) - 256), { queue: 'bulk', ack: 'accepted' });
    pair.bob.session.send(packet(30), { queue: '', ack: 'accepted' }, () => pair.bob.session.goodbye('goodbye', ''));
    const sent = pair.alice.link.take(0);
    if (sent !== undefined) pair.bob.listener.packet(0, sent);
    pair.run();
    expect(ended(pair.bob)?.reason).toBe('goodbye');
    expect(outcome.ended).toMatchObject({ code: 'unpackable', delivery: 'none' });
  });

  it('tells who has withdrawn a message nothing more of it', () => {
    const pair = new PairOfSessions();
    send(pair.alice, packet(1 << 20), { ack: 'accepted' });
    const { outcome, message } = send(pair.alice, packet(1), { ack: 'accepted' });
    const other = send(pair.alice, packet(1), { ack: 'accepted' });
    expect(message && pair.alice.session.withdraw(message)).toBe('none');
    pair.open();
    pair.run();
    expect([outcome.ended, other.outcome.ended]).toEqual(['not yet', 'well']);
  });

  it('does not rise again when it is ended by whoever hears that a message is too large', () => {
    const pair = new PairOfSessions({ bob: { maxMessageSize: 1_000 } });
    pair.alice.session.send(packet(2_000), { queue: '', ack: 'delivered' }, () =>
      pair.alice.session.abort('goodbye', ''),
    );
    pair.open();
    pair.run();
    expect(pair.alice.heard.map((heard) => heard.type)).toEqual(['ended']);
    expect(pair.alice.session.end).toBeDefined();
  });

  it('refuses every message that is too large, however many there are', () => {
    const pair = new PairOfSessions({ bob: { maxMessageSize: 1_000 } });
    const outcomes = Array.from(
      { length: 200 },
      (_, index) => send(pair.alice, packet(index % 4 === 0 ? 5 : 2_000)).outcome,
    );
    pair.open();
    pair.run();
    expect(outcomes.filter((outcome) => outcome.ended === 'well')).toHaveLength(50);
    expect(
      outcomes.filter((outcome) => outcome.ended instanceof PoolError && outcome.ended.code === 'too-large'),
    ).toHaveLength(150);
    expect(messages(pair.bob)).toHaveLength(50);
  });

  it('takes what fitted also when what was asked for by name has overtaken it', () => {
    const pair = up({ bob: { inboxLimit: 40_000 } });
    for (let count = 0; count < 4; count++) send(pair.alice, packet(7_000), { queue: 'noise' });
    pair.run();
    const fitting = send(pair.alice, packet(7_000), { queue: 'noise' });
    pair.alice.session.flush();
    const wanted = send(pair.alice, packet(20_000), { queue: 'wanted' });
    pair.bob.session.want('wanted', true);
    pair.bob.session.flush();
    const want = pair.bob.link.take(0);
    if (want !== undefined) pair.alice.listener.packet(0, want);
    pair.alice.session.flush();
    // The lane of the large ones is faster than the other.
    pair.run((count) => count - 1);
    expect([fitting.outcome.ended, wanted.outcome.ended]).toEqual(['well', 'well']);
  });

  it('is over when a new link is made after it has said goodbye', () => {
    const pair = up();
    pair.alice.session.goodbye('goodbye', '');
    pair.link();
    expect(ended(pair.alice)?.reason).toBe('goodbye');
    pair.open();
    pair.run();
    expect(pair.alice.session.up).toBe(false);
    expect(pair.alice.heard.filter((heard) => heard.type === 'resumed')).toHaveLength(0);
  });
});
