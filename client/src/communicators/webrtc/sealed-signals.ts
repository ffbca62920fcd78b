import { PoolError } from '../../errors.ts';
import { ReplayWindow } from '../../trust/replay-window.ts';
import type { RoomKeys } from '../../trust/room-keys.ts';
import { type Bytes, utf8 } from '../../trust/web-crypto.ts';
import { FailureReports } from '../failure-reports.ts';
import { fields } from '../signal.ts';
import type { Presence, Signal, TransportListener } from '../transport.ts';
import { parsing, type SignalPost, type WireListener } from './signal-post.ts';

/** What a server has for a signal. */
export interface SealedSignal {
  /** 12 random bytes, then what AES-GCM made of the counter and the signal, tag included (NIST SP 800-38D; at most 2^32 of them under one key, section 8.3). */
  readonly sealed: Bytes;
}

const IV_BYTES = 12;
/** An offer and its sealing, with room to spare; a server lets nothing larger pass. */
const MOST_BYTES = 64 * 1024;
/** Unopened at any moment: a server that pours them faster than we can look at them loses what is too much. */
const MOST_WAITING = 1024;
/** Of how many lives of peers something is remembered. A room has fewer members. */
const MOST_REMEMBERED = 1024;

/** Signals that the signaling server can neither read, alter, replay, reflect nor deliver to somebody else. What it says of members keeps its place among them. */
export class SealedSignals implements SignalPost {
  readonly ear: WireListener;
  readonly #keys: RoomKeys;
  readonly #self: Presence;
  readonly #listener: TransportListener;
  readonly #carry: (to: Presence, sealed: SealedSignal) => void;
  readonly #outward = new Recent<Promise<CryptoKey>>();
  readonly #inward = new Recent<Promise<CryptoKey>>();
  /** Of those only who have shown that they know the secret: whom the server invents pushes nobody out. */
  readonly #windows = new Recent<ReplayWindow>();
  readonly #dropped = new Recent<FailureReports>();
  /** One count over all recipients, so that it does not begin anew for one who was forgotten and is met again. */
  #counter = 0;
  #waiting = 0;
  #saying: Promise<void> = Promise.resolve();
  #hearing: Promise<void> = Promise.resolve();

  constructor(
    keys: RoomKeys,
    self: Presence,
    listener: TransportListener,
    carry: (to: Presence, sealed: SealedSignal) => void,
  ) {
    this.#keys = keys;
    this.#self = self;
    this.#listener = listener;
    this.#carry = carry;
    const ear = parsing(listener);
    this.ear = {
      ...ear,
      appeared: (peer) => this.#next(() => ear.appeared(peer)),
      disappeared: (peer, how) => this.#next(() => ear.disappeared(peer, how)),
      signal: (from, payload) => {
        if (this.#waiting >= MOST_WAITING) return this.#drop(from, 'too many came at once');
        this.#waiting++;
        this.#next(async () => {
          this.#waiting--;
          const said = await this.#open(from, payload);
          if (said !== undefined) ear.signal(from, said.signal);
        });
      },
    };
  }

  say(to: Presence, signal: Signal): void {
    const said = utf8(JSON.stringify([this.#counter++, signal]));
    this.#saying = this.#saying
      .then(async () => this.#carry(to, await this.#seal(to, said)))
      .catch((cause: unknown) => {
        const { name: peer } = to;
        this.#listener.error(new PoolError('unreachable', `a signal to ${peer} could not be sealed`, { peer, cause }));
      });
  }

  /** What is thrown goes where it would without this queue, and the next has its turn. */
  #next(turn: () => void | Promise<void>): void {
    this.#hearing = this.#hearing.then(turn).catch((error: unknown) => {
      queueMicrotask(() => {
        throw error;
      });
    });
  }

  async #seal(to: Presence, said: Bytes): Promise<SealedSignal> {
    const key = await this.#outward.of(to, () => this.#keys.signals(this.#self, to));
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const text = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, said);
    const sealed = new Uint8Array(IV_BYTES + text.byteLength);
    sealed.set(iv);
    sealed.set(new Uint8Array(text), IV_BYTES);
    return { sealed };
  }

  async #open(from: Presence, payload: unknown): Promise<{ readonly signal: unknown } | undefined> {
    const key = await this.#inward.of(from, () => this.#keys.signals(from, this.#self));
    try {
      const [counter, signal] = await opened(payload, key);
      if (this.#windows.of(from, () => new ReplayWindow()).take(counter)) return { signal };
      this.#drop(from, 'it has come before');
    } catch (cause) {
      this.#drop(from, "it was not sealed for us with the room's secret", cause);
    }
    return undefined;
  }

  #drop({ name: peer }: Presence, why: string, cause?: unknown): void {
    const reports = this.#dropped.of({ name: peer, instance: '' }, () => {
      return new FailureReports(peer, (error) => this.#listener.error(error));
    });
    const text = `a signal that claims to come from ${peer} was dropped: ${why}`;
    reports.tell(new PoolError('untrusted', text, { peer, reason: 'seal', cause }));
  }
}

/** @throws whatever is wrong with it */
async function opened(payload: unknown, key: CryptoKey): Promise<[counter: number, signal: unknown]> {
  const { sealed } = fields(payload, 'signal');
  const bytes = sealed instanceof ArrayBuffer ? new Uint8Array(sealed) : sealed;
  if (!(bytes instanceof Uint8Array) || bytes.length > MOST_BYTES) throw new TypeError('this is no sealed signal');
  const iv = bytes.slice(0, IV_BYTES);
  const said = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, bytes.slice(IV_BYTES));
  const parsed: unknown = JSON.parse(new TextDecoder().decode(said));
  if (!Array.isArray(parsed) || !Number.isSafeInteger(parsed[0])) throw new TypeError('a sealed signal has a counter');
  return [parsed[0] as number, parsed[1]];
}

/** Something for each life of a peer; the longest unused is forgotten where there are too many. */
class Recent<Value> {
  readonly #values = new Map<string, Value>();

  of({ name, instance }: Presence, make: () => Value): Value {
    const key = JSON.stringify([name, instance]);
    const value = this.#values.get(key) ?? make();
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= MOST_REMEMBERED) break;
      this.#values.delete(oldest);
    }
    return value;
  }
}
