import type { Communicator, Self, SignalingState } from '../communicators/communicator.ts';
import { Deadlines } from '../deadlines.ts';
import { PoolError } from '../errors.ts';
import { Answers } from './answers.ts';
import { Arrivals } from './arrivals.ts';
import { Complaints } from './complaints.ts';
import { Exposure } from './calls/exposure.ts';
import { Listeners, type PoolState } from './listeners.ts';
import { Mailbox } from './mailbox.ts';
import { Letters } from './letters.ts';
import { KIND } from './queue-key.ts';
import { newInstance, type Settings } from './pool-options.ts';
import { Post } from './post.ts';
import { Replies } from './replies.ts';
import { Roster } from './roster.ts';
import { Taps } from './tap.ts';

/** What the rooms of one pool share. */
export class Commons {
  readonly name: string;
  readonly settings: Settings;
  readonly communicator: Communicator;
  readonly clock = new Deadlines();
  readonly listeners = new Listeners();
  readonly taps = new Taps();
  readonly roster: Roster;
  readonly mailbox: Mailbox;
  readonly arrivals = new Arrivals();
  readonly post: Post;
  readonly replies: Replies;
  readonly answers: Answers;
  readonly exposure: Exposure;
  /** `initialize` waits, and will itself tell of a named client that can't be had. */
  joining = false;
  readonly #complaints = new Complaints((error) => {
    this.taps.error(error);
    this.listeners.emit('error', { error });
  });
  #state: PoolState = 'uninitialized';
  #instance: string;
  #signaling: SignalingState = 'connecting';
  #discover: boolean | undefined;

  constructor(name: string, communicator: Communicator, settings: Settings) {
    this.name = name;
    this.communicator = communicator;
    this.settings = settings;
    this.#instance = settings.instance;
    this.roster = new Roster(name);
    this.mailbox = new Mailbox(settings.inboxLimit, settings.slots, {
      wanted: (from, queue) => this.#want(from, queue),
      dropped: (from, unread) => this.complain(crowded(from, unread)),
    });
    this.arrivals.open([KIND.plain, KIND.message], new Letters(this));
    this.post = new Post(this);
    this.replies = new Replies(this);
    this.answers = new Answers(this);
    this.exposure = new Exposure(this);
  }

  /** Of this life; messages to oneself keep the first one's. */
  get instance(): string {
    return this.#instance;
  }

  get state(): PoolState {
    return this.#state;
  }

  /** Whether people nobody named are clients too; settled at the start. */
  get discover(): boolean {
    return this.#discover ?? this.settings.discover ?? !this.roster.named;
  }

  start(): Self {
    const { discover, name, settings } = this;
    const { instance, packer, inboxLimit, outboxLimit, maxMessageSize, identity } = settings;
    this.#discover = discover;
    this.mailbox.admit(name, instance);
    this.#enter('started');
    return Object.freeze({
      name,
      instance,
      discover,
      packer: packer.name,
      inboxLimit,
      outboxLimit,
      maxMessageSize,
      identity,
    });
  }

  /** A new life under the same name. */
  restart(): void {
    this.#instance = newInstance();
    this.communicator.rejoin(this.#instance);
  }

  stop(): void {
    this.#enter('stopped');
  }

  signaling(signaling: SignalingState): void {
    if (signaling === this.#signaling) return;
    this.#signaling = signaling;
    this.#tellState();
  }

  /** What nobody asked for. */
  complain(error: Error): void {
    this.#complaints.complain(error);
  }

  illegal(action: string): PoolError {
    const advice = { uninitialized: ': await initialize() first', started: '', stopped: ': it does not start again' };
    return new PoolError('illegal-state', `cannot ${action} while the pool is ${this.#state}${advice[this.#state]}`);
  }

  #enter(state: PoolState): void {
    this.#state = state;
    this.#tellState();
  }

  #tellState(): void {
    this.listeners.emit('state', { state: this.#state, signaling: this.#signaling });
  }

  /** Who is not here yet is told when it joins. */
  #want(from: string | undefined, queue: string): void {
    if (this.#state !== 'started' || from === this.name) return;
    const tell = (name: string): void => this.communicator.want(name, queue, this.mailbox.wants(name, queue));
    if (from === undefined) for (const { name } of this.roster.here()) tell(name);
    else if (this.roster.isHere(from)) tell(from);
  }
}

function crowded(peer: string, unread: number): PoolError {
  return new PoolError(
    'peer-left',
    `dropped ${unread} unread messages of ${peer}, who left, to make room for those of others who left`,
    { peer },
  );
}
