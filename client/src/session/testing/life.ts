import type { LeaveReason, Receipt } from '../../communicators/communicator.ts';
import { PoolError } from '../../errors.ts';
import type { Packet } from '../../packers/packer.ts';
import type { Outgoing } from '../outgoing.ts';
import { Session } from '../session.ts';
import { Ledger } from './ledger.ts';
import type { Page } from './page.ts';
import type { Sent } from './sent.ts';
import type { Side, WireEnd } from './wire.ts';
import type { World } from './world.ts';

/** Whoever runs a session hears of it by these. */
export interface LifeHost {
  readonly world: World;
  /** Somebody waits for a message. */
  readonly waiting: boolean;
  readonly side: Side;
  readonly name: string;
  readonly instance: string;
  readonly page: Page;
  /** A message was taken. */
  taken(sent: Sent, receipt: Receipt): void;
  joined(life: Life): void;
  /** The link is no good, or broke; the session stands. */
  unlinked(life: Life): void;
  ended(life: Life): void;
  /** Something was heard: a moment to call back in. */
  moment(where: 'message' | 'joined' | 'resumed' | 'severed' | 'settled' | 'failed' | 'ended'): void;
}

/** One session, from its first link or its first message to its end, and what it may not say. */
export class Life {
  readonly session: Session;
  readonly ledger: Ledger;
  readonly peerInstance: string;
  readonly page: Page;
  readonly #host: LifeHost;
  /** Its newest link. */
  end: WireEnd | undefined;
  /** The other side's session that it was up with. */
  peer: Life | undefined;
  /** The link it was first up with. */
  joinedBy: number | undefined;
  /** Its own application ended it, for this reason. */
  said: LeaveReason | undefined;
  over = false;
  /** Its process is gone, and with it whoever could be told anything. */
  killed = false;
  /** Packets heard. */
  heard = 0;
  /** How often a queue was waited for: each may let one message pass. */
  wants = 0;
  pings = 0;
  #serial: number | undefined;

  constructor(host: LifeHost, peerName: string, peerInstance: string) {
    const { world, side, name, instance, page } = host;
    const { plan, verdict, coverage } = world;
    const other = side === 0 ? 1 : 0;
    this.#host = host;
    this.page = page;
    this.peerInstance = peerInstance;
    this.ledger = new Ledger(verdict, coverage, {
      outbox: plan.outboxLimit[side],
      inbox: plan.inboxLimit[other],
      maxMessageSize: plan.maxMessageSize[other],
    });
    this.session = new Session(
      {
        name,
        instance,
        peer: peerName,
        packer: 'numbers',
        inboxLimit: plan.inboxLimit[side],
        outboxLimit: plan.outboxLimit[side],
        maxMessageSize: plan.maxMessageSize[side],
        random: () => `${world.next()}`,
      },
      {
        now: () => world.clock.now,
        schedule: () => page.timer(0, () => this.session.flush()),
        acknowledge: () => page.timer(0, () => this.session.flush()),
        joined: () => this.#joined(),
        severed: () => {
          host.moment('severed');
          host.unlinked(this);
        },
        resumed: () => this.#resumed(),
        agreed: () => {},
        unfit: (error) => this.#unfit(error),
        message: (queue, packet, receipt) => this.#message(queue, packet, receipt),
        failed: () => {
          this.ledger.failed++;
          host.moment('failed');
        },
        quiet: () => {},
        ended: (reason, error) => this.#ended(reason, error),
      },
    );
  }

  send(sent: Sent): Outgoing | undefined {
    this.ledger.send(this.session, sent, () => this.#host.moment('settled'));
    return sent.outgoing;
  }

  ping(): void {
    const { world } = this.#host;
    this.pings++;
    let answered = false;
    this.session.ping((answer) => {
      this.pings--;
      if (answered || (typeof answer === 'number' && answer < 0)) world.verdict.fail('a ping had two answers');
      answered = true;
    });
  }

  /** A queue is waited for. */
  want(): void {
    this.wants++;
    if (this.peer?.ledger.blocked === true) this.#host.world.coverage.count('waited for while the mailbox was full');
  }

  get waiting(): boolean {
    return this.#host.waiting;
  }

  /** Goodbye: what was said before is exact. */
  leave(reason: LeaveReason): void {
    this.said = reason;
    this.session.goodbye(reason, 'that was it');
  }

  lose(reason: LeaveReason): void {
    this.said ??= reason;
    this.session.lost(reason, 'it was given up');
  }

  abort(): void {
    this.said ??= 'goodbye';
    this.session.abort('goodbye', 'that was it');
  }

  /** Nobody will hear of it again. */
  kill(): void {
    this.over = true;
    this.killed = true;
  }

  #facing(): Life | undefined {
    return this.end?.wire.lives[this.#host.side === 0 ? 1 : 0];
  }

  #joined(): void {
    const { world } = this.#host;
    const facing = this.#facing();
    if (this.peer !== undefined || this.said !== undefined)
      world.verdict.fail(`a session was up for the first time twice, or after ${this.said}`);
    if (facing === undefined || (facing.peer !== undefined && facing.peer !== this)) {
      world.verdict.fail('a session goes on with another one');
    }
    this.peer = facing;
    this.joinedBy = this.end?.wire.number;
    if (facing?.joinedBy !== undefined && facing.joinedBy !== this.joinedBy)
      world.coverage.count('agreed on, broken before it was up, and resumed');
    this.#host.joined(this);
    this.#host.moment('joined');
  }

  #resumed(): void {
    const { world } = this.#host;
    if (this.#facing() !== this.peer || this.said !== undefined)
      world.verdict.fail('a session was resumed with another one');
    world.coverage.count('resumed');
    if (this.pings > 0) world.coverage.count('pinged over a link that broke');
    this.#host.moment('resumed');
  }

  #unfit(error: PoolError): void {
    const { coverage, verdict } = this.#host.world;
    if (error.reason !== 'gone') verdict.fail(`a link was no good: ${error.message}`);
    coverage.count('proved to be gone to who was not up');
    this.#host.unlinked(this);
  }

  #message(queue: string, packet: Packet, receipt: Receipt): void {
    if (this.over) return;
    const { plan, random, verdict, coverage, calm } = this.#host.world;
    const { peer } = this;
    if (peer === undefined || this.said !== undefined) {
      verdict.fail('a message came before the session was up, or after its end');
      return;
    }
    const sent = peer.ledger.arrive(queue, packet);
    if (sent === undefined) return;
    this.#look(sent, receipt, peer);
    this.#host.moment('message');
    // Whoever has said goodbye meanwhile refuses nothing.
    if (!calm && this.said === undefined && random.chance(plan.refuses)) {
      coverage.count('refused');
      sent.refused = random.pick(['unpackable', 'malformed', 'remote']);
      if (sent.refused === 'remote') throw new TypeError('it is not taken');
      throw new PoolError(sent.refused as 'malformed', 'it is not taken');
    }
    sent.taken = true;
    peer.ledger.taken++;
    peer.ledger.takenBytes += sent.bytes;
    this.#host.taken(sent, receipt);
  }

  #look(sent: Sent, receipt: Receipt, peer: Life): void {
    const { plan, coverage, verdict } = this.#host.world;
    const { serial } = receipt;
    if (this.#serial !== undefined && serial !== (this.#serial + 1) >>> 0)
      verdict.fail(`serial ${serial} follows ${this.#serial}`);
    if (this.#serial !== undefined && serial < this.#serial) coverage.count('serial wrapped');
    this.#serial = serial;
    const { outgoing } = sent;
    if (outgoing !== undefined && !receipt.identity.endsWith(`/${outgoing.lane}.${outgoing.index}`))
      verdict.fail(`its identity is ${receipt.identity}: ${sent.text}`);
    if (receipt.correlation !== sent.correlation)
      verdict.fail(`its correlation is ${receipt.correlation}: ${sent.text}`);
    if (sent.correlation !== undefined) coverage.count('correlated');
    const { bytes, allowed } = peer.ledger.inbox(this.wants);
    if (bytes > allowed) verdict.fail(`${bytes} bytes lie unread or come, ${allowed} are allowed`);
    verdict.largestMemory = Math.max(verdict.largestMemory, bytes + this.ledger.held);
    if (sent.cost > plan.inboxLimit[this.#host.side]) coverage.count('larger than the inbox');
    if (sent.bytes === 0) coverage.count('empty message');
    if (sent.segments > 0) coverage.count('in segments');
  }

  #ended(reason: LeaveReason, error: PoolError): void {
    if (this.over) return;
    const { coverage, verdict } = this.#host.world;
    const { peer } = this;
    this.over = true;
    if (this.said === undefined) {
      const gone = error.reason === 'gone' && peer?.over === true;
      if (gone) coverage.count('gone');
      if (!gone && (peer?.said !== reason || error.code !== 'peer-left'))
        verdict.fail(`it ended for no reason: ${error.message}`);
    }
    this.ledger.ended();
    this.#host.ended(this);
    this.#host.moment('ended');
  }
}
