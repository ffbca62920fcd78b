import { describe, expect, it } from 'vitest';
import { type Circumstances, listening, type Liveness, type LivenessRules, look, type Verdict } from './liveness.ts';

const RULES: LivenessRules = { intervals: [2_000, 2_000, 2_000, 2_000], unresponsiveTimeout: 90_000, goneAfter: 5_000 };

/** The rule of mosaic's heartbeat, in ms: five hearts, each with fifteen seconds times five by those that are left. */
const SEED: LivenessRules = {
  intervals: [15_000, 15_000, 18_750, 25_000, 37_500, 75_000],
  unresponsiveTimeout: 0,
  goneAfter: 5_000,
};

/** What happens in a silence that began at 0, looked at whenever that is due; up to the first verdict that ends it. */
function silence(rules: LivenessRules, seen: (now: number) => Partial<Circumstances> = () => ({})): string[] {
  const happened: string[] = [];
  let liveness = listening(0, rules);
  for (let looks = 0; looks < 100; looks++) {
    const now = liveness.due;
    const step = look(liveness, { now, heard: 0, reachable: true, missing: undefined, ...seen(now) }, rules);
    liveness = step.liveness;
    happened.push(`${step.verdict} ${now / 1_000}`);
    if (step.verdict === 'break' || step.verdict === 'killed' || step.verdict === 'unresponsive') break;
  }
  return happened;
}

describe('liveness', () => {
  it('M4 a silent peer is declared dead at the computed instant, by the rule of the seed', () => {
    expect(silence(SEED)).toEqual([
      'ping 15',
      'ping 30',
      'ping 48.75',
      'ping 73.75',
      'ping 111.25',
      'unresponsive 186.25',
    ]);
  });

  it('M5 anything that is heard defers it, from the instant at which it was heard', () => {
    const first = look(listening(0, RULES), at(2_000), RULES);
    expect(first).toMatchObject({ verdict: 'ping', liveness: { asked: 1, due: 4_000 } });
    const second = look(first.liveness, at(4_000, { heard: 3_500 }), RULES);
    expect(second).toMatchObject({ verdict: 'wait', liveness: { since: 3_500, asked: 0, due: 5_500 } });
    // The look was late, what was heard was not.
    expect(look(first.liveness, at(9_000, { heard: 3_500 }), RULES)).toMatchObject({ verdict: 'ping' });
  });

  it('three unanswered pings end a link that has lost the other end', () => {
    expect(silence(RULES, () => ({ reachable: false }))).toEqual(['ping 2', 'ping 4', 'ping 6', 'break 8']);
  });

  it('three unanswered pings end a link whose other end the server has just seen going', () => {
    expect(silence(RULES, () => ({ missing: 3_001 }))).toEqual(['ping 2', 'ping 4', 'ping 6', 'break 8']);
  });

  it('three unanswered pings of one whose socket closed five seconds ago are its death', () => {
    expect(silence(RULES, () => ({ missing: 3_000 }))).toEqual(['ping 2', 'ping 4', 'ping 6', 'killed 8']);
  });

  it('a silence behind a link that stands is doubted, asked on, and ends after its time', () => {
    const happened = silence({ ...RULES, unresponsiveTimeout: 13_000 });
    expect(happened).toEqual(['ping 2', 'ping 4', 'ping 6', 'doubt 8', 'doubt 10', 'doubt 12', 'unresponsive 13']);
  });

  it('doubt ends when the link is lost after all', () => {
    const happened = silence(RULES, (now) => ({ reachable: now < 20_000 }));
    expect(happened.slice(3)).toEqual([
      'doubt 8',
      'doubt 10',
      'doubt 12',
      'doubt 14',
      'doubt 16',
      'doubt 18',
      'break 20',
    ]);
  });

  it('a look that is late by more than an interval proves that we slept: silence counts anew, and it is asked first', () => {
    const before: Liveness = { since: 0, asked: 3, due: 8_000, slept: false };
    const woken = look(before, at(70_000, { reachable: false }), RULES);
    expect(woken).toEqual({ verdict: 'ping', liveness: { since: 70_000, asked: 1, due: 72_000, slept: true } });
    expect(look(before, at(9_999, { reachable: false }), RULES).verdict).toBe('break');
  });

  it('counts a silence anew that began before we slept, also for the time after which nobody is waited for', () => {
    let liveness = look(listening(0, RULES), at(100_000, { heard: 1_000 }), RULES).liveness;
    const verdicts: Verdict[] = [];
    for (let looks = 0; looks < 4; looks++) {
      const step = look(liveness, at(liveness.due, { heard: 1_000 }), RULES);
      liveness = step.liveness;
      verdicts.push(step.verdict);
    }
    expect(verdicts).toEqual(['ping', 'ping', 'doubt', 'doubt']);
  });

  it('where every look is late, as with the timers of a hidden tab, silence is judged all the same', () => {
    const verdicts: Verdict[] = [];
    let liveness = listening(0, RULES);
    for (let minute = 1; minute <= 5; minute++) {
      const step = look(liveness, at(minute * 60_000, { reachable: false }), RULES);
      liveness = step.liveness;
      verdicts.push(step.verdict);
    }
    expect(verdicts).toEqual(['ping', 'ping', 'ping', 'break', 'break']);
  });

  it('a hidden tab whose timers run once a minute hears answers, and doubts nobody', () => {
    let liveness = listening(0, RULES);
    for (let minute = 1; minute <= 5; minute++) {
      const now = minute * 60_000;
      const step = look(liveness, at(now, { heard: now - 59_990 }), RULES);
      expect(step.verdict).toBe('ping');
      liveness = step.liveness;
    }
  });

  it('looked at before it is due, it waits', () => {
    const liveness = listening(0, RULES);
    expect(look(liveness, at(1_999), RULES)).toEqual({ verdict: 'wait', liveness });
  });
});

function at(now: number, seen: Partial<Circumstances> = {}): Circumstances {
  return { now, heard: 0, reachable: true, missing: undefined, ...seen };
}
