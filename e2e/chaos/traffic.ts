import { type Ack, Pool, type PoolError, type PoolEvents, type PoolListeners } from '../../client/src/index.ts';
import { type Message, WebRTCCommunicator } from '../../client/src/index.ts';
import { between, type Chance, chanceOf, magnitude, oneOf } from './chance.ts';
import { cutConnections, fingerprints } from './connections.ts';
import type { Ledger, Outcome, Witnessed } from './ledger.ts';
import { intact, type Parcel, parcelOf } from './parcel.ts';

/** What one page plays. */
export interface Part {
  readonly name: string;
  readonly room: string;
  /** Of the signaling server. */
  readonly url: string;
  readonly seed: number;
  /** How it takes its messages. */
  readonly reader: 'handler' | 'loop';
  readonly inboxLimit: number;
}

interface Letter {
  readonly id: string;
  readonly size: number;
  readonly ack: Ack;
  readonly timeout?: number;
}

/** Messages by this id are withdrawn now and then, so their numbers have gaps. */
export const WITHDRAWN = 'hurried';
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
/** How much may be on its way to one recipient, so that somebody who is away for a while does not return to a mountain. */
const MOST_MESSAGES = 150;
const MOST_BYTES = 8 * MEBIBYTE;
/** Before a page that was not let in, or found no server, tries again; in ms. */
const RETRY = 250;

/** Runs in the page: a pool that sends numbered messages to whoever is here, takes those of the others, and keeps account of both. */
export class Traffic {
  readonly #part: Part;
  readonly #chance: Chance;
  readonly #pool: Pool;
  readonly #here = new Map<string, string>();
  readonly #sent: Ledger['sent'] = {};
  readonly #heard: Ledger['heard'] = {};
  readonly #faults: string[] = [];
  readonly #events: Witnessed[] = [];
  readonly #refusals: readonly string[];
  /** On their way to one instance alone. */
  readonly #pending = new Map<string, { messages: number; bytes: number }>();
  /** Who waits for a change of links. */
  readonly #looking = new Set<() => void>();
  #reading: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsettled = 0;
  #taken = 0;

  /** Joins, however often that takes. Resolves when everybody who was there is connected or has failed. */
  static async enter(part: Part): Promise<Traffic> {
    const refusals: string[] = [];
    for (;;) {
      const traffic = new Traffic(part, refusals);
      try {
        const entered = traffic.#pool.initialize();
        traffic.#listen();
        await entered;
        return traffic;
      } catch (error) {
        traffic.stop();
        refusals.push(String(error));
        if (!/^PoolError: (duplicate-peer|unreachable)/.test(String(error))) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  }

  private constructor(part: Part, refusals: readonly string[]) {
    this.#part = part;
    this.#refusals = refusals;
    this.#chance = chanceOf(part.seed);
    const { name, room, url, inboxLimit } = part;
    this.#pool = new Pool(name, new WebRTCCommunicator({ room, url }), { inboxLimit, on: this.#witness() });
    this.#send();
  }

  get instance(): string {
    return this.#pool.instance;
  }

  /** Sends no more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Who is connected; and what is not settled, if anything. */
  get scene(): readonly string[] {
    const { inFlight, unread } = this.#pool.stats().total;
    const open = Object.entries({ unsettled: this.#unsettled, inFlight, unread }).filter(([, count]) => count > 0);
    const connected = [...this.#here].filter(([name]) => this.#pool.connected(name));
    return [...connected, ...open].map((pair) => pair.join(' ')).sort();
  }

  ledger(): Ledger {
    const here = [...this.#here].map(
      ([name, instance]) => [name, { instance, connected: this.#pool.connected(name) }] as const,
    );
    const { peers } = this.#pool.stats();
    return {
      name: this.#part.name,
      instance: this.instance,
      refusals: this.#refusals,
      sent: this.#sent,
      heard: this.#heard,
      faults: this.#faults,
      events: this.#events,
      here: Object.fromEntries(here),
      reconnects: [...peers.values()].reduce((sum, { reconnects }) => sum + reconnects, 0),
    };
  }

  /** Shuts down in good order, reads what had arrived, and accounts for everything. */
  async shutDown(): Promise<Ledger> {
    this.stop();
    await this.#pool.shutdown();
    await this.#reading;
    // Whoever waited for more was told that the pool has stopped; until its end it still took what came.
    await this.#read();
    return this.ledger();
  }

  /** Resolves when everybody who is here is connected. */
  async whole(): Promise<void> {
    const connected = (): boolean => [...this.#here.keys()].every((name) => this.#pool.connected(name));
    while (!connected()) await new Promise<void>((resolve) => this.#looking.add(resolve));
  }

  /** Of the connections that stand. */
  get fingerprints(): readonly string[] {
    return fingerprints();
  }

  /** Closes a share of the connections, but for those that others spare. Returns how many. */
  cut(share: number, spared: readonly string[]): number {
    return cutConnections(this.#chance, share, spared);
  }

  /** Computes for so many milliseconds, without a pause. */
  compute(ms: number): void {
    const end = performance.now() + ms;
    while (performance.now() < end) Math.random();
  }

  #witness(): PoolListeners {
    const note =
      <Type extends keyof PoolEvents>(type: Type) =>
      (event: PoolEvents[Type]): void => {
        this.#events.push({ at: Date.now(), type, ...event } as unknown as Witnessed);
        for (const look of this.#looking) look();
        this.#looking.clear();
      };
    const met = ({ name, instance }: PoolEvents['join']): void => {
      this.#here.set(name, instance);
      // The first message counts.
      this.#post([name], { id: 'first', size: 1, ack: 'delivered' });
    };
    return {
      join: (event) => {
        note('join')(event);
        met(event);
      },
      restart: (event) => {
        note('restart')(event);
        met(event);
      },
      leave: (event) => {
        note('leave')(event);
        this.#here.delete(event.name);
        setTimeout(() => {
          const { messages = 0 } = this.#pending.get(event.instance) ?? {};
          if (messages > 0) this.#faults.push(`${messages} sends to ${event.name} are pending after its departure`);
        }, 0);
      },
      link: note('link'),
      state: note('state'),
      error: ({ error }) => this.#events.push({ at: Date.now(), type: 'error', message: String(error) }),
    };
  }

  #listen(): void {
    if (this.#part.reader === 'handler') {
      this.#pool.onMessage<Parcel>((message) => this.#take(message), { everyId: true });
      return;
    }
    this.#reading = this.#read().catch((error: unknown) => {
      this.#faults.push(`its loop ended: ${String(error)}`);
    });
  }

  /** What is here and what comes, to the end of the pool. */
  async #read(): Promise<void> {
    for await (const message of this.#pool.messages<Parcel>({ everyId: true })) await this.#take(message);
  }

  /** A reader that is slow now and then. */
  #take({ sender, senderInstance, msgId = '', value }: Message<Parcel>): Promise<void> | undefined {
    const { from, id, numbers } = value;
    const number = numbers[this.instance];
    const where = `a message of ${sender} in "${msgId}"`;
    if (from !== senderInstance || id !== msgId) this.#faults.push(`${where} is of ${from}, in "${id}"`);
    if (!intact(value)) this.#faults.push(`${where} arrived changed`);
    if (number === undefined) this.#faults.push(`${where} was meant for another`);
    else ((this.#heard[from] ??= {})[id] ??= []).push(number);
    return ++this.#taken % 200 === 0 ? new Promise((resolve) => setTimeout(resolve, 50)) : undefined;
  }

  #send(): void {
    this.#timer = setTimeout(
      () => {
        const chance = this.#chance;
        const names = [...this.#here].filter(([, instance]) => this.#hasRoom(instance)).map(([name]) => name);
        if (names.length > 0) {
          const draw = chance();
          if (draw < 0.05) this.#post(names, this.#letter());
          else if (draw < 0.1) this.#burst(oneOf(chance, names));
          else
            for (let count = between(chance, 1, 3); count > 0; count--)
              this.#post([oneOf(chance, names)], this.#letter());
        }
        this.#send();
      },
      between(this.#chance, 40, 200),
    );
  }

  #hasRoom(instance: string): boolean {
    const { messages, bytes } = this.#pending.get(instance) ?? { messages: 0, bytes: 0 };
    return messages < MOST_MESSAGES && bytes < MOST_BYTES;
  }

  #burst(name: string): void {
    for (let count = 0; count < 50; count++)
      this.#post([name], { id: '', size: between(this.#chance, 1, 300), ack: 'delivered' });
  }

  #letter(): Letter {
    const chance = this.#chance;
    const ack = oneOf<Ack>(chance, ['delivered', 'delivered', 'accepted', 'consumed', 'none']);
    const draw = chance();
    if (draw < 0.02) return { id: 'bulk', ack, size: between(chance, 2 * MEBIBYTE, 6 * MEBIBYTE) };
    if (draw < 0.05)
      return {
        id: WITHDRAWN,
        ack: 'delivered',
        size: magnitude(chance, 1, 300 * KIBIBYTE),
        timeout: between(chance, 0, 300),
      };
    if (draw < 0.4) return { id: 'mixed', ack, size: magnitude(chance, 1, 300 * KIBIBYTE) };
    return { id: oneOf(chance, ['', 'a', 'b', 'c']), ack, size: magnitude(chance, 1, 8 * KIBIBYTE) };
  }

  #post(names: readonly string[], { id, size, ack, timeout }: Letter): void {
    const numbers: Record<string, number> = {};
    const settles: ((outcomeOf: (name: string) => Outcome) => void)[] = [];
    for (const name of names) {
      const instance = this.#here.get(name) ?? '';
      const outcomes = ((this.#sent[instance] ??= {})[id] ??= []);
      const number = outcomes.push('pending') - 1;
      numbers[instance] = number;
      settles.push((outcomeOf) => (outcomes[number] = outcomeOf(name)));
      if (names.length === 1) settles.push(this.#track(instance, size));
    }
    const parcel = parcelOf({ from: this.instance, id, numbers, size, mark: between(this.#chance, 0, 255) });
    const options = { msgId: id === '' ? undefined : id, ack, timeout };
    const [name] = names;
    const sending =
      names.length === 1 && name !== undefined
        ? this.#pool.send(name, parcel, options)
        : this.#pool.broadcast(parcel, { ...options, recipients: names });
    const settle = (outcomeOf: (name: string) => Outcome): void => {
      this.#unsettled--;
      for (const one of settles) one(outcomeOf);
    };
    this.#unsettled++;
    sending.then(
      () => settle(() => ack),
      (error: PoolError) => {
        settle((name) => {
          const own = names.length === 1 ? error : error.errors.get(name);
          return own === undefined ? ack : `${own.code}/${own.delivery}`;
        });
      },
    );
  }

  #track(instance: string, bytes: number): () => void {
    const pending = this.#pending.get(instance) ?? { messages: 0, bytes: 0 };
    this.#pending.set(instance, pending);
    pending.messages++;
    pending.bytes += bytes;
    return () => {
      pending.messages--;
      pending.bytes -= bytes;
    };
  }
}
