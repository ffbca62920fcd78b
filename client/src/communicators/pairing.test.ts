import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandshakeSlots } from './handshake-slots.ts';
import { apart, next, type Pairing, type PairingAction, type PairingEvent, type PairingRules } from './pairing.ts';

const RULES: PairingRules = { connectTimeout: 15_000, reconnectTimeout: 30_000, ringEvery: 1_000, pause: () => 200 };

/** Plays events, each at a time in milliseconds; returns what the pair did at each, in short. */
function play(
  role: 'caller' | 'callee',
  events: readonly [number, PairingEvent][],
): { pairing: Pairing; did: string[] } {
  let pairing = role === 'caller' ? apart('a', 'b') : apart('b', 'a');
  const did: string[] = [];
  for (const [now, event] of events) {
    const step = next(pairing, event, now, RULES);
    pairing = step.pairing;
    did.push(`${event.type}: ${step.actions.map(short).join(' ') || '-'}`);
  }
  return { pairing, did };
}

function short(action: PairingAction): string {
  switch (action.do) {
    case 'dial':
    case 'ring':
    case 'wait':
      return `${action.do}(${action.link})`;
    case 'alarm':
      return `alarm(${action.at ?? 'off'})`;
    case 'fail':
      return `fail(${action.attempts})`;
    default:
      return action.do;
  }
}

const call = { type: 'call' } as const;
const slot = { type: 'slot' } as const;
const up = { type: 'up' } as const;
const broken = (link: number): PairingEvent => ({ type: 'broken', link });
const alarm = { type: 'alarm' } as const;
const drop = { type: 'drop' } as const;
const ring = (link: number): PairingEvent => ({ type: 'ring', link });
const offer = (link: number): PairingEvent => ({ type: 'negotiate', link, data: 'sdp' });

describe('the caller', () => {
  it('offers when its slot comes, and gives the slot back once the link is up', () => {
    const { pairing, did } = play('caller', [
      [0, call],
      [50, slot],
      [60, offer(1)],
      [200, up],
    ]);
    expect(did).toEqual(['call: queue', 'slot: dial(1) alarm(15050)', 'negotiate: negotiate', 'up: free alarm(off)']);
    expect(pairing).toEqual({ role: 'caller', phase: 'joined', link: 1, attempts: 0, standing: true });
  });

  it('starts the clock of an attempt with its slot, and keeps it over attempts that break', () => {
    const { did } = play('caller', [
      [0, call],
      [9_000, slot],
      [9_100, broken(1)],
      [9_300, alarm],
      [9_400, slot],
      [24_000, alarm],
    ]);
    expect(did).toEqual([
      'call: queue',
      'slot: dial(1) alarm(24000)',
      'broken: hang-up free alarm(9300)',
      'alarm: queue',
      'slot: dial(2) alarm(24000)',
      'alarm: hang-up free alarm(off) fail(2)',
    ]);
  });

  it('fails when there is no time for another attempt', () => {
    const { did } = play('caller', [
      [0, call],
      [0, slot],
      [14_900, broken(1)],
    ]);
    expect(did.at(-1)).toBe('broken: hang-up free alarm(off) fail(1)');
  });

  it('answers a ring for its newest link with the next, and hears no older one', () => {
    expect(play('caller', [[0, ring(0)]]).did).toEqual(['ring: queue']);
    expect(
      play('caller', [
        [0, call],
        [1, ring(0)],
      ]).did[1],
    ).toBe('ring: wait(0)');
    expect(
      play('caller', [
        [0, call],
        [0, slot],
        [1, ring(0)],
      ]).did[2],
    ).toBe('ring: -');
    const again = play('caller', [
      [0, call],
      [0, slot],
      [1, ring(1)],
      [2, slot],
    ]);
    expect(again.did.slice(2)).toEqual(['ring: hang-up free queue', 'slot: dial(2) alarm(15000)']);
    expect(
      play('caller', [
        [0, call],
        [0, slot],
        [1, up],
        [2, ring(0)],
      ]).did[3],
    ).toBe('ring: -');
    expect(
      play('caller', [
        [0, call],
        [0, slot],
        [1, up],
        [2, ring(1)],
      ]).did[3],
    ).toBe('ring: sever hang-up queue');
  });

  it('goes on from the newest link that the other side knows', () => {
    expect(
      play('caller', [
        [0, ring(7)],
        [1, slot],
      ]).did[1],
    ).toBe('slot: dial(8) alarm(15001)');
  });

  it('hears no answer of another link than the one it dials', () => {
    expect(
      play('caller', [
        [0, call],
        [0, slot],
        [1, offer(2)],
        [1, offer(0)],
      ]).did.slice(2),
    ).toEqual(['negotiate: -', 'negotiate: -']);
  });

  it('gives everything back when the other is not wanted any more', () => {
    expect(
      play('caller', [
        [0, call],
        [1, drop],
      ]).did[1],
    ).toBe('drop: free alarm(off)');
    expect(
      play('caller', [
        [0, call],
        [0, slot],
        [1, drop],
      ]).did[2],
    ).toBe('drop: hang-up free alarm(off)');
    expect(
      play('caller', [
        [0, call],
        [0, slot],
        [1, up],
        [2, drop],
      ]).did[3],
    ).toBe('drop: hang-up alarm(off)');
    expect(
      play('caller', [
        [0, call],
        [1, drop],
        [2, slot],
      ]).did[2],
    ).toBe('slot: free');
  });
});

describe('a pair whose session stands', () => {
  it('is called again at once when its link breaks, as often as it takes', () => {
    const { did } = play('caller', [
      [0, call],
      [0, slot],
      [1, up],
      [9_000, broken(1)],
      [9_000, slot],
      [24_000, alarm],
      [24_100, { type: 'nudge' }],
      [24_100, slot],
    ]);
    expect(did.slice(3)).toEqual([
      'broken: hang-up queue',
      'slot: dial(2) alarm(24000)',
      'alarm: hang-up free alarm(24200)',
      'nudge: queue',
      'slot: dial(3) alarm(39100)',
    ]);
  });

  it('is looked for as long when only the other end knows that it stands', () => {
    const caller = play('caller', [
      [0, call],
      [0, slot],
      [1, { type: 'agreed' }],
      [2, broken(1)],
      [202, alarm],
      [202, slot],
      [15_202, alarm],
    ]);
    expect(caller.did.slice(2)).toEqual([
      'agreed: -',
      'broken: hang-up free alarm(202)',
      'alarm: queue',
      'slot: dial(2) alarm(15202)',
      'alarm: hang-up free alarm(15402)',
    ]);
    const callee = play('callee', [
      [0, offer(1)],
      [1, { type: 'agreed' }],
      [2, broken(1)],
      [15_002, alarm],
    ]);
    expect(callee.did.slice(1)).toEqual(['agreed: -', 'broken: hang-up alarm(202)', 'alarm: ring(1) alarm(16002)']);
  });

  it('rings at once when its link breaks, and never gives up by itself', () => {
    const { did } = play('callee', [
      [0, offer(1)],
      [1, up],
      [9_000, broken(1)],
      [10_000, alarm],
      [99_000, alarm],
      [99_500, { type: 'nudge' }],
    ]);
    expect(did.slice(2)).toEqual([
      'broken: hang-up ring(1) alarm(10000)',
      'alarm: ring(1) alarm(11000)',
      'alarm: ring(1) alarm(100000)',
      'nudge: ring(1)',
    ]);
  });

  it('dials anew when signals pass again, for those of the attempt under way may be lost', () => {
    const caller = play('caller', [
      [0, call],
      [0, slot],
      [1, up],
      [9_000, broken(1)],
      [9_000, slot],
      [12_000, { type: 'audible' }],
      [12_000, slot],
      [12_100, up],
      [13_000, { type: 'audible' }],
    ]);
    expect(caller.did.slice(5)).toEqual([
      'audible: hang-up free queue',
      'slot: dial(3) alarm(24000)',
      'up: free alarm(off)',
      'audible: -',
    ]);
    const callee = play('callee', [
      [0, offer(1)],
      [1_000, { type: 'audible' }],
      [1_500, { type: 'audible' }],
    ]);
    expect(callee.did.slice(1)).toEqual(['audible: hang-up ring(1) alarm(2000)', 'audible: ring(1)']);
  });

  it('offers anew when rings show that the offer was lost, and not when one has crossed it', () => {
    const { did } = play('caller', [
      [0, call],
      [0, slot],
      [1, up],
      [9_000, broken(1)],
      [9_000, slot],
      [10_900, ring(1)],
      [11_100, ring(1)],
      [11_100, slot],
    ]);
    expect(did.slice(5)).toEqual(['ring: -', 'ring: hang-up free queue', 'slot: dial(3) alarm(24000)']);
  });

  it('of two who can not make one link the caller is paced, and the callee fails in time', () => {
    const callee = play('callee', [
      [0, call],
      [100, offer(1)],
      [100, broken(1)],
      [300, alarm],
      [310, offer(2)],
      [310, broken(2)],
      [400, { type: 'wait' }],
      [15_100, alarm],
    ]);
    expect(callee.did.slice(4)).toEqual([
      'negotiate: dial(2) negotiate alarm(15100)',
      'broken: hang-up alarm(510)',
      'wait: -',
      'alarm: alarm(off) fail(2)',
    ]);
    const caller = play('caller', [
      [0, call],
      [0, slot],
      [10, ring(1)],
      [10, slot],
      [20, ring(2)],
    ]);
    expect(caller.did.slice(2)).toEqual([
      'ring: hang-up free queue',
      'slot: dial(2) alarm(15000)',
      'ring: hang-up free alarm(220)',
    ]);
  });

  it('begins anew when it slept, for what was said meanwhile is yet to be heard', () => {
    const slept = { type: 'woken' } as const;
    expect(
      play('caller', [
        [0, call],
        [50, slot],
        [60_000, slept],
        [60_010, slot],
      ]).did.slice(2),
    ).toEqual(['woken: hang-up free queue', 'slot: dial(2) alarm(75010)']);
    expect(
      play('caller', [
        [0, call],
        [50, slot],
        [90, broken(1)],
        [60_000, slept],
        [60_010, slot],
      ]).did.slice(3),
    ).toEqual(['woken: queue', 'slot: dial(2) alarm(75010)']);
    expect(
      play('callee', [
        [0, call],
        [60_000, slept],
        [74_999, alarm],
        [75_999, alarm],
      ]).did.slice(1),
    ).toEqual(['woken: hang-up ring(0) alarm(61000)', 'alarm: ring(0) alarm(75999)', 'alarm: alarm(off) fail(0)']);
    expect(
      play('callee', [
        [0, call],
        [10, offer(1)],
        [60_000, slept],
      ]).did.at(-1),
    ).toBe('woken: hang-up ring(1) alarm(61000)');
    expect(play('callee', [[60_000, slept]]).did).toEqual(['woken: -']);
  });

  it('hears nothing of an older link that breaks late', () => {
    expect(
      play('callee', [
        [0, offer(2)],
        [1, up],
        [2, broken(1)],
      ]).did[2],
    ).toBe('broken: -');
  });
});

describe('the callee', () => {
  it('waits for an offer, and answers it at once', () => {
    const { pairing, did } = play('callee', [
      [0, call],
      [30, offer(1)],
      [40, offer(1)],
      [90, up],
    ]);
    expect(did).toEqual([
      'call: alarm(1000)',
      'negotiate: dial(1) negotiate alarm(15030)',
      'negotiate: negotiate',
      'up: alarm(off)',
    ]);
    expect(pairing.phase).toBe('joined');
  });

  it('answers an offer of somebody it has not called', () => {
    expect(play('callee', [[0, offer(1)]]).did).toEqual(['negotiate: dial(1) negotiate alarm(15000)']);
  });

  it('rings when no offer comes, and gives up when the caller shows no sign', () => {
    const rings = Array.from({ length: 14 }, (_, index): [number, PairingEvent] => [1_000 * (index + 1), alarm]);
    const { did } = play('callee', [[0, call], ...rings, [15_000, alarm]]);
    expect(did[1]).toBe('alarm: ring(0) alarm(2000)');
    expect(did.at(-1)).toBe('alarm: alarm(off) fail(0)');
  });

  it('is patient with a caller that says it will call', () => {
    const { did } = play('callee', [
      [0, call],
      [14_000, { type: 'wait' }],
      [15_000, alarm],
      [29_000, alarm],
    ]);
    expect(did.slice(2)).toEqual(['alarm: ring(0) alarm(16000)', 'alarm: alarm(off) fail(0)']);
  });

  it('rings a little later when an attempt breaks', () => {
    expect(
      play('callee', [
        [0, offer(3)],
        [10, broken(3)],
      ]).did[1],
    ).toBe('broken: hang-up alarm(210)');
  });

  it('takes a newer offer, and hears no older one', () => {
    expect(
      play('callee', [
        [0, offer(2)],
        [1, offer(1)],
        [2, offer(3)],
      ]).did,
    ).toEqual([
      'negotiate: dial(2) negotiate alarm(15000)',
      'negotiate: -',
      'negotiate: hang-up dial(3) negotiate alarm(15000)',
    ]);
    expect(
      play('callee', [
        [0, offer(2)],
        [1, up],
        [2, offer(2)],
        [3, offer(3)],
      ]).did.slice(2),
    ).toEqual(['negotiate: -', 'negotiate: sever hang-up dial(3) negotiate alarm(15003)']);
  });
});

describe('a pair', () => {
  it('calls from the smaller instance only, whoever looks', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        fc.pre(one !== other);
        expect([apart(one, other).role, apart(other, one).role].toSorted()).toEqual(['callee', 'caller']);
      }),
    );
  });

  it('never holds a slot that it has not given back, nor dials without one', () => {
    const events: fc.Arbitrary<PairingEvent> = fc.oneof(
      fc.constantFrom<PairingEvent>(call, up, alarm, drop, { type: 'wait' }, { type: 'nudge' }, { type: 'audible' }),
      fc.nat(4).map(broken),
      fc.nat(4).map(ring),
      fc.nat(4).map(offer),
    );
    fc.assert(
      fc.property(fc.array(events, { maxLength: 40 }), (sequence) => {
        let pairing = apart('a', 'b');
        let granted = 0;
        let queued = 0;
        const feed = (event: PairingEvent, now: number): void => {
          const step = next(pairing, event, now, RULES);
          pairing = step.pairing;
          for (const action of step.actions) {
            if (action.do === 'queue') queued++;
            if (action.do === 'free') [granted, queued] = [0, 0];
            if (action.do === 'dial') expect(granted).toBe(1);
          }
        };
        for (const [index, event] of sequence.entries()) {
          feed(event, index * 100);
          expect(granted + queued).toBeLessThanOrEqual(1);
          if (queued === 1 && index % 2 === 0) {
            [granted, queued] = [1, 0];
            feed(slot, index * 100);
          }
        }
        feed(drop, 9_999);
        expect(granted + queued).toBe(0);
        expect(pairing.phase).toBe('apart');
      }),
      { numRuns: 2_000 },
    );
  });

  it('comes together whatever signals are lost, doubled or late, as long as some pass', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(99)), (luck) => {
        const draw = (): number => (luck.next() as { value: number }).value;
        const pair = { a: apart('a', 'b'), b: apart('b', 'a') };
        const alarms: { a: number | undefined; b: number | undefined } = { a: undefined, b: undefined };
        const mail: { to: 'a' | 'b'; event: PairingEvent; at: number }[] = [];
        const calls: ('a' | 'b')[] = [];
        let now = 0;
        const post = (to: 'a' | 'b', event: PairingEvent): void => {
          // For the first ten seconds a third is lost, a tenth comes twice, and all may be a second late.
          const rough = now < 10_000;
          if (rough && draw() < 33) return;
          for (let copies = rough && draw() < 10 ? 2 : 1; copies > 0; copies--)
            mail.push({ to, event, at: now + 1 + (rough ? draw() * 10 : 0) });
        };
        const feed = (who: 'a' | 'b', event: PairingEvent): void => {
          const other = who === 'a' ? 'b' : 'a';
          const step = next(pair[who], event, now, { ...RULES, connectTimeout: 60_000 });
          pair[who] = step.pairing;
          for (const action of step.actions) {
            if (action.do === 'queue') calls.push(who);
            if (action.do === 'dial' && who === 'a') post(other, offer(action.link));
            if (action.do === 'negotiate' && who === 'b') post(other, offer(pair.b.link));
            if (action.do === 'ring' || action.do === 'wait')
              post(other, action.do === 'ring' ? ring(action.link) : { type: 'wait' });
            if (action.do === 'alarm') alarms[who] = action.at;
            // The answer reached the caller: both have a link.
            if (action.do === 'negotiate' && who === 'a' && pair.b.link === pair.a.link && pair.b.phase === 'dialing') {
              feed('a', up);
              feed('b', up);
            }
            expect(action.do).not.toBe('fail');
          }
        };
        feed('a', call);
        feed('b', call);
        while (now < 40_000 && (pair.a.phase !== 'joined' || pair.b.phase !== 'joined')) {
          now += 50;
          if (pair.a.phase === 'dialing' && now % 5_000 === 0) feed('a', broken(pair.a.link));
          for (const who of calls.splice(0)) if (pair[who].phase === 'queued') feed(who, slot);
          for (const letter of mail.filter(({ at }) => at <= now)) {
            mail.splice(mail.indexOf(letter), 1);
            feed(letter.to, letter.event);
          }
          for (const who of ['a', 'b'] as const) {
            const at = alarms[who];
            if (at !== undefined && at <= now) {
              alarms[who] = undefined;
              feed(who, alarm);
            }
          }
        }
        expect([pair.a.phase, pair.b.phase, pair.a.link]).toEqual(['joined', 'joined', pair.b.link]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('handshake slots', () => {
  it('go to who waited longest, and come back', () => {
    const granted: string[] = [];
    const slots = new HandshakeSlots<string>(2, (holder) => granted.push(holder));
    for (const name of ['bob', 'carol', 'dave', 'erin', 'frank']) slots.queue(name);
    expect(granted).toEqual(['bob', 'carol']);
    slots.free('erin');
    slots.free('carol');
    expect(granted).toEqual(['bob', 'carol', 'dave']);
    slots.free('bob');
    slots.free('dave');
    expect(granted).toEqual(['bob', 'carol', 'dave', 'frank']);
  });
});
