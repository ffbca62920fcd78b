import type { SendOptions } from '../../communicators/communicator.ts';
import { PoolError } from '../../errors.ts';
import type { Packet } from '../../packers/packer.ts';
import { chargeOf, fits, SMALL_BYTES } from '../credit.ts';
import type { Session } from '../session.ts';
import { sameContent } from './content.ts';
import type { Coverage } from './coverage.ts';
import type { Sent } from './sent.ts';
import type { Verdict } from './verdict.ts';

/** What one session may hold, by what both sides have said. */
export interface Limits {
  /** At the sender. */
  readonly outbox: number;
  /** At the recipient. */
  readonly inbox: number;
  readonly maxMessageSize: number;
}

/**
 * The model: all that one side sent in one session, in order, held against what its sender was told and what the other side got. Whoever is told something that is not so fails the run,
 * at that very moment where it can be known, else in the end.
 */
export class Ledger {
  readonly #verdict: Verdict;
  readonly #coverage: Coverage;
  readonly #limits: Limits;
  readonly #sent: Sent[] = [];
  /** By queue, what may still arrive, and how many of it are past. */
  readonly #queues = new Map<string, { readonly sent: Sent[]; next: number }>();
  /** Those of which something can still happen. */
  readonly open = new Set<Sent>();
  #sending = 0;
  readonly #unmetered = new Set<Sent>();
  /** Failures that nobody awaited. */
  failed = 0;
  taken = 0;
  takenBytes = 0;

  constructor(verdict: Verdict, coverage: Coverage, limits: Limits) {
    this.#verdict = verdict;
    this.#coverage = coverage;
    this.#limits = limits;
  }

  /** What the sender's side holds, in bytes as `outboxLimit` counts them. */
  get held(): number {
    let bytes = 0;
    for (const sent of this.open) bytes += sent.outboxCost;
    return bytes;
  }

  send(session: Session, sent: Sent, settled: () => void): void {
    const { ack, unmetered, correlation } = sent;
    const options: SendOptions = { queue: sent.queue, ack, unmetered, correlation };
    // Within a send from within another one nobody knows yet what the outer one takes.
    const before = this.#sending === 0 ? this.held : undefined;
    if (sent.unmetered) this.#unmetered.add(sent);
    sent.tooLarge = sent.bytes > this.#limits.maxMessageSize;
    this.#sent.push(sent);
    this.open.add(sent);
    const queue = this.#queues.get(sent.queue);
    if (queue === undefined) this.#queues.set(sent.queue, { sent: [sent], next: 0 });
    else queue.sent.push(sent);
    this.#verdict.sent++;
    this.#sending++;
    sent.outgoing = session.send(sent.content, options, (error) => {
      this.#settled(sent, error, before);
      settled();
    });
    this.#sending--;
    sent.leaving = false;
    if (sent.outgoing !== undefined && before !== undefined && before > 0 && before + sent.cost > this.#limits.outbox) {
      this.#verdict.fail(`${sent.text} was taken although the outbox was full`);
    }
  }

  withdraw(session: Session, sent: Sent, heard: number): void {
    const { outgoing } = sent;
    if (outgoing === undefined || sent.outcome !== undefined || sent.withdrawn !== undefined) return;
    if (sent.halfWay) sent.cancelled = { heard };
    // Nobody withdraws it again from within this call.
    sent.withdrawn = 'unknown';
    sent.withdrawn = session.withdraw(outgoing);
    if (sent.cancelled !== undefined) this.#coverage.count('cancelled half-way');
    this.#coverage.count(`withdrawn: ${sent.withdrawn}`);
    if (sent.withdrawn === 'none' && sent.arrived) this.#verdict.fail(`${sent.text} had arrived`);
    if (sent.withdrawn === 'delivered' && !sent.taken) this.#verdict.fail(`${sent.text} had not arrived`);
  }

  /** The other side's application is handed a message. Says which it is, unless it should not be. */
  arrive(queue: string, packet: Packet): Sent | undefined {
    const list = this.#queues.get(queue);
    while (list?.sent[list.next]?.absent === true) list.next++;
    const expected = list?.sent[list.next];
    if (list !== undefined && expected !== undefined && sameContent(packet, expected.content)) {
      list.next++;
      if (expected.outgoing?.lane === 0 && (expected.segments > 0 || expected.bytes > SMALL_BYTES))
        this.#verdict.fail(`${expected.text} came by the lane of the small ones`);
      return expected;
    }
    const found = list?.sent.findIndex((sent) => sameContent(packet, sent.content)) ?? -1;
    const which = list?.sent[found];
    if (list === undefined || which === undefined) this.#verdict.fail(`something arrived that was never sent`);
    else if (which.arrived) this.#verdict.fail(`it arrived twice: ${which.text}`, 'duplicated');
    else if (found < list.next || which.absent) this.#verdict.fail(`it arrived although it was not to: ${which.text}`);
    else this.#verdict.fail(`it arrived before ${expected?.text ?? 'nothing'}: ${which.text}`, 'reordered');
    return undefined;
  }

  /** What lies at the recipient, or may soon, in bytes; and how much of it may: the limit, one message, and one more for each that was asked for. */
  inbox(passes: number): { readonly bytes: number; readonly allowed: number } {
    let bytes = 0;
    let largest = 0;
    for (const sent of this.open) {
      if (sent.over) this.open.delete(sent);
      if (!sent.charged) continue;
      bytes += sent.cost;
      largest = Math.max(largest, sent.cost);
    }
    return { bytes, allowed: this.#limits.inbox + largest * (1 + passes) };
  }

  /** Whether another message that takes no room is surely taken: too many are refused. */
  exempts(bytes: number): boolean {
    const { inbox } = this.#limits;
    let exempt = 0;
    for (const sent of this.#unmetered) {
      // Where its sender waits for `consumed`, its room is free when that was heard, and nobody looks for it.
      if (sent.consumed && sent.ack !== 'consumed') this.#unmetered.delete(sent);
      else exempt += chargeOf(sent.bytes, inbox);
    }
    return exempt + chargeOf(bytes, inbox) <= inbox;
  }

  /** How many messages of the queue have yet to arrive. */
  coming(queue: string): number {
    const list = this.#queues.get(queue);
    return list?.sent.slice(list.next).filter((sent) => !sent.absent).length ?? 0;
  }

  /** A message waits for credit: with what surely lies unread it does not fit. */
  get blocked(): boolean {
    let unread = 0;
    for (const sent of this.open) if (sent.charged) unread += chargeOf(sent.bytes, this.#limits.inbox);
    for (const sent of this.open) {
      if (sent.outgoing?.state === 'waiting' && !sent.unmetered && !fits(sent.bytes, unread, this.#limits.inbox))
        return true;
    }
    return false;
  }

  /** Its sender's session is over: whoever waits for it was told. */
  ended(): void {
    for (const sent of this.open) {
      if (sent.outcome === undefined && sent.withdrawn === undefined) {
        this.#verdict.fail(`the session ended, and nobody was told of ${sent.text}`, 'unsettled');
      }
    }
  }

  /** Everything has come to rest. `stands`: over a session that stands, so that all of it has arrived. */
  audit(stands: boolean): void {
    let silent = 0;
    for (const sent of this.#sent) {
      if (sent.outcome === undefined && sent.withdrawn === undefined) {
        this.#verdict.fail(`nothing came of ${sent.text}`, 'unsettled');
      }
      if (stands && !sent.arrived && !sent.absent) this.#verdict.fail(`it never arrived: ${sent.text}`, 'lost');
      if (sent.outcome instanceof PoolError && sent.outcome.delivery === 'none' && sent.taken)
        this.#verdict.fail(`it was rejected and arrived: ${sent.text}`);
      if (sent.outcome === 'well' && sent.withdrawn === undefined && !sent.taken) silent++;
    }
    // Who does not wait for the outcome is told of failures all the same; of a session that ended perhaps more than failed.
    if (stands ? this.failed !== silent : this.failed < silent)
      this.#verdict.fail(`${silent} messages failed that nobody awaits, and ${this.failed} failures were told`);
  }

  #settled(sent: Sent, error: PoolError | undefined, before: number | undefined): void {
    if (sent.withdrawn !== undefined) {
      if (sent.withdrawn === 'none') this.#verdict.fail(`something came of ${sent.text}`);
      return;
    }
    if (sent.outcome !== undefined) {
      this.#verdict.fail(`it was settled twice: ${sent.text}`);
      return;
    }
    sent.outcome = error ?? 'well';
    sent.onSettled?.(error === undefined);
    if (error !== undefined) this.#rejected(sent, error, before);
    else if (sent.ack === 'delivered' ? !sent.taken : sent.ack === 'consumed' && !sent.consumed)
      this.#verdict.fail(`it was said to be ${sent.ack}, and is not: ${sent.text}`);
  }

  #rejected(sent: Sent, error: PoolError, before: number | undefined): void {
    const { outbox } = this.#limits;
    this.#coverage.count(`rejected: ${error.reason ?? error.code}, ${error.delivery ?? 'not said'}`);
    if (error.code === 'too-large') {
      if (!sent.tooLarge) this.#verdict.fail(`it is not too large: ${sent.text}`);
    } else if (error.reason === 'outbox-full') {
      if (before === 0 || (before ?? outbox) + sent.cost <= outbox)
        this.#verdict.fail(`the outbox is not full: ${sent.text}`);
    } else if (sent.refused !== undefined && error.reason === sent.refused) {
      if (error.delivery !== 'none') this.#verdict.fail(`a refused message did not arrive: ${sent.text}`);
    } else if (error.code !== 'closed' && error.code !== 'peer-left')
      this.#verdict.fail(`there is no reason for it: ${sent.text}`);
    if (error.delivery === 'delivered' && !sent.taken) this.#verdict.fail(`it did not arrive: ${sent.text}`);
    if (error.delivery === 'none' && sent.taken) this.#verdict.fail(`it did arrive: ${sent.text}`);
  }
}
