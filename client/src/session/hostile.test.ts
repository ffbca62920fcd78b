import { describe, expect, it, vi } from 'vitest';
import { encodeText, FLAG, FRAME, PacketReader, PacketWriter } from './frames.ts';
import { Inbox } from './inbox.ts';
import { SendQueue } from './outgoing.ts';
import { type End, type Heard, PairOfSessions, type PairOptions } from './testing/pair-of-sessions.ts';

const KIBIBYTE = 1024;
const PACKET_BYTES = 32 * KIBIBYTE;

function up(options: PairOptions = {}): PairOfSessions {
  const pair = new PairOfSessions({ packetBytes: PACKET_BYTES, laneBytes: 4 * PACKET_BYTES, ...options });
  pair.open();
  pair.run();
  return pair;
}

/** What alice's end says in place of her session. */
function say(pair: PairOfSessions, lane: 0 | 1, ...frames: (number | string | Uint8Array)[][]): void {
  const writer = new PacketWriter(PACKET_BYTES);
  for (const [kind = 0, ...fields] of frames) {
    writer.byte(kind as number);
    for (const field of fields) {
      if (typeof field === 'number') writer.varint(field);
      else writer.text(typeof field === 'string' ? encodeText(field) : field);
    }
  }
  pair.bob.listener.packet(lane, writer.packet.slice());
}

function message(queue: string, bytes: number, flags = 0): (number | string | Uint8Array)[] {
  return [FRAME.message | FLAG.queue | flags, queue, new Uint8Array(bytes)];
}

function send({ session }: End, queue: string, bytes = 1): { error: unknown } {
  const outcome: { error: unknown } = { error: 'nothing yet' };
  session.send({ head: new Uint8Array(bytes), segments: [] }, { queue, ack: 'delivered' }, (error) => {
    outcome.error = error;
  });
  return outcome;
}

function received({ heard }: End): Extract<Heard, { type: 'message' }>[] {
  return heard.filter((one) => one.type === 'message');
}

function ended({ heard }: End): string | undefined {
  const last = heard.find((one) => one.type === 'ended');
  return last?.type === 'ended' ? last.error.message : undefined;
}

/** Her hello, with other fields. */
function forged(hello: Uint8Array, change: (fields: { resume: Record<string, unknown> }) => void): Uint8Array {
  const start = 1 + 'peerpool'.length;
  const fields = JSON.parse(new TextDecoder().decode(hello.subarray(start))) as { resume: Record<string, unknown> };
  change(fields);
  return Uint8Array.of(...hello.subarray(0, start), ...encodeText(JSON.stringify(fields)));
}

describe('a hostile end', () => {
  it.each([
    ['an acknowledgement of what was not sent yet', [FRAME.ack, 2, 0], /acknowledges what was never sent/],
    ['an acknowledgement without end', [FRAME.ack, 2 ** 53 - 1, 0], /acknowledges what was never sent/],
    ['more credit than was charged', [FRAME.credit, 2 ** 40], /consumed more than was sent/],
    ['a pass that was not given', message('q', 1, FLAG.wanted), /uses or gives back what it was not given/],
    ['a pass given back that was not given', [FRAME.unwanted], /uses or gives back what it was not given/],
    ['a second welcome', [FRAME.welcome], /unknown kind 2/],
    ['a reject of what stands', [FRAME.reject, 'gone', 'x'], /unknown kind 3/],
  ])('that forges %s ends its own session, and the sends with it', (_what, frame, sentence) => {
    const pair = up();
    const other = up();
    const outcome = send(pair.bob, '');
    pair.bob.session.flush();
    say(pair, 0, frame);
    expect(ended(pair.bob)).toMatch(sentence);
    expect(outcome.error).toMatchObject({ code: 'malformed', peer: 'alice' });
    const elsewhere = send(other.bob, '');
    other.run();
    expect(elsewhere.error).toBeUndefined();
  });

  it('that takes credit or acknowledgements back changes nothing', () => {
    const pair = up();
    for (let index = 0; index < 3; index++) send(pair.bob, 'q');
    pair.run();
    for (const one of received(pair.alice)) one.receipt.consumed();
    pair.run();
    for (let index = 0; index < 3; index++) say(pair, 0, [FRAME.credit, index], [FRAME.ack, index, 0]);
    const outcome = send(pair.bob, 'q');
    pair.run();
    expect(outcome.error).toBeUndefined();
    expect(ended(pair.bob)).toBeUndefined();
  });

  it('that continues in one lane what it began in the other, or what is finished, breaks the protocol', () => {
    for (const lane of [0, 1] as const) {
      const pair = up();
      say(pair, 1, [FRAME.first, 4, Uint8Array.of(1, 2)]);
      if (lane === 1) say(pair, 1, [FRAME.more, 0, Uint8Array.of(3, 4)]);
      say(pair, lane, [FRAME.more, 0, Uint8Array.of(3, 4)]);
      expect(ended(pair.bob)).toMatch(/continues a message that it has not begun/);
    }
  });

  it('that continues what it cancelled breaks the protocol', () => {
    const pair = up();
    say(pair, 1, [FRAME.first, 4, Uint8Array.of(1)], [FRAME.cancel, 0], [FRAME.more, 0, Uint8Array.of(2)]);
    expect(ended(pair.bob)).toMatch(/continues a message that it has not begun/);
  });

  it('that sends a message without end brings no byte more than it announced', () => {
    const pair = up();
    say(pair, 1, [FRAME.first, 100, new Uint8Array(60)]);
    for (let empty = 0; empty < 100; empty++) say(pair, 1, [FRAME.more, 0, new Uint8Array(0)]);
    expect(ended(pair.bob)).toBeUndefined();
    say(pair, 1, [FRAME.more, 0, new Uint8Array(41)]);
    expect(ended(pair.bob)).toMatch(/longer than announced/);
  });

  it('that takes back what it asked for, again and again, and acknowledges nothing, breaks the protocol', () => {
    const pair = up();
    for (let round = 0; round < 70; round++) {
      const both = [
        [FRAME.want, 'q'],
        [FRAME.unwant, 'q'],
      ];
      say(pair, 0, ...Array.from({ length: 1_000 }, () => both).flat());
    }
    expect(ended(pair.bob)).toMatch(/wants too many queues at once/);
  });

  it('that is waited for again and again gathers no right to more than the inbox', () => {
    const limit = 100 * KIBIBYTE;
    const pair = up({ bob: { inboxLimit: limit, maxMessageSize: 60 * KIBIBYTE } });
    say(pair, 0, message('junk', 20 * KIBIBYTE));
    for (let round = 0; round < 1_000; round++) {
      pair.bob.session.want('tick', true);
      say(pair, 0, message('tick', 1));
      received(pair.bob).at(-1)?.receipt.consumed();
    }
    for (let flood = 0; flood < 200 && ended(pair.bob) === undefined; flood++)
      say(pair, 0, message(`flood${flood}`, 20 * KIBIBYTE, FLAG.wanted));
    expect(ended(pair.bob)).toMatch(/uses or gives back what it was not given/);
    const held = received(pair.bob).reduce(
      (sum, { queue, packet }) => sum + (queue === 'tick' ? 0 : packet.head.length),
      0,
    );
    expect(held).toBeLessThan(limit + 65 * 20 * KIBIBYTE);
  });

  it('that gives back late what it was allowed is asked again', () => {
    const pair = up({ bob: { inboxLimit: 100 * KIBIBYTE } });
    say(pair, 0, message('junk', 20 * KIBIBYTE));
    const wants = (): number => {
      pair.bob.session.flush();
      let wants = 0;
      for (let packet = pair.bob.link.take(0); packet !== undefined; packet = pair.bob.link.take(0))
        wants += new TextDecoder('latin1').decode(packet).split('\x34\x04wait').length - 1;
      return wants;
    };
    for (let round = 0; round < 100; round++) {
      pair.bob.session.want('wait', true);
      pair.bob.session.want('wait', false);
    }
    expect(wants()).toBe(64);
    pair.bob.session.want('wait', true);
    expect(wants()).toBe(0);
    say(pair, 0, [FRAME.unwanted]);
    expect(wants()).toBe(1);
    expect(ended(pair.bob)).toBeUndefined();
  });

  it('that tells of credit byte by byte costs one look at what is blocked for each packet', () => {
    const pair = up({ alice: { inboxLimit: 64 * KIBIBYTE } });
    for (let queue = 0; queue < 5_000; queue++) send(pair.bob, `q${queue}`, 100);
    pair.run();
    const looks = vi.spyOn(SendQueue.prototype, 'next', 'get');
    say(pair, 0, ...Array.from({ length: 5_000 }, (_, step) => [FRAME.credit, step + 1]));
    expect(looks.mock.calls.length).toBeLessThan(20_000);
    looks.mockRestore();
    expect(ended(pair.bob)).toBeUndefined();
  });

  it('that rejects in one lane when it is up in the other has broken the protocol, and not the link', () => {
    const pair = new PairOfSessions();
    pair.open();
    const { bob, alice } = pair;
    for (let packets = 0; packets < 2; packets++) {
      const packet = alice.link.take(0) ?? Uint8Array.of(FRAME.welcome);
      bob.listener.packet(0, packet);
    }
    expect(bob.session.up).toBe(true);
    const writer = new PacketWriter(PACKET_BYTES);
    writer.byte(FRAME.reject);
    for (const text of ['proof', 'x']) writer.text(encodeText(text));
    bob.listener.packet(1, writer.packet);
    expect(ended(bob)).toMatch(/rejects whom it has welcomed/);
  });
});

describe('whoever pretends to be the other end of a session that stands', () => {
  function interrupted(): {
    readonly pair: PairOfSessions;
    readonly hello: Uint8Array;
    readonly outcome: { error: unknown };
  } {
    const pair = up();
    pair.cut();
    const outcome = send(pair.bob, 'kept');
    pair.link();
    pair.open();
    const hello = pair.alice.link.underway[0].first ?? new Uint8Array(0);
    return { pair, hello, outcome };
  }

  /** The link was no good, and the next one is: for the true other end. */
  function goesOn({ pair, outcome }: ReturnType<typeof interrupted>): void {
    expect(ended(pair.bob)).toBeUndefined();
    expect(pair.bob.session.up).toBe(false);
    pair.relink();
    pair.run();
    expect(pair.bob.session.up).toBe(true);
    expect(outcome.error).toBeUndefined();
  }

  it.each([
    ['bytes that mean nothing', Uint8Array.of(0xff, 0, 1)],
    ['a hello that is none', Uint8Array.of(FRAME.hello, 1, 2, 3)],
    ['a welcome first', Uint8Array.of(FRAME.welcome)],
    ['a message', Uint8Array.of(FRAME.message, 0)],
    ['a goodbye', Uint8Array.of(FRAME.goodbye, 0, 0)],
  ])('does not end it by %s', (_what, packet) => {
    const situation = interrupted();
    situation.pair.bob.listener.packet(0, packet);
    goesOn(situation);
  });

  it.each<[string, (fields: { resume: Record<string, unknown> }) => void]>([
    ['a wrong proof', ({ resume }) => (resume['proof'] = '0'.repeat(64))],
    ['an empty field', ({ resume }) => (resume['proof'] = '')],
    ['counts that are none', ({ resume }) => (resume['frames'] = [-1, 0.5])],
    ['another name', (fields) => Object.assign(fields, { name: 'mallory' })],
  ])('does not end it by a hello with %s', (_what, change) => {
    const situation = interrupted();
    situation.pair.bob.listener.packet(0, forged(situation.hello, change));
    goesOn(situation);
  });

  it('finds that another session is not this one', () => {
    const { pair, hello } = interrupted();
    pair.bob.listener.packet(
      0,
      forged(hello, ({ resume }) => (resume['id'] = 'another')),
    );
    expect(ended(pair.bob)).toBe('peer-left: alice does not have the session any more: it gave us up meanwhile');
  });
});

it('what is consumed and then refused is free once, and not before the refusal is acknowledged', () => {
  const acknowledged: (() => void)[] = [];
  const inbox = new Inbox(
    {
      message: (_queue, _packet, receipt) => {
        receipt.consumed();
        throw new Error('unreadable');
      },
      notify: (notice) => {
        if ('acknowledged' in notice) acknowledged.push(notice.acknowledged);
      },
      tell: () => {},
    },
    { origin: 'alice-1', firstSerial: 0, inboxLimit: 10_000, maxMessageSize: 10_000 },
  );
  inbox.message(0, 0, new PacketReader(Uint8Array.of(2, 1, 1)));
  expect(inbox.consumed).toBe(0);
  for (const free of acknowledged) free();
  expect(inbox.consumed).toBe(2 + 256);
});

it('who has the proof and resumes where the session never was breaks the protocol', () => {
  const pair = up();
  pair.cut();
  pair.link();
  pair.open();
  const hello = pair.alice.link.underway[0].first ?? new Uint8Array(0);
  pair.bob.listener.packet(
    0,
    forged(hello, ({ resume }) => (resume['frames'] = [7, 0])),
  );
  pair.bob.listener.packet(0, Uint8Array.of(FRAME.welcome));
  expect(ended(pair.bob)).toMatch(/resumes where this session never was/);
});
