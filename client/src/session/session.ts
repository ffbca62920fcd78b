import type { LeaveReason, Receipt, SendOptions } from '../communicators/communicator.ts';
import { PoolError, type Delivery, type PoolErrorDetails } from '../errors.ts';
import type { Lane, Link, LinkKind, LinkListener } from '../links/link.ts';
import { type Packet, SEGMENT_BYTES } from '../packers/packer.ts';
import { said } from '../said.ts';
import {
  encodeReason,
  FLAGS,
  FRAME,
  FrameError,
  PacketReader,
  PacketWriter,
  REASON_BYTES,
  varintBytes,
} from './frames.ts';
import { type Agreement, Greeting, LANES, type Outcome, type Resumable } from './greeting.ts';
import { type Hello, VERSIONS } from './hello.ts';
import { Inbox } from './inbox.ts';
import { Outbox, type OutboxHost } from './outbox.ts';
import type { Outgoing } from './outgoing.ts';
import type { Trust } from './trust.ts';

/** Answers to pings that wait for the link at once. */
const MOST_PONGS = 16;

/** So many packets in a row are acknowledged together, however many follow. */
const MOST_ANNOUNCED = 8;

/** Who the two ends are, and what this one takes. */
export interface SessionOptions {
  readonly name: string;
  readonly instance: string;
  readonly peer: string;
  readonly packer: string;
  readonly inboxLimit: number;
  readonly outboxLimit: number;
  readonly maxMessageSize: number;
  /** Fresh and random, 128 bits in base 16: halves of session ids and pair keys are made of it. */
  readonly random: () => string;
  /** Where this side has a key to prove, or cares for the other's. */
  readonly trust?: Trust | undefined;
}

/** What a session asks of the world. The clock and the links are outside, so that a session can be simulated. */
export interface SessionHost extends OutboxHost {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Call `flush` once, soon; it may be asked again before that. */
  schedule(): void;
  /** The same, for what can wait until the end of the turn for something to ride with. */
  acknowledge(): void;
  /** The other side's hello is good: it may be up before we are, and wait for us if the link breaks. */
  agreed(): void;
  /** Both sides have checked each other: from here on messages pass. */
  joined(kind: LinkKind): void;
  /** The link broke. The session stands, and waits for the next. */
  severed(cause: Error | undefined): void;
  /** It goes on over a new link. */
  resumed(kind: LinkKind): void;
  /** The link under way is no good; another may be. */
  unfit(error: PoolError): void;
  /** Returning takes the message, throwing refuses it. */
  message(queue: string, packet: Packet, receipt: Receipt): void;
  /** The last thing heard. `error` says what went wrong, if anything did. */
  ended(reason: LeaveReason, error: PoolError): void;
}

/**
 * `apart`: no link. `greeting`: a link is under way, hellos are exchanged. `up`: messages pass. `leaving`: goodbye was said, its echo is awaited. `ended`.
 */
type Phase =
  | { readonly name: 'apart' }
  | { readonly name: 'greeting'; readonly greeting: Greeting }
  | { readonly name: 'up' | 'leaving'; readonly greeting: Greeting; readonly link: Link; readonly writer: PacketWriter }
  | { readonly name: 'ended'; readonly error: PoolError };

/**
 * Turns links to one instance of a peer into one stream of messages: each whole, exactly once, in order within its queue, acknowledged or refused.
 * Knows packets and queue keys, no values and no message ids. Written once, for every communicator.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #host: SessionHost;
  readonly #outbox: Outbox;
  #inbox: Inbox | undefined;
  #phase: Phase = { name: 'apart' };
  /** Agreed on, and up at least once. */
  #standing: Agreement | undefined;
  /** Agreed on, and the link broke before it was up. */
  #agreement: Agreement | undefined;
  /** There is something to acknowledge. */
  #acknowledge = false;
  /** How many packets in a row, up to the last one of lane 0, said that another follows `soon`. */
  #announced = 0;
  /** Our last packet of lane 0 said so. */
  #promised = false;
  #control: { readonly kind: typeof FRAME.ping | typeof FRAME.pong; readonly id: number }[] = [];
  #pings = new Map<number, { readonly at: number; readonly done: (answer: number | PoolError) => void }>();
  #nextPing = 0;
  /** The lane whose packet is being written. */
  #flushing: Lane | undefined;
  /** Of the newest answered ping, in milliseconds. */
  roundTripTime: number | undefined;
  /** The other side's key, which it has proved over the newest link. */
  publicKey: string | undefined;

  constructor(options: SessionOptions, host: SessionHost) {
    this.#options = options;
    this.#host = host;
    this.#outbox = new Outbox(options.peer, options.outboxLimit, host);
  }

  get up(): boolean {
    return this.#phase.name === 'up';
  }

  /** Why it ended. */
  get end(): PoolError | undefined {
    return this.#phase.name === 'ended' ? this.#phase.error : undefined;
  }

  /** Goodbye was said, and its echo is awaited. */
  get leaving(): boolean {
    return this.#phase.name === 'leaving';
  }

  get kind(): LinkKind | undefined {
    return this.#phase.name === 'up' || this.#phase.name === 'leaving' ? this.#phase.link.kind : undefined;
  }

  /** Whether the link under way believes that it reaches the other end. */
  get reachable(): boolean {
    return this.#phase.name === 'up' && this.#phase.link.reachable;
  }

  /** Nothing sent here is unacknowledged. */
  get idle(): boolean {
    return this.#outbox.inFlight === 0;
  }

  get statistics(): {
    readonly messagesSent: number;
    readonly bytesSent: number;
    readonly messagesReceived: number;
    readonly bytesReceived: number;
    readonly inFlight: number;
  } {
    return {
      messagesSent: this.#outbox.messagesSent,
      bytesSent: this.#outbox.bytesSent,
      messagesReceived: this.#inbox?.messagesReceived ?? 0,
      bytesReceived: this.#inbox?.bytesReceived ?? 0,
      inFlight: this.#outbox.inFlight,
    };
  }

  /** A link to this instance is being made; what it says goes to the listener. Whatever an earlier link still says is not heard any more. */
  attach(instance: string, link: number): LinkListener {
    const { name, packer, inboxLimit, maxMessageSize, instance: from, random, trust } = this.#options;
    const resumable = this.#resumable;
    this.#sever();
    const own = {
      ...VERSIONS,
      name,
      instance: from,
      to: instance,
      link,
      half: random(),
      key: random(),
      resume: null,
      publicKey: trust?.identity?.publicKey ?? null,
      packer,
    };
    const greeting: Greeting = new Greeting(
      { ...own, packetBytes: 0, maxMessageSize, inboxLimit },
      this.#options.peer,
      instance,
      resumable,
      trust,
      (outcome) => {
        if (current()) this.#reading(() => this.#come(greeting, outcome));
      },
    );
    if (this.#phase.name !== 'ended') this.#phase = { name: 'greeting', greeting };
    const current = (): boolean => 'greeting' in this.#phase && this.#phase.greeting === greeting;
    return {
      opened: (opened) => {
        if (current()) this.#come(greeting, greeting.opened(opened));
        else opened.close();
      },
      packet: (lane, bytes) => {
        if (current()) this.#packet(greeting, lane, bytes);
      },
      drained: () => {
        if (current()) this.flush();
      },
      closed: (error) => {
        if (current()) this.#closed(error);
      },
    };
  }

  /** The link is no good any more. The session stays, and goes on over the next. */
  sever(cause?: Error): void {
    if (this.#phase.name !== 'up') return;
    this.#sever();
    this.#host.severed(cause);
  }

  /** Waits in the outbox until there is a link, if need be. `settle` is called once, with what went wrong or without. */
  send(packet: Packet, options: SendOptions, settle: (error?: PoolError) => void): Outgoing | undefined {
    if (this.#phase.name === 'ended') {
      settle(this.#phase.error);
      return undefined;
    }
    for (const segment of packet.segments) {
      if (segment.length < SEGMENT_BYTES) throw new RangeError(`a segment has at least ${SEGMENT_BYTES} bytes`);
    }
    const message = this.#outbox.add(packet, options, settle);
    this.#host.schedule();
    return message;
  }

  /** The sender gives up. Says whether the message can have arrived. */
  withdraw(message: Outgoing): Delivery {
    const delivery = this.#outbox.withdraw(message);
    this.#host.schedule();
    return delivery;
  }

  want(queue: string, waiting: boolean): void {
    this.#inbox?.want(queue, waiting);
  }

  /** Asks for a sign of life; `done` hears the round-trip time in milliseconds, or why there will be none. */
  ping(done: (answer: number | PoolError) => void): void {
    if (this.#phase.name !== 'up') {
      const { peer } = this.#options;
      done(
        new PoolError('unreachable', `there is no link to ${peer} at this moment: it is being looked for`, { peer }),
      );
      return;
    }
    const id = this.#nextPing++;
    this.#pings.set(id, { at: this.#host.now(), done });
    this.#control.push({ kind: FRAME.ping, id });
    this.flush();
  }

  /** Says goodbye, with the last acknowledgements, and waits for the echo: `ended` follows, or `abort` has to. */
  goodbye(reason: LeaveReason, text: string): void {
    if (this.#phase.name !== 'up') {
      this.abort(reason, text);
      return;
    }
    this.flush();
    if (this.#phase.name !== 'up') return;
    this.#phase = { ...this.#phase, name: 'leaving' };
    this.#say(this.#phase.link, this.#phase.writer, reason, text);
  }

  /** Ends at once; what has not left is dropped. */
  abort(reason: LeaveReason, text: string): void {
    this.#finish(reason, new PoolError('closed', text, { peer: this.#options.peer, reason }), false);
  }

  /** Ends because the other side is not there any more. */
  lost(reason: LeaveReason, text: string, details: PoolErrorDetails = {}): void {
    this.#finish(reason, new PoolError('peer-left', text, { ...details, peer: this.#options.peer, reason }), false);
  }

  /** Ends before it began. */
  fail(reason: LeaveReason, error: PoolError): void {
    this.#finish(reason, error, false);
  }

  /** Sends what can leave now. */
  flush(): void {
    if (this.#phase.name !== 'up' || this.#flushing !== undefined) return;
    const { link, writer } = this.#phase;
    try {
      for (const lane of LANES) {
        this.#flushing = lane;
        while (this.#phase.name === 'up' && link.ready(lane)) {
          writer.restart();
          if (this.#outbox.notices(lane, writer)) {
            if (lane === 0) this.#writeControl(writer);
            this.#outbox.messages(lane, writer);
          }
          if (!this.#seal(lane, writer)) break;
          link.send(lane, writer.packet);
        }
      }
    } finally {
      this.#flushing = undefined;
    }
  }

  /**
   * Whether there is a packet to send. While more is ready to follow in lane 0 the other side need not acknowledge it; and where what was to follow was withdrawn, something else does.
   */
  #seal(lane: Lane, writer: PacketWriter): boolean {
    if (lane !== 0) return writer.length > 0;
    if (writer.length === 0) {
      if (!this.#promised) return false;
      this.#promised = false;
      this.#writeAcknowledgement(writer);
      return true;
    }
    this.#promised = this.#outbox.pending(lane);
    if (this.#promised) writer.byte(FRAME.soon);
    return true;
  }

  #packet(greeting: Greeting, lane: Lane, bytes: Uint8Array): void {
    this.#reading(() => {
      const reader = new PacketReader(bytes);
      let kind: number | undefined;
      while (!reader.done && 'greeting' in this.#phase && this.#phase.greeting === greeting) {
        kind = reader.byte();
        if (greeting.greeted(lane)) this.#frame(kind, lane, reader);
        else this.#come(greeting, greeting.read(kind, lane, reader));
      }
      if (this.#outbox.relieved()) this.#scheduleIfPending();
      if (lane === 0 && kind !== FRAME.soon && this.#announced > 0) {
        this.#announced = 0;
        if (this.#acknowledge) this.#host.acknowledge();
      }
    });
  }

  /** What can't be read ends the session. */
  #reading(read: () => void): void {
    try {
      read();
    } catch (cause) {
      if (!(cause instanceof FrameError)) throw cause;
      this.#malformed(cause);
    }
  }

  #come(greeting: Greeting, outcome: Outcome | undefined): void {
    const { peer } = this.#options;
    if (outcome === undefined) return;
    switch (outcome.name) {
      case 'agreed':
        this.#host.agreed();
        break;
      case 'up':
        if (this.#phase.name === 'greeting') this.#up(greeting, outcome);
        break;
      case 'refused':
        this.#finish('refused', outcome.error, false);
        break;
      case 'gone':
        this.#finish(
          'lost',
          new PoolError('peer-left', `${peer} does not have the session any more: it gave us up meanwhile`, {
            peer,
            reason: 'gone',
          }),
          false,
        );
        break;
      case 'unfit':
        this.#sever();
        this.#host.unfit(outcome.error);
    }
  }

  #up(greeting: Greeting, { link, hello, agreement, publicKey, resumed }: Extract<Outcome, { name: 'up' }>): void {
    const writer = new PacketWriter(Math.min(link.packetBytes, hello.packetBytes));
    const again = this.#standing !== undefined;
    if (resumed !== undefined && again) {
      this.#outbox.resume(resumed.frames, writer);
      this.#inbox?.resume();
      this.#acknowledge = true;
      this.#control = [...this.#pings.keys()].map((id) => ({ kind: FRAME.ping, id }));
    } else {
      this.#inbox = this.#newInbox(agreement, hello);
      this.#outbox.open(hello);
      // Who was told that its message is too large may have ended the session.
      if (this.#phase.name !== 'greeting') return;
    }
    this.#standing = agreement;
    this.publicKey = publicKey;
    this.#announced = 0;
    this.#promised = false;
    this.#phase = { name: 'up', greeting, link, writer };
    if (again) this.#host.resumed(link.kind);
    else this.#host.joined(link.kind);
    this.#host.schedule();
  }

  #newInbox({ id }: Agreement, { instance }: Hello): Inbox {
    const { inboxLimit, maxMessageSize } = this.#options;
    const firstSerial = instance > this.#options.instance ? 2 ** 31 : 0;
    return new Inbox(
      {
        message: (queue, packet, receipt) => this.#host.message(queue, packet, receipt),
        notify: (notice) => this.#outbox.notify(notice),
        tell: () => {
          this.#acknowledge = true;
          this.#host.acknowledge();
        },
      },
      { origin: `${instance}/${id}`, firstSerial, inboxLimit, maxMessageSize },
    );
  }

  /** What the next link can go on with. */
  get #resumable(): Resumable | undefined {
    const standing = this.#standing !== undefined;
    const agreement =
      this.#standing ?? ('greeting' in this.#phase ? this.#phase.greeting.agreement : undefined) ?? this.#agreement;
    return agreement && { ...agreement, standing, frames: this.#inbox?.frames ?? [0, 0] };
  }

  #sever(): void {
    // The echo of a goodbye comes by its own link or not at all.
    if (this.#phase.name === 'leaving') this.#closed(undefined);
    if (!('greeting' in this.#phase)) return;
    const { greeting } = this.#phase;
    this.#agreement = greeting.agreement ?? this.#agreement;
    this.#phase = { name: 'apart' };
    greeting.link?.close();
  }

  #frame(kind: number, lane: Lane, reader: PacketReader): void {
    const inbox = this.#inbox;
    if (inbox === undefined) throw new FrameError('a frame comes before the session is up');
    const form = kind & ~FLAGS;
    if (form === FRAME.message) inbox.message(lane, kind & FLAGS, reader);
    else if (form === FRAME.first) inbox.first(lane, kind & FLAGS, reader);
    else this.#otherFrame(kind, lane, reader, inbox);
  }

  #otherFrame(kind: number, lane: Lane, reader: PacketReader, inbox: Inbox): void {
    switch (kind) {
      case FRAME.more:
        inbox.more(lane, reader);
        break;
      case FRAME.cancel:
        inbox.cancel(lane, reader);
        break;
      case FRAME.refused:
        inbox.counted(lane);
        this.#outbox.refused(laneOf(reader), reader.varint(), reader.text(64), reader.text(REASON_BYTES));
        break;
      case FRAME.consumed:
        inbox.counted(lane);
        this.#outbox.consumed(laneOf(reader), reader.varint());
        break;
      case FRAME.want:
        inbox.counted(lane);
        this.#outbox.want(reader.text(1024));
        this.#host.schedule();
        break;
      case FRAME.unwant:
        inbox.counted(lane);
        this.#outbox.unwant(reader.text(1024));
        this.#host.schedule();
        break;
      case FRAME.unwanted:
        inbox.counted(lane);
        inbox.unwanted();
        break;
      case FRAME.ack:
        this.#outbox.acknowledge(0, reader.varint());
        this.#outbox.acknowledge(1, reader.varint());
        break;
      case FRAME.credit:
        this.#outbox.credit(reader.varint());
        break;
      case FRAME.ping:
        this.#pong(reader.varint());
        this.#host.schedule();
        break;
      case FRAME.pong:
        this.#ponged(reader.varint());
        break;
      case FRAME.soon:
        if (lane !== 0 || !reader.done) throw new FrameError('it announces a packet where that is not to be announced');
        this.#announced = (this.#announced + 1) % MOST_ANNOUNCED;
        break;
      case FRAME.goodbye:
        this.#goodbye(reader.byte(), reader.text(REASON_BYTES));
        break;
      default:
        throw new FrameError(`a frame of the unknown kind ${kind}`);
    }
  }

  /** What is only to be acknowledged waits for something to ride with. */
  #scheduleIfPending(): void {
    if (this.#outbox.pending(0) || this.#outbox.pending(1)) this.#host.schedule();
  }

  /** Who pings faster than it reads gets fewer answers. */
  #pong(id: number): void {
    const oldest = this.#control.findIndex(({ kind }) => kind === FRAME.pong);
    const waiting = this.#control.filter(({ kind }) => kind === FRAME.pong).length;
    if (waiting >= MOST_PONGS) this.#control.splice(oldest, 1);
    this.#control.push({ kind: FRAME.pong, id });
  }

  #ponged(id: number): void {
    const ping = this.#pings.get(id);
    if (ping === undefined) return;
    this.#pings.delete(id);
    this.roundTripTime = this.#host.now() - ping.at;
    ping.done(this.roundTripTime);
  }

  #goodbye(code: number, text: string): void {
    const { peer } = this.#options;
    if (this.#phase.name === 'leaving') {
      // The echo, or both said it in the same instant.
      this.#finish(
        'goodbye',
        new PoolError('closed', `the session with ${peer} was closed`, { peer, reason: 'goodbye' }),
        true,
      );
    } else if (this.#phase.name === 'up') {
      const reason = GOODBYES[code] ?? 'goodbye';
      this.#say(this.#phase.link, this.#phase.writer, 'goodbye', '');
      const why = text === '' ? '' : `: ${said(text)}`;
      this.#finish(reason, new PoolError('peer-left', `${peer} left (${reason})${why}`, { peer, reason }), true);
    }
  }

  /** A goodbye comes after everything that was to be said: refusals, the last acknowledgements. */
  #say(link: Link, writer: PacketWriter, reason: LeaveReason, text: string): void {
    this.#inbox?.close();
    // Who is told in mid flush that there is room to send more may say it: what is written by then leaves first, as it is counted.
    if (this.#flushing !== undefined && writer.length > 0) link.send(this.#flushing, writer.packet);
    while (this.#outbox.refusing) {
      writer.restart();
      this.#outbox.notices(0, writer);
      link.send(0, writer.packet);
    }
    writer.restart();
    this.#writeAcknowledgement(writer);
    writer.byte(FRAME.goodbye);
    writer.byte(Math.max(0, GOODBYES.indexOf(reason)));
    writer.text(encodeReason(text));
    link.send(0, writer.packet);
  }

  #writeControl(writer: PacketWriter): void {
    for (let control = this.#control[0]; control !== undefined; control = this.#control[0]) {
      if (writer.room < 1 + varintBytes(control.id)) return;
      this.#control.shift();
      writer.byte(control.kind);
      writer.varint(control.id);
      // Whatever is untold rides along, so that a quiet pair agrees within a heartbeat.
      this.#acknowledge = true;
    }
    // What goes anyway takes it along.
    const withheld = this.#announced > 0 && writer.length === 0 && !this.#outbox.pending(0);
    if (this.#acknowledge && !withheld) this.#writeAcknowledgement(writer);
  }

  #writeAcknowledgement(writer: PacketWriter): void {
    const inbox = this.#inbox;
    if (inbox === undefined) return;
    const [small, bulk] = inbox.frames;
    if (writer.room < 2 + varintBytes(small) + varintBytes(bulk) + varintBytes(inbox.consumed)) return;
    this.#acknowledge = false;
    writer.byte(FRAME.ack);
    writer.varint(small);
    writer.varint(bulk);
    if (!inbox.untold) return;
    writer.byte(FRAME.credit);
    writer.varint(inbox.consumed);
    inbox.told();
  }

  #closed(cause: Error | undefined): void {
    const { peer } = this.#options;
    if (this.#phase.name === 'leaving') {
      this.#finish(
        'goodbye',
        new PoolError('closed', `the session with ${peer} was closed`, { peer, reason: 'goodbye' }),
        false,
      );
    } else if (this.#phase.name === 'up') {
      this.sever(cause);
    }
  }

  #malformed(cause: FrameError): void {
    const { peer } = this.#options;
    const error = new PoolError('malformed', `${peer} broke the protocol: ${cause.message}`, {
      peer,
      reason: 'malformed',
      cause,
    });
    if (this.#phase.name === 'greeting') {
      this.#phase.greeting.reject(error);
      // A session that stands is not ended by somebody who has not proven to be its other end.
      if (this.#standing !== undefined && this.#phase.greeting.agreement === undefined) {
        this.#come(this.#phase.greeting, { name: 'unfit', error });
        return;
      }
    } else if ('writer' in this.#phase) this.#say(this.#phase.link, this.#phase.writer, 'malformed', error.detail);
    this.#finish('malformed', error, false);
  }

  /** `taken`: the other side said exactly what it took. */
  #finish(reason: LeaveReason, error: PoolError, taken: boolean): void {
    if (this.#phase.name === 'ended') return;
    const link = 'greeting' in this.#phase ? this.#phase.greeting.link : undefined;
    this.#phase = { name: 'ended', error };
    this.#outbox.end((delivery) => error.with({ delivery }), taken);
    for (const ping of this.#pings.values()) ping.done(error);
    this.#pings.clear();
    this.#host.ended(reason, error);
    link?.close();
  }
}

/** Reasons that a goodbye can give, by their number on the wire. */
const GOODBYES: readonly LeaveReason[] = ['goodbye', 'removed', 'malformed', 'refused', 'replaced', 'unresponsive'];

function laneOf(reader: PacketReader): Lane {
  const lane = reader.byte();
  if (lane !== 0 && lane !== 1) throw new FrameError('there is no such lane');
  return lane;
}
