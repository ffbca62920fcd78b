import { BroadcastChannelCommunicator, Pool, PoolError, WebRTCCommunicator } from 'peerpool';
import { Controls } from './controls.ts';
import { absenceText } from './explanation.ts';
import { Identity } from './identity.ts';
import { freshName } from './names.ts';
import { Notice } from './notice.ts';
import { Journal } from './journal.ts';
import { takeRoomAlong } from './pages.ts';
import { RoomLink } from './room-link.ts';
import { Roster } from './roster.ts';
import { SignalingSign } from './signaling-sign.ts';

/** What a page does in its room. */
export interface Program {
  /** Pages of different programs don't meet, though their rooms have the same name. */
  readonly name?: string;
  /** Before it joins, so that nothing is missed. */
  begin(pool: Pool): void;
  /** Somebody came or went, or this tab did: then nobody is here. */
  people(names: readonly string[]): void;
  /** The button beside each name. */
  writeTo?(name: string): void;
}

/** How often who waits asks whether the server runs, in ms. */
const LOOK_EVERY_MS = 2000;
/** To a newcomer. */
const STOPPED =
  'The signaling server is stopped, so nobody can be met yet. This tab waits, and joins when the server is started again.';

/** This tab in its room: the invitation, who is here, the own name, and the way in and out. Every page of the demo has one. */
export class Presence {
  readonly #program: Program;
  readonly #link: RoomLink;
  readonly #notice = new Notice();
  readonly #roster: Roster;
  readonly #identity: Identity;
  readonly #sign = new SignalingSign();
  readonly #journal = new Journal();
  readonly #controls: Controls;
  #pool: Pool | undefined;
  /** Would be in the room, were there a server. */
  #waits = false;

  /** Joins. */
  constructor(program: Program) {
    this.#program = program;
    this.#link = new RoomLink();
    takeRoomAlong();
    this.#controls = new Controls(this.#link, {
      happened: (sentence) => this.#journal.write(sentence),
      server: (state) => {
        if (!this.#waits) return;
        if (state === 'running') this.#join(this.#identity.name, false).catch(reportError);
        else this.#unreached(STOPPED);
      },
    });
    this.#roster = new Roster(program.writeTo?.bind(program));
    this.#identity = new Identity({ take: (name) => this.#join(name, true), leave: () => this.pool?.shutdown() });
    // The browser kept the page and brings it back, but the pool said goodbye when it went.
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) this.#join(this.#identity.name, true).catch(reportError);
    });
    // When whoever makes this has it.
    queueMicrotask(() => void this.#join(freshName(), false).catch(reportError));
  }

  /** By which this page is in the room; every name it takes has one of its own. */
  get pool(): Pool | undefined {
    return this.#pool;
  }

  /** Is in the room under this name until the pool ends. `chosen`: by a person, so that no other name will do. */
  async #join(name: string, chosen: boolean): Promise<void> {
    const former = this.#pool;
    const mine = this.#poolOf(name);
    if (mine === undefined) return;
    this.#pool = mine;
    this.#waits = false;
    this.#notice.hide();
    this.#sign.away();
    this.#identity.show('joining', name);
    const end = await this.#stay(mine, former);
    // Another name was taken meanwhile, and what becomes of this one is no news.
    if (this.#pool !== mine) return;
    const taken = end instanceof PoolError && end.code === 'duplicate-peer';
    if (taken && !chosen) await this.#join(freshName(), false);
    else this.#left(name, end);
  }

  /** A name that is none is refused before anything has happened: who is in the room stays there. */
  #poolOf(name: string): Pool | undefined {
    const another = { 'Open a new room': () => location.assign('#') };
    if (!this.#link.whole) {
      this.#notice.show(
        'The link of this room is not whole: a part of its secret is missing. Ask for it again.',
        another,
      );
      return undefined;
    }
    try {
      const made = new Pool(name, this.#communicator(), { on: this.#journal.listeners() });
      this.#listen(made);
      return made;
    } catch (error) {
      this.#notice.show(absenceText(error, name, this.#link.room), this.#pool === undefined ? another : {});
      return undefined;
    }
  }

  /** Resolves with why it ended, or `undefined` when we left by ourselves. */
  async #stay(mine: Pool, former: Pool | undefined): Promise<unknown> {
    try {
      if (former?.state === 'started') await former.shutdown();
      if (this.#pool !== mine) return undefined;
      await mine.initialize();
      if (mine.state === 'started') this.#identity.show('here', mine.name);
      return await mine.closed;
    } catch (error) {
      return error;
    }
  }

  #communicator(): WebRTCCommunicator | BroadcastChannelCommunicator {
    const { way, secret } = this.#link;
    const room = this.#program.name === undefined ? this.#link.room : `${this.#link.room} ${this.#program.name}`;
    return way === 'webrtc'
      ? new WebRTCCommunicator({ room, secret, rtc: this.#controls.rtc })
      : new BroadcastChannelCommunicator({ room });
  }

  #listen(mine: Pool): void {
    const people = (): void => {
      if (this.#pool !== mine) return;
      this.#roster.show(mine);
      this.#program.people([...mine.clients]);
    };
    for (const change of ['join', 'leave', 'restart', 'link', 'state'] as const) mine.on(change, people);
    mine.on('state', (now) => {
      if (this.#pool !== mine || now.state !== 'started') return;
      const news = this.#sign.show(now.signaling);
      if (news !== undefined) this.#journal.write(news);
    });
    this.#controls.follow(mine);
    this.#program.begin(mine);
  }

  /** `error`: why, unless we left by ourselves. */
  #left(name: string, error: unknown): void {
    this.#identity.show('away', name);
    if (this.#pool !== undefined) this.#roster.show(this.#pool);
    this.#program.people([]);
    this.#sign.away();
    const again = { 'Join again': () => this.#join(name, true) };
    if (error === undefined) return this.#notice.show('You left the room. The others saw you say goodbye.', again);
    const sentence = absenceText(error, name, this.#link.room);
    this.#journal.write(sentence);
    const code = error instanceof PoolError ? error.code : undefined;
    if (code === 'duplicate-peer') {
      this.#notice.show(sentence);
      this.#identity.ask(true);
    } else if (code === 'unreachable' && this.#link.way === 'webrtc') {
      this.#waits = true;
      this.#unreached(this.#controls.serverStopped ? STOPPED : sentence);
      this.#lookAgain();
    } else this.#notice.show(sentence, again);
  }

  #unreached(sentence: string): void {
    this.#notice.show(sentence, {
      'Join again': () => this.#join(this.#identity.name, true),
      'Meet only tabs of this browser': () => location.assign(this.#link.url('broadcast-channel')),
    });
  }

  /** Who is not in the room hears nothing of the server by itself. */
  #lookAgain(): void {
    if (!this.#waits) return;
    this.#controls.look();
    setTimeout(() => this.#lookAgain(), LOOK_EVERY_MS);
  }
}
