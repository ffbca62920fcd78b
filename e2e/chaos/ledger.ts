import type { PoolEvents } from '../../client/src/index.ts';

/**
 * What became of one send: `pending`; the ack that was waited for, once the promise has resolved; else the error's code and its delivery, as
 * `timeout/none`.
 */
export type Outcome = string;

/** By the other instance, then by message id (the empty text where there is none); the number of a message is its place in the list. */
export type Sent = Record<string, Record<string, Outcome[]>>;
/** Likewise; numbers in the order in which they came. */
export type Heard = Record<string, Record<string, number[]>>;

/** At a time in ms since 1970, so that tabs can be compared. */
export type Witnessed =
  | ({ readonly at: number; readonly type: 'join' } & PoolEvents['join'])
  | ({ readonly at: number; readonly type: 'leave' } & PoolEvents['leave'])
  | ({ readonly at: number; readonly type: 'restart' } & PoolEvents['restart'])
  | ({ readonly at: number; readonly type: 'link' } & PoolEvents['link'])
  | ({ readonly at: number; readonly type: 'state' } & PoolEvents['state'])
  | { readonly at: number; readonly type: 'error'; readonly message: string };

/** One life of a pool, as it saw itself and the others. */
export interface Ledger {
  readonly name: string;
  readonly instance: string;
  /** Why earlier pools of the same page did not start. */
  readonly refusals: readonly string[];
  readonly sent: Sent;
  readonly heard: Heard;
  /** What can't be: changed content, a message meant for another, a send that outlived the departure of its recipient. */
  readonly faults: readonly string[];
  readonly events: readonly Witnessed[];
  /** Who is here, by name; and whether messages pass. */
  readonly here: Readonly<Record<string, { readonly instance: string; readonly connected: boolean }>>;
  readonly reconnects: number;
}

export interface Verdict {
  readonly messages: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly unsettled: number;
  /** Told that it did not arrive, and it did. */
  readonly denied: number;
  /** A sentence for whatever is not as it should be. */
  readonly faults: readonly string[];
}

const ACKS: ReadonlySet<Outcome> = new Set(['delivered', 'accepted', 'consumed', 'none']);

/**
 * Compares what was sent with what was heard, for each pair of instances and each message id. `survivors` were here to the end: between them everything arrives, but for
 * sends whose own time was up. `departed` have shut down in good order: what was confirmed to or by them has arrived, what was denied has not.
 */
export function audit(survivors: readonly Ledger[], departed: readonly Ledger[] = []): Verdict {
  const count = { messages: 0, lost: 0, duplicated: 0, reordered: 0, unsettled: 0, denied: 0 };
  const faults: string[] = [];
  for (const ledger of [...survivors, ...departed]) {
    faults.push(...ledger.faults.map((fault) => `${who(ledger)}: ${fault}`));
    for (const streams of Object.values(ledger.sent)) {
      count.unsettled += Object.values(streams)
        .flat()
        .filter((outcome) => outcome === 'pending').length;
    }
  }
  for (const sender of [...survivors, ...departed]) {
    for (const recipient of [...survivors, ...departed]) {
      if (sender === recipient) continue;
      const lasting = survivors.includes(sender) && survivors.includes(recipient);
      const ids = Object.keys({ ...sender.sent[recipient.instance], ...recipient.heard[sender.instance] });
      for (const id of ids) {
        const sent = sender.sent[recipient.instance]?.[id] ?? [];
        const heard = recipient.heard[sender.instance]?.[id] ?? [];
        compare(sent, heard, lasting, `${who(sender)} to ${who(recipient)} in "${id}"`);
      }
    }
  }
  if (count.unsettled > 0) faults.push(`${count.unsettled} sends never settled`);
  return { ...count, faults };

  function compare(sent: readonly Outcome[], heard: readonly number[], lasting: boolean, where: string): void {
    const arrived = new Set(heard);
    const outcomes = [...sent.entries()];
    const lost = outcomes.filter(([number, outcome]) => due(outcome, lasting) && !arrived.has(number));
    const denied = outcomes.filter(([number, outcome]) => outcome.endsWith('/none') && arrived.has(number));
    const rejected = outcomes.filter(
      ([, outcome]) => lasting && outcome !== 'pending' && !ACKS.has(outcome) && !outcome.startsWith('timeout/'),
    );
    count.messages += sent.length;
    count.lost += lost.length;
    count.denied += denied.length;
    if (lost.length > 0) faults.push(`${where}: lost ${listed(lost)}`);
    if (denied.length > 0)
      faults.push(`${where}: arrived, and their sender was told that they did not ${listed(denied)}`);
    if (rejected.length > 0) faults.push(`${where}: rejected although both live ${listed(rejected)}`);
    if (heard.some((number) => number >= sent.length)) faults.push(`${where}: heard what was never sent`);
    if (arrived.size < heard.length) {
      count.duplicated += heard.length - arrived.size;
      faults.push(`${where}: ${heard.length - arrived.size} arrived twice`);
    }
    const descents = heard.filter((number, place) => number < (heard[place - 1] ?? -1)).length;
    if (descents > 0) {
      count.reordered += descents;
      faults.push(`${where}: ${descents} arrived behind a later one`);
    }
  }
}

/** The first of them, and how many. */
function listed(messages: readonly (readonly [number: number, outcome: Outcome])[]): string {
  const [first] = messages;
  return `${messages.length}, the first is ${first?.[0]} (${first?.[1]})`;
}

/** Whether it must have arrived. */
function due(outcome: Outcome, lasting: boolean): boolean {
  if (outcome === 'delivered' || outcome === 'consumed' || outcome.endsWith('/delivered')) return true;
  return lasting && ACKS.has(outcome);
}

/**
 * What came from instances that left no ledger behind, killed or closed: from the first message on without a gap, each once.
 */
export function prefixFaults(listener: Ledger, dead: ReadonlySet<string>, withdrawn: string): string[] {
  return Object.entries(listener.heard).flatMap(([instance, streams]) => {
    if (!dead.has(instance)) return [];
    return Object.entries(streams).flatMap(([id, numbers]) => {
      const ascending = numbers.every((number, place) => number > (numbers[place - 1] ?? -1));
      const complete = id === withdrawn || numbers.length === 0 || numbers.at(-1) === numbers.length - 1;
      return ascending && complete ? [] : [`${who(listener)} heard ${instance} with gaps in "${id}"`];
    });
  });
}

/** A name, and enough of the instance to tell lives apart. */
function who({ name, instance }: Pick<Ledger, 'name' | 'instance'>): string {
  return `${name} (${instance.slice(0, 5)})`;
}
