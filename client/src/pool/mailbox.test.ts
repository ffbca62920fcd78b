import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PoolError } from '../errors.ts';
import { Mailbox, type MailboxListener } from './mailbox.ts';
import type { Letter } from './message.ts';
import type { Manner, Taker } from './takers.ts';

const silent: MailboxListener = { wanted() {}, dropped() {} };
const closed = (): PoolError => new PoolError('closed', 'test');

function letter(
  from: string,
  queue: string,
  value: unknown,
  over: Partial<Letter> & { consumed?: () => void } = {},
): Letter {
  const { consumed = () => {}, ...rest } = over;
  const receipt = { identity: String(value), serial: 0, correlation: undefined, consumed };
  return { from, instance: `${from}-1`, queue, value, bytes: 10, receipt, arrival: 0, ...rest };
}

class Recorder implements Taker {
  readonly got: unknown[] = [];
  readonly errors: PoolError[] = [];
  readonly from: string | undefined;
  readonly queue: string | undefined;
  readonly manner: Manner;
  readonly lasting: boolean;

  constructor(from: string | undefined, queue: string | undefined, lasting = false, manner: Manner = 'plain') {
    this.from = from;
    this.queue = queue;
    this.lasting = lasting;
    this.manner = manner;
  }

  take(taken: Letter): void {
    this.got.push(taken.value);
  }

  fail(error: PoolError): void {
    this.errors.push(error);
  }
}

/** The promise in its plainest form: one list of letters, one list of takers, both scanned from the front. */
class Model {
  letters: { from: string; queue: string; value: number }[] = [];
  takers: { id: number; from: string | undefined; queue: string | undefined }[] = [];
  readonly got: [taker: number, value: number][] = [];

  deliver(from: string, queue: string, value: number): void {
    const index = this.takers.findIndex((taker) => matches(taker, from, queue));
    const [taker] = index < 0 ? [] : this.takers.splice(index, 1);
    if (taker === undefined) this.letters.push({ from, queue, value });
    else this.got.push([taker.id, value]);
  }

  wait(id: number, from: string | undefined, queue: string | undefined): void {
    const index = this.letters.findIndex((it) => matches({ from, queue }, it.from, it.queue));
    const [found] = index < 0 ? [] : this.letters.splice(index, 1);
    if (found === undefined) this.takers.push({ id, from, queue });
    else this.got.push([id, found.value]);
  }
}

interface ModelLetter {
  readonly from: string;
  readonly queue: string;
  readonly asks: boolean;
  readonly value: number;
}

interface ModelTaker {
  readonly id: number;
  readonly from: string | undefined;
  readonly queue: string | undefined;
  readonly manner: Manner;
}

/** The same with slots and requests: letters lie in the order of their arrival, and of a letter and a taker that match, both are only here while the slots are taken. */
class SlotModel {
  letters: ModelLetter[] = [];
  takers: ModelTaker[] = [];
  held: ModelLetter[] = [];
  readonly got: [taker: number, value: number][] = [];
  readonly #slots: number;
  readonly #plain: ModelLetter[] = [];

  constructor(slots: number) {
    this.#slots = slots;
  }

  deliver(letter: ModelLetter): void {
    const index = this.takers.findIndex((taker) => taker.manner === 'answering' && this.#may(taker, letter));
    const chosen = index >= 0 ? index : this.takers.findIndex((taker) => this.#may(taker, letter));
    const [taker] = chosen < 0 ? [] : this.takers.splice(chosen, 1);
    if (taker !== undefined) this.#give(taker, letter);
    else {
      const later = this.letters.findIndex((it) => it.value > letter.value);
      this.letters.splice(later < 0 ? this.letters.length : later, 0, letter);
    }
  }

  wait(taker: ModelTaker): void {
    const index = this.letters.findIndex((letter) => this.#may(taker, letter));
    const [found] = index < 0 ? [] : this.letters.splice(index, 1);
    if (found === undefined) this.takers.push(taker);
    else this.#give(taker, found);
  }

  release(which: number): number | undefined {
    const [letter] = this.held.splice(which, 1);
    if (letter === undefined) return undefined;
    for (const taker of this.takers.filter(({ manner }) => manner === 'slot')) {
      const index = this.letters.findIndex((it) => it.from === letter.from && this.#may(taker, it));
      const [found] = index < 0 ? [] : this.letters.splice(index, 1);
      if (found === undefined) continue;
      this.takers.splice(this.takers.indexOf(taker), 1);
      this.#give(taker, found);
    }
    return letter.value;
  }

  restore(which: number): number | undefined {
    const [letter] = this.#plain.splice(which, 1);
    if (letter !== undefined) this.deliver(letter);
    return letter?.value;
  }

  #give(taker: ModelTaker, letter: ModelLetter): void {
    this.got.push([taker.id, letter.value]);
    if (taker.manner === 'slot') this.held.push(letter);
    if (taker.manner === 'plain') this.#plain.push(letter);
  }

  #may(taker: ModelTaker, { from, queue, asks }: ModelLetter): boolean {
    if (!matches(taker, from, queue)) return false;
    if (taker.manner === 'answering') return asks;
    return taker.manner === 'plain' || this.held.filter((it) => it.from === from).length < this.#slots;
  }
}

function matches(taker: { from: string | undefined; queue: string | undefined }, from: string, queue: string): boolean {
  return (taker.from ?? from) === from && (taker.queue ?? queue) === queue;
}

describe('the mailbox', () => {
  it('does what the model does', () => {
    const names = fc.constantFrom('alice', 'bob', '__proto__');
    const queues = fc.constantFrom('', 'm', 'm0', 'mx');
    const command = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('deliver' as const), from: names, queue: queues }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('wait' as const),
          from: fc.option(names, { nil: undefined }),
          queue: fc.option(queues, { nil: undefined }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(20) }) },
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
        const mailbox = new Mailbox(1e9, 16, silent);
        for (const name of ['alice', 'bob', '__proto__']) mailbox.admit(name, `${name}-1`);
        const model = new Model();
        const got: [number, unknown][] = [];
        const takers = new Map<number, Taker>();
        commands.forEach((step, id) => {
          if (step.kind === 'deliver') {
            mailbox.deliver(letter(step.from, step.queue, id));
            model.deliver(step.from, step.queue, id);
          } else if (step.kind === 'wait') {
            const { from, queue } = step;
            const found = mailbox.take(from, queue);
            if (found !== undefined) got.push([id, found.value]);
            else {
              const taker: Taker = {
                from,
                queue,
                manner: 'plain',
                lasting: false,
                take: (it) => got.push([id, it.value]),
                fail() {},
              };
              takers.set(id, taker);
              mailbox.wait(taker);
            }
            model.wait(id, from, queue);
          } else {
            const [gone] = model.takers.splice(step.which, 1);
            const taker = gone === undefined ? undefined : takers.get(gone.id);
            if (taker !== undefined) mailbox.cancel(taker);
          }
          expect(got).toEqual(model.got);
          for (const name of ['alice', 'bob', '__proto__']) {
            const waiting = model.letters.filter((it) => it.from === name);
            expect(mailbox.unread(name)).toEqual({ messages: waiting.length, bytes: waiting.length * 10 });
            for (const queue of ['', 'm', 'm0', 'mx']) {
              const wanted = model.takers.some((taker) => taker.queue === queue && (taker.from ?? name) === name);
              expect(mailbox.wants(name, queue)).toBe(wanted);
            }
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('does what the model does with requests and with slots: of those that are held never more than there are', () => {
    const names = fc.constantFrom('alice', 'bob');
    const queues = fc.constantFrom('', 'mx');
    const manners = fc.constantFrom<Manner>('plain', 'slot', 'answering');
    const command = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('deliver' as const), from: names, queue: queues, asks: fc.boolean() }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant('wait' as const),
          from: fc.option(names, { nil: undefined }),
          queue: fc.option(queues, { nil: undefined }),
          manner: manners,
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore' as const), which: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(9) }) },
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80 }), fc.integer({ min: 1, max: 3 }), (commands, slots) => {
        const mailbox = new Mailbox(1e9, slots, silent);
        for (const name of ['alice', 'bob']) mailbox.admit(name, `${name}-1`);
        const model = new SlotModel(slots);
        const got: [number, unknown][] = [];
        const takers = new Map<number, Taker>();
        const out = new Map<unknown, Letter>();
        const take = (id: number, taken: Letter): void => {
          got.push([id, taken.value]);
          out.set(taken.value, taken);
        };
        commands.forEach((step, id) => {
          if (step.kind === 'deliver') {
            const receipt = { identity: '', serial: 0, correlation: step.asks ? id : undefined, consumed() {} };
            mailbox.deliver(letter(step.from, step.queue, id, { receipt }));
            model.deliver({ from: step.from, queue: step.queue, asks: step.asks, value: id });
          } else if (step.kind === 'wait') {
            const { from, queue, manner } = step;
            const found = mailbox.take(from, queue, manner);
            if (found !== undefined) take(id, found);
            else {
              const taker = { from, queue, manner, lasting: false, take: (it: Letter) => take(id, it), fail() {} };
              takers.set(id, taker);
              mailbox.wait(taker);
            }
            model.wait({ id, from, queue, manner });
          } else if (step.kind === 'cancel') {
            const [gone] = model.takers.splice(step.which, 1);
            const taker = gone === undefined ? undefined : takers.get(gone.id);
            if (taker !== undefined) mailbox.cancel(taker);
          } else if (step.kind === 'release') {
            const value = model.release(step.which);
            const held = out.get(value);
            if (held !== undefined) {
              expect(mailbox.holdsSlot(held)).toBe(true);
              mailbox.release(held);
              mailbox.release(held);
              expect(mailbox.holdsSlot(held)).toBe(false);
            }
          } else {
            const value = model.restore(step.which);
            const given = out.get(value);
            if (given !== undefined) mailbox.restore(given);
          }
          expect(got).toEqual(model.got);
          expect(new Set(mailbox.unreleased.map(({ value }) => value))).toEqual(
            new Set(model.held.map((it) => it.value)),
          );
          for (const name of ['alice', 'bob'])
            expect(mailbox.unread(name).messages).toBe(model.letters.filter(({ from }) => from === name).length);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the order of every queue, and every letter, whatever is held and given back', () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant('deliver' as const), queue: fc.constantFrom('', 'mx') }),
      fc.record({ kind: fc.constant('hold' as const), queue: fc.constantFrom('', 'mx') }),
      fc.record({ kind: fc.constant('restore' as const), which: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const mailbox = new Mailbox(1e9, 16, silent);
        const held: Letter[] = [];
        let delivered = 0;
        for (const step of commands) {
          if (step.kind === 'deliver') mailbox.deliver(letter('alice', step.queue, delivered++));
          else if (step.kind === 'hold')
            held.push(...[mailbox.take('alice', step.queue)].filter((it) => it !== undefined));
          else for (const it of held.splice(step.which, 1)) mailbox.restore(it);
        }
        for (const it of held) mailbox.restore(it);
        const drained: Letter[] = [];
        for (
          let next = mailbox.take(undefined, undefined);
          next !== undefined;
          next = mailbox.take(undefined, undefined)
        ) {
          drained.push(next);
        }
        expect(drained).toHaveLength(delivered);
        for (const queue of ['', 'mx']) {
          const values = drained.filter((it) => it.queue === queue).map((it) => it.value as number);
          expect(values).toEqual([...values].sort((one, other) => one - other));
        }
      }),
    );
  });

  it('BR duplicate id unread: both letters wait, in their order', () => {
    const mailbox = new Mailbox(1e9, 16, silent);
    mailbox.deliver(letter('alice', 'mx', 1));
    mailbox.deliver(letter('alice', 'mx', 2));
    expect([mailbox.take('alice', 'mx')?.value, mailbox.take('alice', 'mx')?.value]).toEqual([1, 2]);
  });

  it('BR two waiters same id: each gets its own letter, in the order in which they began', () => {
    const mailbox = new Mailbox(1e9, 16, silent);
    const [first, second] = [new Recorder('alice', 'mx'), new Recorder('alice', 'mx')];
    mailbox.wait(first);
    mailbox.wait(second);
    mailbox.deliver(letter('alice', 'mx', 1));
    mailbox.deliver(letter('alice', 'mx', 2));
    expect([first.got, second.got]).toEqual([[1], [2]]);
  });

  it('gives a letter that comes back to who waits for it, else in front', () => {
    const mailbox = new Mailbox(1e9, 16, silent);
    mailbox.deliver(letter('alice', '', 1));
    const held = mailbox.take('alice', '');
    mailbox.deliver(letter('alice', '', 2));
    if (held !== undefined) mailbox.restore(held);
    expect(mailbox.take('alice', '')?.value).toBe(1);
    const other = mailbox.take('alice', '');
    const taker = new Recorder(undefined, '');
    mailbox.wait(taker);
    if (other !== undefined) mailbox.restore(other);
    expect(taker.got).toEqual([2]);
  });

  it('drops the unread of an instance when another is there, also what comes back late', () => {
    const mailbox = new Mailbox(1e9, 16, silent);
    let consumed = 0;
    const count = { consumed: () => consumed++ };
    expect(mailbox.admit('alice', 'alice-1')).toBe(0);
    for (const value of [1, 2, 3]) mailbox.deliver(letter('alice', '', value, count));
    const held = mailbox.take('alice', '');
    mailbox.depart('alice');
    expect(mailbox.unread('alice').messages).toBe(2);
    expect(mailbox.admit('alice', 'alice-2')).toBe(2);
    if (held !== undefined) mailbox.restore(held);
    expect(consumed).toBe(3);
    expect(mailbox.take('alice', '')).toBeUndefined();
  });

  it('keeps the unread when the same instance is there again', () => {
    const mailbox = new Mailbox(1e9, 16, silent);
    mailbox.admit('alice', 'alice-1');
    mailbox.deliver(letter('alice', '', 1));
    mailbox.depart('alice');
    expect(mailbox.admit('alice', 'alice-1')).toBe(0);
    expect(mailbox.take('alice', '')?.value).toBe(1);
  });

  it('drops what those who left longest ago left behind, when all of it together exceeds the limit', () => {
    const dropped: [string, number][] = [];
    const mailbox = new Mailbox(3 * 266, 16, { wanted() {}, dropped: (from, unread) => dropped.push([from, unread]) });
    for (const name of ['alice', 'bob', 'carol']) {
      mailbox.admit(name, `${name}-1`);
      mailbox.deliver(letter(name, '', 1));
      mailbox.deliver(letter(name, '', 2));
    }
    mailbox.depart('bob');
    mailbox.take('bob', '');
    mailbox.depart('alice');
    expect(dropped).toEqual([]);
    mailbox.depart('carol');
    expect(dropped).toEqual([
      ['bob', 1],
      ['alice', 2],
    ]);
    expect(mailbox.unread('carol').messages).toBe(2);
  });

  it('fails those who wait for one sender when it leaves, but not who waits for anyone or on', () => {
    const mailbox = new Mailbox(1e9, 16, silent);
    const bound = new Recorder('alice', 'mx');
    const lasting = new Recorder('alice', 'mx', true);
    const anyone = new Recorder(undefined, 'mx');
    for (const taker of [bound, lasting, anyone]) mailbox.wait(taker);
    mailbox.dismiss('alice', closed);
    expect([bound, lasting, anyone].map((taker) => taker.errors.length)).toEqual([1, 0, 0]);
    mailbox.deliver(letter('alice', 'mx', 1));
    expect(lasting.got).toEqual([1]);
    mailbox.dismissAll(closed);
    expect([bound, lasting, anyone].map((taker) => taker.errors.length)).toEqual([1, 0, 1]);
  });

  it('says what is wanted, once, and again for whoever still waits after a letter', () => {
    const wanted: string[] = [];
    const mailbox: Mailbox = new Mailbox(1e9, 16, {
      wanted: (from, queue) => wanted.push(`${from ?? '*'} ${queue} ${mailbox.wants(from ?? 'alice', queue)}`),
      dropped() {},
    });
    const takers = [new Recorder('alice', 'mx'), new Recorder('alice', 'mx'), new Recorder(undefined, 'mx')];
    for (const taker of takers) mailbox.wait(taker);
    expect(wanted.splice(0)).toEqual(['alice mx true', '* mx true']);
    mailbox.deliver(letter('alice', 'mx', 1));
    expect(wanted.splice(0)).toEqual(['alice mx true']);
    mailbox.deliver(letter('alice', 'mx', 2));
    expect(wanted.splice(0)).toEqual(['alice mx true', 'alice mx true']);
    for (const taker of takers) mailbox.cancel(taker);
    expect(wanted.splice(0)).toEqual(['* mx false']);
    mailbox.wait(new Recorder('alice', undefined));
    expect(wanted).toEqual([]);
  });

  it('does not tell anew what a taker wants that waits again at once', () => {
    const wanted: unknown[] = [];
    const mailbox = new Mailbox(1e9, 16, { wanted: (...what) => wanted.push(what), dropped() {} });
    const taker: Taker = {
      from: undefined,
      queue: '',
      manner: 'plain',
      lasting: true,
      take: () => mailbox.wait(taker),
      fail() {},
    };
    mailbox.wait(taker);
    mailbox.deliver(letter('alice', '', 1));
    expect(wanted).toEqual([
      [undefined, ''],
      ['alice', ''],
    ]);
  });

  it('hands out a hundred thousand letters of different ids, and serves as many takers, in linear time', () => {
    const mailbox = new Mailbox(1e9, 16, silent);
    const count = 100_000;
    for (let value = 0; value < count; value++) mailbox.deliver(letter('alice', `m${value}`, value));
    for (let value = 0; value < count; value++) expect(mailbox.take(undefined, undefined)?.value).toBe(value);
    const takers = Array.from({ length: count }, () => new Recorder('alice', 'mx'));
    for (const taker of takers) mailbox.wait(taker);
    for (const taker of takers.slice(0, count / 2)) mailbox.cancel(taker);
    for (let value = 0; value < count / 2; value++) mailbox.deliver(letter('alice', 'mx', value));
    expect(takers[count / 2]?.got).toEqual([0]);
    expect(takers[count - 1]?.got).toEqual([count / 2 - 1]);
  });

  it('gives back what its sender takes back, unless somebody has it', () => {
    const mailbox = new Mailbox(1000, 16, silent);
    const consumed: unknown[] = [];
    const [one, two] = [1, 2].map((value) => letter('alice', 'm', value, { consumed: () => consumed.push(value) }));
    if (one === undefined || two === undefined) throw new Error('unreachable');
    mailbox.admit('alice', 'alice-1');
    for (const each of [one, two]) mailbox.deliver(each);
    expect([mailbox.withdraw(one), mailbox.withdraw(one), consumed]).toEqual([true, false, [1]]);
    expect(mailbox.take('alice', 'm')).toBe(two);
    expect([mailbox.withdraw(two), consumed]).toEqual([false, [1]]);
    expect(mailbox.withdraw(letter('bob', 'm', 3))).toBe(false);
    expect(mailbox.unread('alice')).toEqual({ messages: 0, bytes: 0 });
  });
});

describe('a sender who floods one queue with requests', () => {
  it('makes nobody who answers another look through them', () => {
    const mailbox = new Mailbox(1, 1, silent);
    const request = (from: string, queue: string, value: number): Letter => {
      const made = letter(from, queue, value);
      return { ...made, receipt: { ...made.receipt, correlation: value } };
    };
    let looks = 0;
    for (let value = 0; value < 1_000; value++) {
      const junk = request('mallory', 'mjunk', value);
      mailbox.deliver(Object.defineProperty(junk, 'queue', { get: () => (looks++, 'mjunk') }));
    }
    for (let value = 0; value < 100; value++) mailbox.deliver(request('carol', 'mwork', value));
    looks = 0;
    const answered: unknown[] = [];
    for (let next = mailbox.take(undefined, 'mwork', 'answering'); next !== undefined;) {
      answered.push(next.value);
      next = mailbox.take(undefined, 'mwork', 'answering');
    }
    expect(answered).toEqual(Array.from({ length: 100 }, (_, value) => value));
    expect(looks).toBe(0);
  });
});
