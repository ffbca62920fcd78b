import { setTimeout as pause } from 'node:timers/promises';
import type { Member } from '#shared/signaling';
import { Guest } from './guest.ts';

/** Milliseconds to the next node. Clients wait longer, and by chance. */
const RETRY = 50;

/**
 * Somebody in a room who comes back by itself, to the next node, with the same key and instance, and knows who else is
 * there from what the servers say alone.
 */
export class Visitor {
  readonly name: string;
  readonly room: string;
  readonly instance: string;
  readonly heard: string[] = [];
  /** That came, each from whom. */
  readonly signals: string[] = [];
  /** Of the nodes, in the order in which they are tried. */
  urls: readonly string[];
  readonly #key: string;
  readonly #members = new Map<string, Member>();
  #at: number;
  #guest: Guest | undefined;
  #life: Promise<void> = Promise.resolve();
  #ended = false;
  #arrived = 0;
  #waiting: (() => void)[] = [];

  constructor(name: string, room: string, urls: readonly string[], at: number) {
    this.name = name;
    this.room = room;
    this.instance = `${name}-1`;
    this.urls = urls;
    this.#at = at;
    this.#key = `the very own key of ${name}`;
  }

  static async in(name: string, room: string, urls: readonly string[], at: number): Promise<Visitor> {
    const visitor = new Visitor(name, room, urls, at);
    visitor.#life = visitor.#live();
    await visitor.until(() => visitor.#arrived > 0);
    return visitor;
  }

  /** Who else is there, by name. */
  get members(): readonly string[] {
    return [...this.#members.values()].map(({ name }) => name).sort();
  }

  get arrivals(): number {
    return this.#arrived;
  }

  say(to: Visitor, signal: string): void {
    this.#guest?.say('signal', { name: to.name, instance: to.instance }, signal);
  }

  /** Breaks the connection; the next one is to the next node. */
  hop(): void {
    this.#guest?.socket.io.engine.close();
  }

  /** Looks again whenever something was heard. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** `silently`: as a client that is gone. */
  async end(silently = false): Promise<void> {
    this.#ended = true;
    if (silently) this.#guest?.socket.disconnect();
    else this.#guest?.say('leave');
    await this.#life;
  }

  async #live(): Promise<void> {
    while (!this.#ended) {
      const url = this.urls[this.#at % this.urls.length] ?? '';
      this.#at += 1;
      await this.#stay(url);
      if (!this.#ended) await pause(RETRY);
    }
  }

  /** Until it is over there. */
  async #stay(url: string): Promise<void> {
    const guest = new Guest(url, { timeout: 2000 });
    this.#guest = guest;
    const { socket } = guest;
    const over = new Promise<void>((resolve) => {
      socket.on('disconnect', () => resolve());
      socket.on('connect_error', () => resolve());
    });
    socket.on('joined', (member) =>
      this.#hear(`joined ${member.instance}`, () => this.#members.set(member.name, member)),
    );
    socket.on('left', (member, reason) => {
      this.#hear(`left ${member.instance} ${reason}`, () => {
        if (this.#members.get(member.name)?.instance === member.instance) this.#members.delete(member.name);
      });
    });
    socket.on('signal', (from, signal) =>
      this.#hear(undefined, () => this.signals.push(`${from.name}: ${String(signal)}`)),
    );
    const again = this.#arrived > 0;
    const { name, instance } = this;
    const asked = guest.ask({ ...guest.request(name, this.room, instance), key: this.#key, again });
    const reply = await Promise.race([asked, over]);
    if (reply?.ok === true) {
      this.#hear(again ? 'back' : 'in', () => {
        this.#members.clear();
        for (const member of reply.members) this.#members.set(member.name, member);
        this.#arrived += 1;
      });
      await over;
    } else if (reply?.ok === false) this.#hear(`refused ${reply.code}`, () => undefined);
    socket.disconnect();
  }

  #hear(what: string | undefined, change: () => void): void {
    change();
    if (what !== undefined) this.heard.push(what);
    for (const look of this.#waiting.splice(0)) look();
  }
}
