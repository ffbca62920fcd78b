import { fields, parsePresence, parseSignal } from '../signal.ts';
import type { Presence, Signal } from '../transport.ts';

/** Somebody with a claim to a name: `since` is when it was made, in ms since 1970 on this machine's clock. */
export interface Resident extends Presence {
  readonly since: number;
}

/** On the room's channel, for everyone. `claim`: I want this name. `here`: I have it. `gone`: goodbye. */
export type Announcement =
  | { readonly type: 'claim' | 'here'; readonly from: Resident }
  | { readonly type: 'gone'; readonly from: Presence };

/** On one instance's own channel. `present`: I was here before you. `taken`: your name is mine, `held` when I am past claiming it. */
export type Letter =
  | { readonly type: 'present'; readonly from: Resident }
  | { readonly type: 'taken'; readonly from: Resident; readonly held: boolean }
  | { readonly type: 'signal'; readonly from: Presence; readonly signal: Signal };

/** Hears what is well formed. Any page of the origin can post here, so the rest comes as `garbage`. */
export interface RoomWireListener {
  announcement(announcement: Announcement): void;
  letter(letter: Letter): void;
  garbage(error: Error): void;
}

/**
 * The two channels on which an instance meets its room: the room's, where all announce themselves, and its own, where others write to it.
 * Both are open when the constructor returns, so nothing posted in answer to what it says can come too early.
 */
export class RoomWire {
  readonly #room: string;
  readonly #everyone: BroadcastChannel;
  readonly #own: BroadcastChannel;
  #open = true;

  /** @throws where the origin has no channels, e.g. in a sandboxed frame */
  constructor(room: string, instance: string, listener: RoomWireListener) {
    this.#room = room;
    this.#own = new BroadcastChannel(ownChannel(room, instance));
    this.#everyone = new BroadcastChannel(`peerpool/${room}`);
    const garbage = (error: Error): void => listener.garbage(error);
    this.#hear(this.#own, parseLetter, (letter) => listener.letter(letter), garbage);
    this.#hear(this.#everyone, parseAnnouncement, (announcement) => listener.announcement(announcement), garbage);
  }

  announce(announcement: Announcement): void {
    if (this.#open) this.#everyone.postMessage(announcement);
  }

  /** The channel is opened for the letter only: whoever keeps one open is handed every letter of others as well. */
  write(to: string, letter: Letter): void {
    if (!this.#open) return;
    const channel = new BroadcastChannel(ownChannel(this.#room, to));
    channel.postMessage(letter);
    channel.close();
  }

  /** Nothing is heard afterwards. Safe to call twice. */
  close(): void {
    this.#open = false;
    for (const channel of [this.#everyone, this.#own]) {
      channel.onmessage = null;
      channel.onmessageerror = null;
      channel.close();
    }
  }

  #hear<Message>(
    channel: BroadcastChannel,
    parse: (data: unknown) => Message,
    heard: (message: Message) => void,
    garbage: (error: Error) => void,
  ): void {
    channel.onmessage = (event: MessageEvent<unknown>) => {
      if (!this.#open) return;
      let message: Message;
      try {
        message = parse(event.data);
      } catch (error) {
        garbage(error as Error);
        return;
      }
      heard(message);
    };
    channel.onmessageerror = () => garbage(new TypeError('a message of the room could not be read'));
  }
}

/** A room has no "/", so no room's channel is an instance's. */
function ownChannel(room: string, instance: string): string {
  return `peerpool/${room}/${instance}`;
}

function parseAnnouncement(value: unknown): Announcement {
  const { type, from } = fields(value, 'announcement');
  if (type === 'gone') return { type, from: parsePresence(from) };
  if (type === 'claim' || type === 'here') return { type, from: parseResident(from) };
  throw new TypeError('an announcement is a claim, a here or a gone');
}

function parseLetter(value: unknown): Letter {
  const { type, from, held, signal } = fields(value, 'letter');
  if (type === 'present') return { type, from: parseResident(from) };
  if (type === 'taken') return { type, from: parseResident(from), held: held === true };
  if (type === 'signal') return { type, from: parsePresence(from), signal: parseSignal(signal) };
  throw new TypeError('a letter is a present, a taken or a signal');
}

function parseResident(value: unknown): Resident {
  const { since } = fields(value, 'member');
  if (typeof since !== 'number' || !Number.isFinite(since)) throw new TypeError('a member says since when');
  return { ...parsePresence(value), since };
}
