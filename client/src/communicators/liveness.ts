/**
 * Whether the other end of a link still lives: a pure state machine over time and over what was heard. Anything that is heard is a sign of life; after some silence it is asked, a few times;
 * what its silence means then depends on what the transport believes.
 */
export interface Liveness {
  /** When the silence began. */
  readonly since: number;
  /** Pings that this silence has not answered. */
  readonly asked: number;
  /** When to look again. */
  readonly due: number;
  /** The last look came so late that we must have slept, and nothing was heard since. */
  readonly slept: boolean;
}

export interface LivenessRules {
  /** Milliseconds: how long a silence lasts before the first ping, and then how long each ping has time to be answered. At least two. */
  readonly intervals: readonly number[];
  /** Milliseconds of silence after which a peer is given up whose link still stands: its page may compute, or be frozen. */
  readonly unresponsiveTimeout: number;
  /** Milliseconds that one whose socket closed has to come back, before its silence is its death. */
  readonly goneAfter: number;
}

/** What can be known besides the silence. */
export interface Circumstances {
  readonly now: number;
  /** When something was heard last. */
  readonly heard: number;
  /** What the link believes. */
  readonly reachable: boolean;
  /** When the transport said that this instance is gone, unless it has come back since. */
  readonly missing: number | undefined;
}

/**
 * `ping`: ask. `doubt`: it is silent and its link stands; ask on. `break`: the link is no good, another may be. `killed`, `unresponsive`: it has left.
 */
export type Verdict = 'wait' | 'ping' | 'doubt' | 'break' | 'killed' | 'unresponsive';

/** The silence begins now. */
export function listening(now: number, rules: LivenessRules): Liveness {
  return { since: now, asked: 0, due: now + interval(rules, 0), slept: false };
}

/** Looks at the silence; `due` says when to look again, where the verdict leaves anything to look at. */
export function look(
  known: Liveness,
  seen: Circumstances,
  rules: LivenessRules,
): { readonly liveness: Liveness; readonly verdict: Verdict } {
  const { now, heard } = seen;
  const before = heard > known.since ? listening(heard, rules) : known;
  if (now < before.due) return { liveness: before, verdict: 'wait' };
  // Once. Where timers are slow but messages are heard, as in a hidden tab, the next late look sees a silence that is real.
  if (now - before.due > interval(rules, before.asked) && !before.slept) {
    const liveness = { since: now, asked: 1, due: now + interval(rules, 1), slept: true };
    return { liveness, verdict: 'ping' };
  }
  if (before.asked >= rules.intervals.length - 1) return judge(before, seen, rules);
  const asked = before.asked + 1;
  return { liveness: { ...before, asked, due: now + interval(rules, asked) }, verdict: 'ping' };
}

/** Every ping had its time. */
function judge(before: Liveness, seen: Circumstances, rules: LivenessRules): ReturnType<typeof look> {
  const { now, reachable, missing } = seen;
  if (missing !== undefined && now - missing >= rules.goneAfter) return { liveness: before, verdict: 'killed' };
  if (missing !== undefined || !reachable) return { liveness: before, verdict: 'break' };
  const end = before.since + rules.unresponsiveTimeout;
  if (now >= end) return { liveness: before, verdict: 'unresponsive' };
  const due = Math.min(now + interval(rules, before.asked), end);
  return { liveness: { ...before, due }, verdict: 'doubt' };
}

/** After so many pings. */
function interval({ intervals }: LivenessRules, asked: number): number {
  return intervals[Math.min(asked, intervals.length - 1)] ?? Number.POSITIVE_INFINITY;
}
