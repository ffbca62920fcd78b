import type { Ack, LeaveReason, Receipt } from '../../communicators/communicator.ts';
import { SEGMENT_BYTES } from '../../packers/packer.ts';
import type { LinkListener } from '../../links/link.ts';
import { Calls } from './calls.ts';
import { Life, type LifeHost } from './life.ts';
import { Page } from './page.ts';
import { sizeOf } from './plan.ts';
import { Reader } from './reader.ts';
import { Sent } from './sent.ts';
import { Streams } from './streams.ts';
import type { Side, WireEnd } from './wire.ts';
import type { World } from './world.ts';

const NAMES = ['alice', 'bob'] as const;
const ACKS: readonly Ack[] = ['delivered', 'delivered', 'consumed', 'accepted', 'none'];

interface Posting {
  readonly queue: string;
  readonly bytes: number;
  readonly ack: Ack;
  readonly unmetered: boolean;
  readonly correlation: number | undefined;
}

/** What an application does with its end: sends, reads, waits, gives up, says goodbye, starts anew. */
export class Party implements LifeHost {
  readonly world: World;
  readonly side: Side;
  readonly name: string;
  instance = '';
  page: Page;
  reader: Reader;
  /** Its session of this moment. */
  life: Life | undefined;
  readonly lives: Life[] = [];
  /** It can be met. */
  present = true;
  readonly #other: () => Party;
  /** A link may be needed. */
  readonly #look: () => void;
  readonly #calls: Calls;
  readonly #streams: Streams;
  /** Calls back in from calls back in, and no deeper. */
  #depth = 0;

  constructor(world: World, side: Side, other: () => Party, look: () => void) {
    this.world = world;
    this.side = side;
    this.name = NAMES[side];
    this.#other = other;
    this.#look = look;
    this.page = new Page(world.clock);
    this.reader = new Reader(world, () => this.life);
    this.#calls = new Calls(
      world,
      () => this.life,
      (queue, bytes, correlation) => {
        const life = this.present ? this.#begin() : undefined;
        if (life?.ledger.exempts(bytes) !== true) return undefined;
        return this.#post(life, { queue, bytes, ack: 'delivered', unmetered: true, correlation });
      },
    );
    this.#streams = new Streams(
      world,
      () => this.life,
      (queue, bytes, settled) => {
        if (!this.present) return undefined;
        const how = { queue, bytes, ack: 'consumed', unmetered: false, correlation: undefined } as const;
        return this.#post(this.#begin(), how, settled);
      },
    );
    this.#rename();
  }

  /** Everything has come to rest. */
  audit(): void {
    this.#calls.audit();
  }

  get waiting(): boolean {
    return this.reader.waiting;
  }

  /** A link to the other side's instance of this moment is being made, unless nobody is here to use it. */
  attach(end: WireEnd): LinkListener | undefined {
    if (!this.present) return undefined;
    const { instance } = this.#other();
    if (this.life !== undefined && this.life.peerInstance !== instance) this.life.lose('killed');
    const life = this.#begin();
    end.wire.lives[this.side] = life;
    life.end = end;
    const listener = life.session.attach(instance, end.wire.number);
    // Who has said goodbye is done with waiting for an answer.
    return life.over ? this.attach(end) : listener;
  }

  /** One thing an application does, and when the next follows. */
  step(left: number): void {
    if (this.world.calm || left === 0) return;
    const { random, plan } = this.world;
    this.#act(
      random.weighted({
        send: 30,
        call: 8,
        stream: 4,
        withdraw: 8,
        read: 8,
        mode: 6,
        wait: 8,
        leave: 3,
        ping: plan.pings ? 6 : 0,
      }),
    );
    this.page.timer(random.below(Math.ceil(2 * plan.stepEvery)), () => this.step(left - 1));
  }

  moment(where: Parameters<LifeHost['moment']>[0]): void {
    const { random, plan, calm, coverage } = this.world;
    if (calm || this.#depth > 1 || !random.chance(plan.callsBack)) return;
    coverage.count(`called back: ${where}`);
    this.#depth++;
    const goodbye = plan.departures && random.chance(1 / 8);
    if (goodbye && where === 'message') coverage.count('said goodbye from within message');
    if (goodbye) this.leave('goodbye');
    else {
      // An empty flush is what an application causes that pings, or sends and is flushed.
      this.#act(
        random.weighted({ send: 6, withdraw: 4, read: 3, wait: 2, leave: 1, ping: plan.pings ? 3 : 0, flush: 3 }),
      );
    }
    this.#depth--;
  }

  send(queue: string, bytes: number): Sent | undefined {
    const { random } = this.world;
    if (!this.present) return undefined;
    const life = this.#begin();
    const unmetered = random.chance(1 / 16) && life.ledger.exempts(bytes);
    const correlation = random.chance(1 / 8) ? random.pick([0, 1, 127, 128, 2 ** 32, 2 ** 53 - 1]) : undefined;
    return this.#post(life, { queue, bytes, ack: random.pick(ACKS), unmetered, correlation });
  }

  /** Says goodbye, and waits for the answer; but not for ever. */
  leave(reason: LeaveReason): void {
    const { life } = this;
    if (life === undefined || life.said !== undefined) return;
    const { random, coverage } = this.world;
    coverage.count(reason === 'removed' ? 'removed' : 'goodbye');
    if (this.#other().life?.session.leaving === true) coverage.count('goodbye from both at once');
    life.leave(reason);
    this.page.timer(random.pick([20, 200, 3_000]), () => life.abort());
  }

  /** The process is gone, and comes back as another one. */
  restart(delay: number): void {
    if (!this.present) return;
    this.world.coverage.count('restart');
    this.page.kill();
    this.life?.kill();
    this.life = undefined;
    this.present = false;
    this.world.clock.after(delay, () => {
      this.page = new Page(this.world.clock);
      this.reader = new Reader(this.world, () => this.life);
      this.#rename();
      this.present = true;
      this.#look();
    });
  }

  taken(sent: Sent, receipt: Receipt): void {
    if (!this.#calls.taken(sent, this.world.random.below(300))) {
      this.reader.arrive(sent, receipt);
      return;
    }
    sent.consumed = true;
    receipt.consumed();
  }

  joined(): void {
    this.reader.joined();
  }

  unlinked(life: Life): void {
    const { random, plan } = this.world;
    this.#look();
    if (!plan.departures || !random.chance(1 / 8)) return;
    this.page.timer(random.pick([5, 100, 3_000]), () => {
      if (this.world.calm || life.over || life.session.up) return;
      this.world.coverage.count('given up for good');
      life.lose('lost');
    });
  }

  ended(life: Life): void {
    const { random, calm } = this.world;
    if (this.life === life) this.life = undefined;
    if (!calm && life.said === 'goodbye' && random.chance(1 / 4)) this.present = false;
    this.#look();
  }

  #post(life: Life, { queue, bytes, ack, unmetered, correlation }: Posting, settled?: (well: boolean) => void): Sent {
    const { random, coverage } = this.world;
    if (!life.session.up) coverage.count('sent without a link');
    const segments = bytes >= SEGMENT_BYTES && random.chance(1 / 2) ? 1 : 0;
    const sent = new Sent(this.world.next(), queue, bytes, segments, ack, unmetered, correlation);
    sent.onSettled = settled;
    life.send(sent);
    return sent;
  }

  #begin(): Life {
    if (this.life === undefined) {
      const other = this.#other();
      this.life = new Life(this, other.name, other.instance);
      this.lives.push(this.life);
    }
    return this.life;
  }

  /** The smaller instance is sometimes the one and sometimes the other. */
  #rename(): void {
    this.instance = `${this.world.random.pick(['a', 'm', 'z'])}${this.world.next()}`;
  }

  #act(what: 'send' | 'call' | 'stream' | 'withdraw' | 'read' | 'mode' | 'wait' | 'leave' | 'ping' | 'flush'): void {
    const { random, plan } = this.world;
    switch (what) {
      case 'send':
        for (let count = random.pick([1, 1, 2, 5]); count > 0; count--) this.#sendAny();
        break;
      case 'call':
        this.#calls.ask(random.below(Math.min(400, plan.largest)));
        break;
      case 'stream':
        this.#streams.begin(Array.from({ length: random.between(1, 8) }, () => 1 + sizeOf(plan, random)));
        break;
      case 'withdraw':
        if (this.life !== undefined) this.#withdraw(this.life);
        break;
      case 'read':
        this.reader.read(random.between(1, 4));
        break;
      case 'mode':
        this.reader.mode = random.pick(['eager', 'lazy', 'lazy', 'paused', 'paused', 'by hand']);
        break;
      case 'wait':
        this.reader.wait(random.pick(plan.queues));
        break;
      case 'leave':
        this.reader.leave(random.pick(plan.queues));
        break;
      case 'ping':
        this.life?.ping();
        break;
      case 'flush':
        this.life?.session.flush();
    }
  }

  /** Some are given up after a while, as by a timeout or an abort. */
  #sendAny(): void {
    const { random, plan } = this.world;
    const sent = this.send(random.pick(plan.queues), sizeOf(plan, random));
    const { life } = this;
    if (sent === undefined || life === undefined || !random.chance(1 / 8)) return;
    this.page.timer(random.pick([0, 5, 30]), () => {
      if (!this.world.calm && !life.over) life.ledger.withdraw(life.session, sent, life.heard);
    });
  }

  #withdraw(life: Life): void {
    const { random, plan } = this.world;
    const open = [...life.ledger.open];
    if (open.length === 0) return;
    // What is half-way does not stay so for long, and then a link often breaks over it.
    const halfWay = open.filter((sent) => sent.halfWay);
    const sent = random.pick(halfWay.length > 0 ? halfWay : open);
    if (sent.halfWay && plan.cuts && random.chance(1 / 2)) life.end?.wire.burn(random.below(6_000));
    life.ledger.withdraw(life.session, sent, life.heard);
  }
}
