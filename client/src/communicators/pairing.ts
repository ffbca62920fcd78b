/**
 * Who calls whom, and when: a pure state machine for one pair. Of two instances the smaller is the *caller*: it offers, in first contact and in every later one. The *callee* answers an offer at once,
 * and rings when none comes. Links are numbered by the caller; each side knows the newest, and an offer, an answer or a ring of an older one is not heard.
 */
export type Pairing = {
  readonly role: 'caller' | 'callee';
  /** The newest link known here; 0 before the first. */
  readonly link: number;
  /** Attempts since the pair last had a link. */
  readonly attempts: number;
  /** A session stands, or may stand at the other end, and waits for its next link: the pair goes on trying until it is dropped. */
  readonly standing: boolean;
} & (
  | { readonly phase: 'apart' }
  /** The caller waits for one of its handshake slots, or until it may try again. The clock of an attempt has not started, or goes on from the last. */
  | { readonly phase: 'queued' | 'pausing'; readonly until: number | undefined }
  /** The callee waits for an offer. */
  | { readonly phase: 'ringing'; readonly until: number }
  | { readonly phase: 'dialing'; readonly since: number; readonly until: number }
  | { readonly phase: 'joined' }
);

export type PairingEvent =
  /** We want a link to this instance. */
  | { readonly type: 'call' }
  /** The slot we queued for is ours. */
  | { readonly type: 'slot' }
  /** The other side wants to be called; the newest link it knows is this. */
  | { readonly type: 'ring'; readonly link: number }
  /** The other side will call, when it can. */
  | { readonly type: 'wait' }
  | { readonly type: 'negotiate'; readonly link: number; readonly data: unknown }
  /** The other side may take the link for good before we do. */
  | { readonly type: 'agreed' }
  /** The attempt's link is open, and both sides have checked each other. */
  | { readonly type: 'up' }
  /** The link of that number broke, or the attempt at it came to nothing. */
  | { readonly type: 'broken'; readonly link: number }
  /** Something changed for the better: what waits tries now. */
  | { readonly type: 'nudge' }
  /** Signals pass again, and what was said lately may be lost. */
  | { readonly type: 'audible' }
  /** The alarm that was set rings. */
  | { readonly type: 'alarm' }
  /** It rings so late that we must have slept: what was heard meanwhile is yet to come, and the clock begins anew. */
  | { readonly type: 'woken' }
  /** We do not want this instance any more, or it is gone. */
  | { readonly type: 'drop' };

export type PairingAction =
  | { readonly do: 'queue' | 'free' | 'hang-up' | 'sever' }
  | { readonly do: 'dial'; readonly link: number }
  | { readonly do: 'negotiate'; readonly data: unknown }
  | { readonly do: 'ring' | 'wait'; readonly link: number }
  | { readonly do: 'alarm'; readonly at: number | undefined }
  | { readonly do: 'fail'; readonly attempts: number };

export interface PairingRules {
  /** A pair that has no link after this many milliseconds has failed. The caller's clock starts with its slot, the callee's begins anew with each sign of the caller. */
  readonly connectTimeout: number;
  /** Without a link for this many milliseconds a peer is given up. */
  readonly reconnectTimeout: number;
  /** An offer is usually there before this; only then does the callee ring, and rings again as often. */
  readonly ringEvery: number;
  /** Before the next attempt after one that broke, in milliseconds. */
  readonly pause: (attempts: number) => number;
}

/** A callee that still rings after so many rings has not heard the offer. */
const OFFER_RINGS = 2;

interface Step {
  readonly pairing: Pairing;
  readonly actions: readonly PairingAction[];
}

export function apart(self: string, peer: string, link = 0): Pairing {
  return { role: self < peer ? 'caller' : 'callee', phase: 'apart', link, attempts: 0, standing: false };
}

/** What follows from an event at a time; nothing else is looked at. An event that means nothing in a state changes nothing. */
export function next(pairing: Pairing, event: PairingEvent, now: number, rules: PairingRules): Step {
  if (event.type === 'drop') return give(pairing, [{ do: 'alarm', at: undefined }]);
  if (event.type === 'agreed') return stay(pairing.phase === 'dialing' ? { ...pairing, standing: true } : pairing);
  if (event.type === 'up' && pairing.phase === 'dialing') {
    const { role, link } = pairing;
    return {
      pairing: { role, link, attempts: 0, standing: true, phase: 'joined' },
      actions: [...slotOf(pairing), { do: 'alarm', at: undefined }],
    };
  }
  return pairing.role === 'caller' ? call(pairing, event, now, rules) : answer(pairing, event, now, rules);
}

function call(pairing: Pairing, event: PairingEvent, now: number, rules: PairingRules): Step {
  const { role, link, attempts, standing } = pairing;
  switch (event.type) {
    case 'call':
      return pairing.phase === 'apart' ? queue(pairing, undefined) : stay(pairing);
    case 'slot': {
      if (pairing.phase !== 'queued') return stay(pairing, { do: 'free' });
      const until = pairing.until ?? now + rules.connectTimeout;
      return {
        pairing: { role, link: link + 1, attempts: attempts + 1, standing, phase: 'dialing', since: now, until },
        actions: [
          { do: 'dial', link: link + 1 },
          { do: 'alarm', at: until },
        ],
      };
    }
    case 'ring':
      return rung(pairing, event.link, now, rules);
    case 'negotiate':
      return pairing.phase === 'dialing' && event.link === link
        ? stay(pairing, { do: 'negotiate', data: event.data })
        : stay(pairing);
    case 'broken':
      if (event.link !== link) return stay(pairing);
      if (pairing.phase === 'joined') {
        const queued = queue(pairing, undefined);
        return { pairing: queued.pairing, actions: [{ do: 'hang-up' }, ...queued.actions] };
      }
      return pairing.phase === 'dialing' ? pause(pairing, now, rules) : stay(pairing);
    case 'nudge':
      return pairing.phase === 'pausing' ? queue(pairing, pairing.until) : stay(pairing);
    case 'audible':
      if (pairing.phase === 'dialing') return again(pairing, link, pairing.until);
      return pairing.phase === 'pausing' ? queue(pairing, pairing.until) : stay(pairing);
    case 'woken':
      if (pairing.phase === 'dialing') return again(pairing, link, undefined);
      return pairing.phase === 'pausing' ? queue(pairing, undefined) : stay(pairing);
    case 'alarm':
      if (pairing.phase === 'pausing') return queue(pairing, pairing.until);
      if (pairing.phase !== 'dialing') return stay(pairing);
      return standing ? pause({ ...pairing, until: Number.POSITIVE_INFINITY }, now, rules) : fail(pairing);
    default:
      return stay(pairing);
  }
}

/** The attempt came to nothing; the next follows a little later, if there is time for it. */
function pause(pairing: Extract<Pairing, { phase: 'dialing' }>, now: number, rules: PairingRules): Step {
  const { role, link, attempts, standing } = pairing;
  const at = now + rules.pause(attempts);
  if (!standing && at >= pairing.until) return fail(pairing);
  return {
    // Where a session stands, each attempt has a clock of its own.
    pairing: { role, link, attempts, standing, phase: 'pausing', until: standing ? undefined : pairing.until },
    actions: [{ do: 'hang-up' }, { do: 'free' }, { do: 'alarm', at }],
  };
}

/** The attempt is given up for the next, within the same time or with a clock of its own. */
function again(pairing: Extract<Pairing, { phase: 'dialing' }>, link: number, until: number | undefined): Step {
  const queued = queue({ ...pairing, link }, until);
  return { pairing: queued.pairing, actions: [{ do: 'hang-up' }, { do: 'free' }, ...queued.actions] };
}

/** The callee knows `heard` as its newest link, and has none. */
function rung(pairing: Pairing, heard: number, now: number, rules: PairingRules): Step {
  switch (pairing.phase) {
    case 'apart':
      return queue({ ...pairing, link: Math.max(pairing.link, heard) }, undefined);
    case 'queued':
    case 'pausing':
      return stay(pairing, { do: 'wait', link: pairing.link });
    case 'dialing': {
      // It may have crossed our offer on the way, unless that was long ago: then the offer is lost.
      if (heard < pairing.link && now - pairing.since <= OFFER_RINGS * rules.ringEvery) return stay(pairing);
      const newest = Math.max(heard, pairing.link);
      // Whoever can't make one link after the other is not offered them without a pause.
      return pairing.attempts > 1
        ? pause({ ...pairing, link: newest }, now, rules)
        : again(pairing, newest, pairing.until);
    }
    default: {
      if (heard < pairing.link) return stay(pairing);
      const queued = queue({ ...pairing, link: heard }, undefined);
      return { pairing: queued.pairing, actions: [{ do: 'sever' }, { do: 'hang-up' }, ...queued.actions] };
    }
  }
}

function answer(pairing: Pairing, event: PairingEvent, now: number, rules: PairingRules): Step {
  const { role, link, attempts, standing } = pairing;
  const until = now + rules.connectTimeout;
  switch (event.type) {
    case 'call':
      if (pairing.phase !== 'apart') return stay(pairing);
      return {
        pairing: { role, link, attempts, standing, phase: 'ringing', until },
        actions: [{ do: 'alarm', at: now + rules.ringEvery }],
      };
    case 'wait':
      // While attempts of ours break, the caller's patience is not ours.
      return pairing.phase === 'ringing' && (attempts === 0 || standing)
        ? { pairing: { ...pairing, until }, actions: [] }
        : stay(pairing);
    case 'negotiate': {
      if (pairing.phase === 'dialing' && event.link === link)
        return stay(pairing, { do: 'negotiate', data: event.data });
      if (event.link <= link) return stay(pairing);
      // The clock goes on over attempts that broke.
      const goesOn = !standing && attempts > 0 && 'until' in pairing && pairing.until !== undefined;
      const end = goesOn ? pairing.until : until;
      const before: PairingAction[] = [];
      if (pairing.phase === 'joined') before.push({ do: 'sever' });
      if (pairing.phase === 'joined' || pairing.phase === 'dialing') before.push({ do: 'hang-up' });
      return {
        pairing: { role, link: event.link, attempts: attempts + 1, standing, phase: 'dialing', since: now, until: end },
        actions: [
          ...before,
          { do: 'dial', link: event.link },
          { do: 'negotiate', data: event.data },
          { do: 'alarm', at: end },
        ],
      };
    }
    case 'broken':
      if (event.link !== link || (pairing.phase !== 'dialing' && pairing.phase !== 'joined')) return stay(pairing);
      if (pairing.phase === 'joined') return ring(pairing, until, now, rules);
      // The caller has noticed, or hears a ring a little later.
      return {
        pairing: { role, link, attempts, standing, phase: 'ringing', until: pairing.until },
        actions: [{ do: 'hang-up' }, { do: 'alarm', at: now + rules.pause(attempts) }],
      };
    case 'nudge':
      return pairing.phase === 'ringing' ? stay(pairing, { do: 'ring', link }) : stay(pairing);
    case 'audible':
      if (pairing.phase === 'dialing') return ring(pairing, pairing.until, now, rules);
      return pairing.phase === 'ringing' ? stay(pairing, { do: 'ring', link }) : stay(pairing);
    case 'woken':
      return pairing.phase === 'ringing' || pairing.phase === 'dialing'
        ? ring(pairing, until, now, rules)
        : stay(pairing);
    case 'alarm':
      if (pairing.phase === 'dialing') return standing ? ring(pairing, until, now, rules) : fail(pairing);
      if (pairing.phase !== 'ringing') return stay(pairing);
      if (now >= pairing.until && !standing) return fail(pairing);
      return stay(pairing, { do: 'ring', link }, { do: 'alarm', at: now + rules.ringEvery });
    default:
      return stay(pairing);
  }
}

/** The callee has no link any more, and asks for the next. */
function ring({ role, link, attempts, standing }: Pairing, until: number, now: number, rules: PairingRules): Step {
  return {
    pairing: { role, link, attempts, standing, phase: 'ringing', until },
    actions: [{ do: 'hang-up' }, { do: 'ring', link }, { do: 'alarm', at: now + rules.ringEvery }],
  };
}

function stay(pairing: Pairing, ...actions: PairingAction[]): Step {
  return { pairing, actions };
}

function queue({ role, link, attempts, standing }: Pairing, until: number | undefined): Step {
  return { pairing: { role, link, attempts, standing, phase: 'queued', until }, actions: [{ do: 'queue' }] };
}

function fail(pairing: Pairing): Step {
  return give(pairing, [
    { do: 'alarm', at: undefined },
    { do: 'fail', attempts: pairing.attempts },
  ]);
}

function give(pairing: Pairing, actions: readonly PairingAction[]): Step {
  const { role, link } = pairing;
  const attempt: PairingAction[] = pairing.phase === 'dialing' || pairing.phase === 'joined' ? [{ do: 'hang-up' }] : [];
  return {
    pairing: { role, link, attempts: 0, standing: false, phase: 'apart' },
    actions: [...attempt, ...slotOf(pairing), ...actions],
  };
}

/** Only the caller takes a slot, from the moment it queues for one until its attempt ends. */
function slotOf(pairing: Pairing): PairingAction[] {
  return pairing.role === 'caller' && (pairing.phase === 'queued' || pairing.phase === 'dialing')
    ? [{ do: 'free' }]
    : [];
}
