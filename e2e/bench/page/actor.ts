import { Inspector, inspectNumbers, inspectRecord, kindOf, numberOf, numbers, record, Template } from './content.ts';
import type { Ack, Bytes, Endpoint, Wait } from './endpoint.ts';

/** What comes is told to the sender a few times per window, so that it never runs dry. */
const COUNTS_PER_WINDOW = 16;
/** A sender lets its page breathe after so many messages. */
const BURST = 100;
const PING_BYTES = 64;
const COUNT_BYTES = 16;
/** A workload that nothing happens in for so long, in ms, has failed. */
const STALLED = 90_000;

/** What is to come: bytes of a size, records, or arrays of numbers. */
export type Expectation =
  | { readonly what: 'bytes'; readonly size: number }
  | { readonly what: 'records' }
  | { readonly what: 'numbers'; readonly count: number };

/** How much is sent, or for how long. */
export interface Limit {
  readonly count?: number;
  readonly ms?: number;
}

/** How far a receiver was at a time, in ms since 1970. */
export type Timeline = readonly (readonly [at: number, count: number])[];

/** One end of a workload, whoever carries it. */
export class Actor {
  readonly name: string;
  #endpoint: Endpoint | undefined;
  readonly #early: [from: string, value: unknown][] = [];
  #failure: Error | undefined;
  /** Of the others, how much they have. */
  readonly #counts = new Map<string, number>();
  #answers = 0;
  #changed = (): void => {};
  readonly #pongs = new Map<number, () => void>();
  readonly #pong = new Template(PING_BYTES, 'pong');
  readonly #ping = new Template(PING_BYTES, 'ping');
  readonly #count = new Template(COUNT_BYTES, 'count');
  readonly #ask = new Template(COUNT_BYTES, 'ask');
  readonly #answer = new Template(COUNT_BYTES, 'answer');
  #pings = 0;
  #check: (value: unknown, number: number) => void = () => {};
  #every = 1;
  #template: Template | undefined;
  #received = 0;
  #timeline: [number, number][] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** From here on it answers, also those who were connected earlier. */
  set endpoint(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    for (const [from, value] of this.#early.splice(0)) this.take(from, value);
  }

  get endpoint(): Endpoint {
    if (this.#endpoint === undefined) throw new Error('it is not connected yet');
    return this.#endpoint;
  }

  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#changed();
  }

  take(from: string, value: unknown): void {
    if (this.#endpoint === undefined) {
      this.#early.push([from, value]);
      return;
    }
    try {
      if (!(value instanceof Uint8Array) || value.length > PING_BYTES) return this.#data(from, value);
      const bytes = value as Bytes;
      const number = numberOf(bytes);
      switch (kindOf(bytes)) {
        case 'ping':
          this.#done(this.endpoint.send(from, this.#pong.number(number), 'pings'));
          break;
        case 'pong':
          this.#pongs.get(number)?.();
          break;
        case 'ask':
          this.#done(this.endpoint.send(from, this.#answer.number(this.#received), 'pings'));
          break;
        case 'answer':
          this.#answers++;
          this.#counted(from, number);
          break;
        case 'count':
          this.#counted(from, number);
          break;
        default:
          this.#data(from, bytes);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Data follows: it is checked, and counted to the sender after every so many. */
  expect(expectation: Expectation, window: number): void {
    this.#every = Math.max(1, Math.floor(window / COUNTS_PER_WINDOW));
    this.#received = 0;
    this.#timeline = [];
    this.#check = checkOf(expectation);
  }

  /** @throws what went wrong here */
  get timeline(): Timeline {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#timeline;
  }

  /** Round-trip times in ms, one ping after the other. */
  async pings(to: string, count: number): Promise<number[]> {
    const times: number[] = [];
    for (let left = count; left > 0; left--) times.push(await this.#pingOnce(to));
    return times;
  }

  /**
   * Sends bytes without waiting for one or the other, so many or for so many ms, and no more than a window ahead of the receiver. Returns when it began, after
   * everything has arrived.
   */
  async stream(to: string, size: number, window: number, limit: Limit): Promise<number> {
    const template = this.prepare(size);
    return this.#pour([to], window, limit, (number) => this.endpoint.send(to, template.number(number), 'values'));
  }

  /** Transfers, and pings all the while, each so many ms after the last began. */
  async transferUnderPings(
    to: string,
    size: number,
    window: number,
    count: number,
    every: number,
  ): Promise<{ began: number; times: number[] }> {
    const times: number[] = [];
    const pings: Promise<unknown>[] = [];
    const timer = setInterval(() => pings.push(this.#pingOnce(to).then((time) => times.push(time))), every);
    try {
      const began = await this.stream(to, size, window, { count });
      clearInterval(timer);
      await Promise.all(pings);
      return { began, times };
    } finally {
      clearInterval(timer);
    }
  }

  /** The memory that is sent from, also before it is needed. */
  prepare(size: number): Template {
    if (this.#template?.bytes.length !== size) this.#template = new Template(size, 'data');
    return this.#template;
  }

  async broadcast(to: readonly string[], size: number, window: number, count: number): Promise<number> {
    const template = this.prepare(size);
    return this.#pour(to, window, { count }, (number) => this.endpoint.broadcast(template.number(number)));
  }

  async sendRecords(to: string, window: number, ms: number): Promise<number> {
    return this.#pour([to], window, { ms }, (number) => this.endpoint.sendValue(to, record(number)));
  }

  async sendNumbers(to: string, length: number, window: number, count: number): Promise<number> {
    const value = numbers(length);
    return this.#pour([to], window, { count }, () => this.endpoint.sendValue(to, value));
  }

  /** One after the other, each awaited; returns how many in how many ms. */
  async acknowledged(
    to: string,
    size: number,
    ack: Ack,
    ms: number,
  ): Promise<{ count: number; ms: number } | undefined> {
    const { acknowledged } = this.endpoint;
    if (acknowledged === undefined) return undefined;
    const template = this.prepare(size);
    const began = performance.now();
    let count = 0;
    while (performance.now() < began + ms) await acknowledged(to, template.number(count++), ack);
    // What nobody waited for has arrived when the last one has.
    await acknowledged(to, template.number(count++), 'delivered');
    return { count, ms: performance.now() - began };
  }

  /** So many at once, for so many ms, each as soon as the one before it has its answer; returns how many a second. */
  async calls(to: string, atOnce: number, ms: number): Promise<number> {
    const { call } = this.endpoint;
    const began = performance.now();
    let count = 0;
    const lane = async (): Promise<void> => {
      for (; performance.now() < began + ms; count++) {
        if (call === undefined) await this.#pingOnce(to);
        else check(await call(to, this.#ping.number(count)));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return (count / (performance.now() - began)) * 1000;
  }

  async #pour(
    to: readonly string[],
    window: number,
    { count = Number.POSITIVE_INFINITY, ms = Number.POSITIVE_INFINITY }: Limit,
    send: (number: number) => Wait,
  ): Promise<number> {
    this.#counts.clear();
    const began = now();
    const least = (): number => Math.min(...to.map((one) => this.#counts.get(one) ?? 0));
    const end = performance.now() + ms;
    let sent = 0;
    while (sent < count && performance.now() < end) {
      for (let left = Math.min(BURST, count - sent, least() + window - sent); left > 0; left--) {
        const wait = send(sent++);
        if (wait !== undefined) await wait;
      }
      await breath();
      if (sent - least() >= window) await this.#until(() => sent - least() < window);
    }
    while (least() < sent) {
      // What is behind everything else is answered when all that has arrived, and behind all counts.
      for (const one of to) await this.endpoint.send(one, this.#ask.number(0), 'values');
      const before = this.#answers;
      await this.#until(() => this.#answers >= before + to.length);
    }
    return began;
  }

  #counted(from: string, count: number): void {
    this.#counts.set(from, count);
    this.#changed();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#failure !== undefined) throw this.#failure;
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`nothing has arrived for ${STALLED / 1000} s`)), STALLED);
        this.#changed = resolve;
      });
      clearTimeout(timer);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #pingOnce(to: string): Promise<number> {
    const number = this.#pings++;
    const began = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#pongs.set(number, resolve);
        timer = setTimeout(() => reject(new Error(`no answer for ${STALLED / 1000} s`)), STALLED);
        this.#done(this.endpoint.send(to, this.#ping.number(number), 'pings'));
      });
    } finally {
      clearTimeout(timer);
      this.#pongs.delete(number);
    }
    return performance.now() - began;
  }

  #data(from: string, value: unknown): void {
    const number = this.#received++;
    if (this.#received % this.#every === 0) {
      // The time is that of the arrival; then all of it is checked.
      this.#timeline.push([now(), this.#received]);
      this.#done(this.endpoint.send(from, this.#count.number(this.#received), 'pings'));
    }
    this.#check(value, number);
  }

  #done(sent: Wait): void {
    sent?.catch((error: unknown) => this.fail(error));
  }
}

function check(echoed: Bytes): void {
  if (echoed.length !== PING_BYTES || kindOf(echoed) !== 'ping') throw new Error('a call returned something else');
}

function checkOf(expectation: Expectation): (value: unknown, number: number) => void {
  switch (expectation.what) {
    case 'bytes': {
      const inspector = new Inspector(expectation.size);
      return (value, number) => inspector.inspect(value as Bytes, number);
    }
    case 'records':
      return inspectRecord;
    case 'numbers':
      return (value) => inspectNumbers(value, expectation.count);
  }
}

/** The same clock in all tabs, in ms. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

const { port1: wake, port2: sleep } = new MessageChannel();

/** A task of its own, so that what has arrived is heard. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    wake.onmessage = () => resolve();
    sleep.postMessage(undefined);
  });
}
