import { BroadcastChannelCommunicator, Pool, PoolError, type PoolListeners, WebRTCCommunicator } from 'peerpool';
import { part } from './element.ts';
import { absenceText } from './explanation.ts';
import { Identity } from './identity.ts';
import { freshName } from './names.ts';
import { Notice } from './notice.ts';
import { showPages } from './pages.ts';
import { RoomLink } from './room-link.ts';
import { Roster } from './roster.ts';
import side from './side.html?raw';
import { SignalingSign } from './signaling-sign.ts';

/** What a page does in its room. */
export interface Program {
  /** Pages of different programs don't meet, though their rooms have the same name. */
  readonly name?: string;
  /** Of every pool, from its birth on. */
  listeners?(): PoolListeners;
  /** Before it joins, so that nothing is missed. */
  begin(pool: Pool): void;
  /** Somebody came or went, or this tab did: then nobody is here. */
  people(names: readonly string[]): void;
  /** What happened to this tab, as a sentence. */
  news?(sentence: string): void;
  /** The button beside each name. */
  writeTo?(name: string): void;
}

/** This tab in its room: the invitation, who is here, the own name, and the way in and out. Every page of the demo has one. */
export class Presence {
  readonly #program: Program;
  readonly #link: RoomLink;
  readonly #notice = new Notice();
  readonly #roster: Roster;
  readonly #identity: Identity;
  readonly #sign = new SignalingSign();
  #pool: Pool | undefined;

  /** Fills the side of the page, and joins. */
  constructor(program: Program) {
    part('side', HTMLElement).innerHTML = side;
    this.#program = program;
    this.#link = new RoomLink();
    showPages();
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
      const made = new Pool(name, this.#communicator(), { on: this.#program.listeners?.() });
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
    return way === 'webrtc' ? new WebRTCCommunicator({ room, secret }) : new BroadcastChannelCommunicator({ room });
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
      if (news !== undefined) this.#program.news?.(news);
    });
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
    this.#program.news?.(sentence);
    const code = error instanceof PoolError ? error.code : undefined;
    if (code === 'duplicate-peer') {
      this.#notice.show(sentence);
      this.#identity.ask(true);
    } else if (code === 'unreachable' && this.#link.way === 'webrtc') {
      const locally = () => location.assign(this.#link.url('broadcast-channel'));
      this.#notice.show(sentence, { ...again, 'Meet only tabs of this browser': locally });
    } else this.#notice.show(sentence, again);
  }
}
