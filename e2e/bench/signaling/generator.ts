import { type Client, client, type Dialect, type Make } from './clients.ts';
import { letter } from './letters.ts';

/** What one process of the load is. */
export interface GeneratorPlan {
  readonly dialect: Dialect;
  readonly make: Make;
  /** The nodes; members of a room are spread over them. */
  readonly servers: readonly string[];
  /** Of this process: rooms of two processes are different ones. */
  readonly number: number;
}

export type Order =
  | { readonly do: 'join'; readonly count: number; readonly inFlight: number }
  /** As many as go through while so many are on their way. */
  | { readonly do: 'saturate'; readonly inFlight: number; readonly seconds: number }
  /** So many a second, whether they arrive or not. */
  | { readonly do: 'pace'; readonly rate: number; readonly seconds: number };

export interface Report {
  readonly count: number;
  readonly seconds: number;
  /** Milliseconds, of some of them where there are many. */
  readonly latencies: readonly number[];
  /** Seconds of this process. */
  readonly cpu: number;
}

export const ROOM_SIZE = 8;
/** Signals go to each other member of the room in turn. */
const OTHERS = ROOM_SIZE - 1;
/** How often those that are due are sent, in ms. */
const TICK = 1;
/** Milliseconds after which what has not arrived is lost. */
const PATIENCE = 20_000;
const MOST_LATENCIES = 50_000;

/** Does what it is told, one order after the other. */
export function generate(plan: GeneratorPlan): void {
  const load = new Load(plan);
  process.on('message', ({ number, question }: { number: number; question: Order }) => {
    load.obey(question).then(
      (answer) => process.send?.({ number, answer }),
      (error: unknown) => process.send?.({ number, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
  process.stdout.write('ready now\n');
}

class Load {
  readonly #plan: GeneratorPlan;
  readonly #clients: Client[] = [];
  /** Those on their way, and when they were sent. */
  readonly #sent = new Map<number, number>();
  #latencies: number[] = [];
  #numbers = 0;
  #heard: (number: number) => void = () => {};
  #lost: (error: Error) => void = () => {};

  constructor(plan: GeneratorPlan) {
    this.#plan = plan;
  }

  async obey(order: Order): Promise<Report> {
    this.#latencies = [];
    const before = process.cpuUsage();
    const began = performance.now();
    const count = await this.#within(order);
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - began) / 1000;
    return { count, seconds, latencies: some(this.#latencies), cpu: (user + system) / 1e6 };
  }

  /** Whichever client is lost ends it: the rest would be measured with less to do. */
  async #within(order: Order): Promise<number> {
    const broken = new Promise<never>((_, reject) => (this.#lost = reject));
    const done =
      order.do === 'join'
        ? this.#join(order.count, order.inFlight)
        : order.do === 'saturate'
          ? this.#saturate(order.inFlight, order.seconds)
          : this.#pace(order.rate, order.seconds);
    return Promise.race([done, broken]);
  }

  async #join(count: number, inFlight: number): Promise<number> {
    let left = count;
    const comeOneByOne = async (): Promise<void> => {
      while (left-- > 0) {
        const began = performance.now();
        const newcomer = this.#create(this.#clients.length);
        this.#clients.push(newcomer);
        await newcomer.join();
        this.#latencies.push(performance.now() - began);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, comeOneByOne));
    return count;
  }

  #create(index: number): Client {
    const { make, dialect, servers, number } = this.#plan;
    const server = servers[index % servers.length] ?? '';
    const room = `room-${number}-${Math.floor(index / ROOM_SIZE)}`;
    return client(
      make,
      dialect,
      { server, room, name: `peer-${index % ROOM_SIZE}` },
      {
        heard: (letter) => this.#heard(letter),
        lost: (why) => this.#lost(new Error(`a client was lost: ${why}`)),
      },
    );
  }

  async #saturate(inFlight: number, seconds: number): Promise<number> {
    const end = performance.now() + seconds * 1000;
    let count = 0;
    const over = new Promise<void>((resolve) => {
      this.#heard = (number) => {
        const now = this.#arrived(number);
        count += 1;
        if (now < end) this.#send();
        else if (this.#sent.size === 0) resolve();
      };
    });
    for (let first = 0; first < inFlight; first++) this.#send();
    await this.#inTime(over, seconds);
    return count;
  }

  async #pace(rate: number, seconds: number): Promise<number> {
    const most = Math.round(rate * seconds);
    const began = performance.now();
    let sent = 0;
    const over = new Promise<void>((resolve) => {
      this.#heard = (number) => {
        this.#arrived(number);
        if (sent >= most && this.#sent.size === 0) resolve();
      };
    });
    const ticking = setInterval(() => {
      const due = Math.min(most, Math.ceil(((performance.now() - began) / 1000) * rate));
      for (; sent < due; sent++) this.#send();
      if (sent >= most) clearInterval(ticking);
    }, TICK);
    await this.#inTime(over, seconds).finally(() => clearInterval(ticking));
    return most;
  }

  /** Everybody speaks as often as anybody, so that no single one meets its limit. */
  #send(): void {
    const number = this.#numbers++;
    const from = number % this.#clients.length;
    const round = Math.floor(number / this.#clients.length);
    const room = from - (from % ROOM_SIZE);
    const to = room + ((from - room + 1 + (round % OTHERS)) % ROOM_SIZE);
    const [sender, recipient] = [this.#clients[from], this.#clients[to]];
    if (sender === undefined || recipient === undefined) throw new Error('rooms are full before anybody speaks');
    this.#sent.set(number, performance.now());
    sender.signal(recipient, letter(number));
  }

  #arrived(number: number): number {
    const now = performance.now();
    const sent = this.#sent.get(number);
    if (sent === undefined) throw new Error(`signal ${number} arrived, and was not on its way`);
    this.#sent.delete(number);
    this.#latencies.push(now - sent);
    return now;
  }

  async #inTime(over: Promise<void>, seconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const tell = (): void => reject(new Error(`${this.#sent.size} signals did not arrive`));
      timer = setTimeout(tell, seconds * 1000 + PATIENCE);
    });
    await Promise.race([over, late]).finally(() => clearTimeout(timer));
  }
}

/** Evenly from the least to the most: quantiles stay what they are. */
function some(values: number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  const step = Math.max(1, Math.ceil(sorted.length / MOST_LATENCIES));
  return Array.from(sorted.filter((_, index) => index % step === 0));
}
